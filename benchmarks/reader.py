"""How fast a header becomes a document, beside its peers and beside the floor, in interleaved rounds of one run.

``python -m benchmarks.reader [--files N] [--json]``. CPU time (user and system) of this process a file: open, read,
parse, serialise. The floor opens the file and reads 32 KB, which every reader must. ``fresh`` reads each file by
itself; ``reader`` uses what it has read for the next, and starts each round with nothing. pydicom's part is
``dcmread(stop_before_pixels=True)`` and ``to_json_dict()``; dicomsdl's is every value of the data set up to the pixels,
in the items of sequences too. All serialise what they found with orjson; ours also hashes the header (SHA-256), which
no other does. A file that one of them refuses is left out for all, and counted as such.
"""

import argparse
import base64
import json
import random
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dicomsdl
import orjson
import pydicom

from benchmarks import series
from benchmarks.tables import Table
from dicomlake.documents.instance import Origin, build
from dicomlake.errors import HeaderError
from dicomlake.headers import Reader, read_file

ROUNDS = 5
_ORIGIN = Origin("benchmark")

Form = Callable[[Path], object]


def floor(path: Path) -> object:
    """What no reader can avoid."""
    with path.open("rb", buffering=0) as file:
        return file.read(32_768)


def fresh(path: Path) -> object:
    """Our reader alone, to JSON."""
    return orjson.dumps(read_file(path).attributes)


def peer(path: Path) -> object:
    """pydicom's reader, to DICOM JSON."""
    return orjson.dumps(pydicom.dcmread(path, stop_before_pixels=True).to_json_dict())


def dicomsdl_values(path: Path) -> object:
    """dicomsdl's reader, every value up to the pixel data."""
    return orjson.dumps(_values(dicomsdl.open_file(str(path), 0x7FE00000)))


def _values(data_set: Any) -> dict[str, Any]:
    found = {}
    for element in data_set:
        value = element.value()
        if isinstance(value, bytes):  # of a sequence it is empty: the items have to be asked for
            if element.vr() == dicomsdl.VR.SQ:
                items = element.toSequence()
                value = [_values(items.getDataSet(place)) for place in range(len(items))]
            else:
                value = base64.b64encode(value).decode()
        found[str(element.tag())] = value
    return found


def _reader() -> Form:
    reader = Reader()
    return lambda path: orjson.dumps(reader.read_file(path).attributes)


def _document() -> Form:
    reader = Reader()
    return lambda path: orjson.dumps(build(reader.read_file(path), str(path), _ORIGIN).body)


FORMS: dict[str, Callable[[], Form]] = {
    "floor": lambda: floor,
    "fresh": lambda: fresh,
    "reader": _reader,
    "document": _document,
    "dicomsdl": lambda: dicomsdl_values,
    "pydicom": lambda: peer,
}
"""What each round starts each form with."""
PEERS = ("pydicom", "dicomsdl")


def readable(paths: Sequence[Path]) -> list[Path]:
    """The files that all readers take; what one of them refuses would only measure its refusal."""
    found = []
    document = _document()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in paths:
            try:
                document(path)
                peer(path)
                dicomsdl_values(path)
            except (
                HeaderError,
                dicomsdl.DicomException,
                RuntimeError,
                pydicom.errors.InvalidDicomError,
                ValueError,
                TypeError,
                AttributeError,
                EOFError,
            ):
                continue
            found.append(path)
    return found


def compare(paths: Sequence[Path]) -> dict[str, Any]:
    """Median microseconds of CPU a file for each form, and how many times less that is than each peer's; for each
    form, too, how many times the floor's."""
    files = readable(paths)
    spent: dict[str, list[float]] = {name: [] for name in FORMS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(ROUNDS):
            for name, begin in FORMS.items():
                read = begin()
                started = time.process_time()
                for path in files:
                    read(path)
                spent[name].append((time.process_time() - started) / len(files) * 1e6)
    medians = {name: statistics.median(times) for name, times in spent.items()}
    return {
        "files": len(files),
        "left_out": len(paths) - len(files),
        "us": {name: round(median, 1) for name, median in medians.items()},
        **{
            f"times_faster_than_{name}": {
                form: round(medians[name] / median, 1) for form, median in medians.items() if form != name
            }
            for name in PEERS
        },
        "times_floor": {name: round(median / medians["floor"], 1) for name, median in medians.items()},
    }


def mixed() -> list[Path]:
    """The files that pydicom ships, one of each kind."""
    return [path for path in sorted((Path(pydicom.__file__).parent / "data").rglob("*")) if path.is_file()]


def measure(files: int) -> dict[str, Any]:
    """The three comparisons: so many files of CT and of MR series, shuffled, and pydicom's own."""
    with tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as folder:
        found = {}
        for modality in ("CT", "MR"):
            paths = series.write(Path(folder), modality, files)
            random.Random(1).shuffle(paths)
            found[f"{modality} series"] = compare(paths)
    return found | {"pydicom's test files": compare(mixed())}


def main() -> int:
    """Measure and print, for people or with ``--json``."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--files", type=int, default=400, help="files of each modality (400)")
    options.add_argument("--json", action="store_true", help="one JSON object")
    asked = options.parse_args()
    result = measure(asked.files)
    if asked.json:
        print(json.dumps(result))
        return 0
    for name, part in result.items():
        rows = [
            [
                form,
                spent,
                *(part[f"times_faster_than_{peer}"].get(form, 1.0) for peer in PEERS),
                part["times_floor"][form],
            ]
            for form, spent in part["us"].items()
        ]
        columns = ["", "us a file", *(f"x faster than {peer}" for peer in PEERS), "x floor"]
        note = f"{part['left_out']} more files are left out: one of the readers refuses them"
        print(Table(f"{name}, {part['files']} files", columns, rows, [note]).text())
    return 0


if __name__ == "__main__":
    sys.exit(main())

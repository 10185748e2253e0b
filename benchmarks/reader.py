"""How fast a header becomes a document, beside pydicom and beside the floor, in interleaved rounds of one run.

CPU time (user and system) of this process a file: open, read, parse, serialise. The floor opens the file and reads
32 KB, which every reader must. pydicom's part is ``dcmread(stop_before_pixels=True)`` and ``to_json_dict()``.
"""

import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pydicom

from dicomlake.documents.instance import Origin, build
from dicomlake.errors import HeaderError
from dicomlake.headers import read_file

ROUNDS = 5
_ORIGIN = Origin("benchmark")


def floor(path: Path) -> object:
    """What no reader can avoid."""
    with path.open("rb", buffering=0) as file:
        return file.read(32_768)


def header(path: Path) -> object:
    """Our reader alone, to JSON."""
    return orjson.dumps(read_file(path).attributes)


def document(path: Path) -> object:
    """Our reader and the instance document, to JSON."""
    return orjson.dumps(build(read_file(path), str(path), _ORIGIN).body)


def peer(path: Path) -> object:
    """pydicom's reader, to DICOM JSON."""
    return orjson.dumps(pydicom.dcmread(path, stop_before_pixels=True).to_json_dict())


FORMS: dict[str, Callable[[Path], object]] = {
    "floor": floor,
    "header": header,
    "document": document,
    "pydicom": peer,
}


def readable(paths: Sequence[Path]) -> list[Path]:
    """The files that both readers take; what one of them refuses would only measure its refusal."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in paths:
            try:
                document(path)
                peer(path)
            except (HeaderError, pydicom.errors.InvalidDicomError, ValueError, TypeError, AttributeError, EOFError):
                continue
            found.append(path)
    return found


def compare(paths: Sequence[Path]) -> dict[str, Any]:
    """Median microseconds of CPU a file for each form, and how many times pydicom's time that is less."""
    files = readable(paths)
    spent: dict[str, list[float]] = {name: [] for name in FORMS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(ROUNDS):
            for name, read in FORMS.items():
                started = time.process_time()
                for path in files:
                    read(path)
                spent[name].append((time.process_time() - started) / len(files) * 1e6)
    medians = {name: statistics.median(times) for name, times in spent.items()}
    return {
        "files": len(files),
        "us": {name: round(median, 1) for name, median in medians.items()},
        "times_faster_than_pydicom": {
            name: round(medians["pydicom"] / median, 1) for name, median in medians.items() if name != "pydicom"
        },
    }

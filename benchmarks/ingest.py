"""Files into an index, beside Orthanc and beside the floor, in interleaved rounds over the same generated CT series.

Ours is the command as a person calls it: the start of Python, the walk, reading, every attribute indexed (private and
nested ones too), roll-ups, the catalogue, all of it on the disk at the end. Orthanc's time begins when it is up and
answers; what its clients spend is not in its CPU seconds. It gets its best of several ways: one client or many, and
with the storage left to the system's cache (``SyncStorageArea`` off), which is not its default. The floors open and
read the same files one after another and do nothing with them.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import lakes, orthanc, series
from benchmarks.processes import DICOMLAKE, EVERY, Memory, Spent, run
from benchmarks.tables import Table, target

TARGET = 4.0
"""Times as fast as the best of Orthanc's ways."""

HEADER = 32_768
"""Bytes that every reader of headers asks for first."""

OURS = "dicomlake index"

_WAYS: dict[str, tuple[int, dict[str, Any]]] = {
    "Orthanc, 1 client": (1, {}),
    "Orthanc, 4 clients": (4, {}),
    "Orthanc, 4 clients, not synced": (4, {"SyncStorageArea": False}),
}


def measure(files: int, rounds: int) -> list[Table]:
    """The comparison, where the CPU time goes, the memory, and the bytes that are kept."""
    with tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as home:
        folder = Path(home) / "files"
        folder.mkdir()
        paths = series.write(folder, "CT", files)
        spent: dict[str, list[Spent]] = {}
        for number in range(rounds):
            for name, way in _ways(folder, paths, Path(home)).items():
                spent.setdefault(name, []).append(way(number))
        return [
            compared(spent, files),
            memory(spent[OURS], files),
            lakes.stages(folder, Path(home) / "stages"),
            lakes.sizes(Path(home) / "lake-0"),
        ]


def _ways(folder: Path, paths: Sequence[Path], home: Path) -> dict[str, Callable[[int], Spent]]:
    """Everything that is compared, by name; each takes the number of the round."""
    ways: dict[str, Callable[[int], Spent]] = {
        "floor: open, read 32 KB": lambda _: _floor(paths, HEADER),
        "floor: open, read all": lambda _: _floor(paths, -1),
        OURS: lambda number: index(folder, home / f"lake-{number}"),
    }
    if orthanc.executable():
        for place, (name, (clients, more)) in enumerate(_WAYS.items()):
            ways[name] = _orthanc(paths, home / f"orthanc-{place}", clients, more)
    return ways


def index(source: Path, lake: Path, *, every: float = EVERY) -> Spent:
    """``dicomlake index`` of a folder that holds nothing but readable files. ``every``: seconds between two looks at
    its memory."""
    return run([*DICOMLAKE, "index", source, "--data", lake, "--json", "--quiet"], every=every)


def _orthanc(paths: Sequence[Path], place: Path, clients: int, more: dict[str, Any]) -> Callable[[int], Spent]:
    def way(number: int) -> Spent:
        upload = orthanc.fill(place.with_name(f"{place.name}-{number}"), paths, clients=clients, more=more)
        return Spent(upload.seconds, upload.cpu, "")

    return way


def _floor(paths: Sequence[Path], length: int) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    for path in paths:
        with path.open("rb", buffering=0) as file:
            file.read(length)
    return Spent(time.perf_counter() - wall, time.process_time() - cpu, "")


def compared(spent: dict[str, list[Spent]], files: int) -> Table:
    """Medians beside each other; the best of Orthanc's ways decides."""
    wall = {name: statistics.median(one.seconds for one in rounds) for name, rounds in spent.items()}
    cpu = {name: statistics.median(one.cpu for one in rounds) for name, rounds in spent.items()}
    rows = [
        (name, wall[name], files / wall[name], cpu[name], cpu[name] / files * 1e6, wall[name] / wall[OURS])
        for name in spent
    ]
    peers = [name for name in spent if name in _WAYS]
    if peers:
        best = min(peers, key=wall.__getitem__)
        least = min(cpu[name] for name in peers) / cpu[OURS]
        notes = [
            target(f"times as fast as {best}, wall time", wall[best] / wall[OURS], TARGET),
            f"CPU seconds of the most frugal of Orthanc's ways: {least:.1f} times ours",
        ]
        title = f"Orthanc {orthanc.version()}"
    else:
        notes = ["Orthanc is not installed here: tools/debian-packages bench"]
        title = "no peer"
    return Table(
        f"Ingest: {files:,} CT files, every attribute, medians of {len(spent[OURS])} rounds; {title}",
        ("way", "wall s", "files/s", "CPU s", "CPU us/file", "wall x ours"),
        rows,
        notes,
    )


def memory(spent: Sequence[Spent], files: int) -> Table:
    """The peaks of the processes of ``dicomlake index``."""
    main, worker = Memory(), Memory()
    for one in spent:
        main, worker = main.highest(one.main), worker.highest(one.worker)
    started = json.loads(spent[0].output.splitlines()[-1])["seconds"]
    rows = [(name, peak.own / 1e6, peak.files / 1e6) for name, peak in (("main", main), ("largest worker", worker))]
    return Table(
        f"Memory while indexing {files:,} files, peak MB",
        ("process", "own", "of files"),
        rows,
        [f"of the first round's {spent[0].seconds:.2f} s, {started:.2f} s were the run; the rest is Python's start"],
    )

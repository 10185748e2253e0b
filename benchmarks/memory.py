"""Few files against many: does memory stay flat, and how fast are files skipped that are in the lake as they are?"""

import json
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import many
from benchmarks.ingest import index
from benchmarks.processes import Spent
from benchmarks.tables import Table, target

GROWTH = 1.2
"""Memory with many files, at most so many times that with few."""

_EVERY = 0.01
"""Seconds between two looks: a run of 2,000 files is at its peak for 20 ms."""

SKIPPED = 50_000.0
"""Unchanged files a second."""


def measure(few: int, lots: int, most: int, rounds: int) -> list[Table]:
    """``dicomlake index`` over so many small files each, and over the most again, unchanged."""
    with tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as home:
        spent = _indexed(Path(home), (few, lots, most))
        again = [index(Path(home) / f"files-{most}", Path(home) / f"lake-{most}") for _ in range(rounds)]
        return [_memory(spent), _skipping(again, most)]


def growth(few: int, most: int) -> list[Table]:
    """``dicomlake index`` over few small files and over very many."""
    with tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as home:
        return [_memory(_indexed(Path(home), (few, most)))]


def _indexed(home: Path, numbers: Sequence[int]) -> dict[int, Spent]:
    spent = {}
    for number in numbers:
        folder = home / f"files-{number}"
        many.write(folder, many.plan(number))
        spent[number] = index(folder, home / f"lake-{number}", every=_EVERY)
    return spent


def _memory(spent: dict[int, Spent]) -> Table:
    few, most = spent[min(spent)], spent[max(spent)]
    rows = [
        (
            files,
            one.main.own / 1e6,
            one.main.resident / 1e6,
            one.worker.own / 1e6,
            one.seconds,
            one.cpu / files * 1e6,
        )
        for files, one in spent.items()
    ]
    return Table(
        "Memory over the number of files, peak MB",
        ("files", "main, own", "main, resident", "worker, own", "wall s", "CPU us/file"),
        rows,
        [
            target("main process, own, most files to fewest", most.main.own / few.main.own, GROWTH, most=True),
            target("the same, resident", most.main.resident / few.main.resident, GROWTH, most=True),
        ],
    )


def _skipping(again: Sequence[Spent], files: int) -> Table:
    run = statistics.median(json.loads(one.output.splitlines()[-1])["seconds"] for one in again)
    command = statistics.median(one.seconds for one in again)
    cpu = statistics.median(one.cpu for one in again)
    return Table(
        f"Unchanged files skipped: {files:,} files, medians of {len(again)} rounds",
        ("what", "seconds", "files/s"),
        [
            ("the run", run, files / run),
            ("the command, with Python's start", command, files / command),
            ("CPU of the command", cpu, files / cpu),
        ],
        [target("unchanged files a second of the run", files / run, SKIPPED)],
    )

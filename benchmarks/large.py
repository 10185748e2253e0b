"""A large archive through the whole indexer: does the rate at the end hold up against that at the start?

``python -m benchmarks.large [--instances N] [--memory N] [--documents N] [--opensearch N] [--json]``; 0 leaves a part
out. The files (see :mod:`benchmarks.many`) are real ones in a rolling folder: another process writes them shortly
before they are read and removes them afterwards, in memory where the system has a folder for that. Everything else is
as in ``dicomlake index``: the walk, the readers' processes, roll-ups, the engine with its merges, the catalogue, a lake
on the disk. The CPU time is that of the indexer alone.
Then many files in one folder: does memory stay that of few (:mod:`benchmarks.memory`)? And many more documents, without
files (:mod:`benchmarks.documents`): how long do facets take? The same on OpenSearch (:mod:`benchmarks.served`).
"""

import argparse
import json
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks import documents, lakes, many, served
from benchmarks import memory as memories
from benchmarks.processes import Memory, children, cpu_seconds, end_cleanly, folder_size, memory
from benchmarks.tables import Table, target
from dicomlake import settings
from dicomlake.documents.instance import Origin
from indexer.flow import run
from indexer.items import Found, Outcome
from indexer.sources.folder import Folder
from indexer.summary import Summary

STEADY = 0.8
"""Rate of the last fifth of the files, at least so many times that of the first."""

_FEW = 2_000
"""Files whose memory that of many is held against."""

_SERIES = 100
"""Series of one part of the rolling folder: some 6,600 files."""

_AHEAD = 2
"""Parts written before they are asked for."""

_BEHIND = 3
"""Parts that stay when the walk is through with them: the indexer still reads what it has listed."""


class Rolling:
    """A source of so many instances whose files exist only around the time they are read."""

    def __init__(self, folder: Path, instances: int, *, series: int = _SERIES) -> None:
        self.origin = Origin(str(folder))
        self.roots = (str(folder),)
        self.again = False
        self._folder = folder
        self._instances = instances
        self._series = series
        self._writer = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        self.writer = self._writer.submit(os.getpid).result()
        """The process id of what writes the files."""

    def files(self) -> Iterator[Found | Outcome]:
        plan = many.plan(self._instances)
        parts: deque[tuple[Path, Future[int]]] = deque()
        number = 0
        while True:
            while len(parts) <= _AHEAD and (series := list(islice(plan, self._series))):
                passed = self._part(number - _AHEAD - 1 - _BEHIND)
                parts.append((self._part(number), self._writer.submit(_write, self._part(number), series, passed)))
                number += 1
            if not parts:
                return
            part, written = parts.popleft()
            written.result()
            yield from Folder(str(part), self.origin).files()

    def count(self) -> int:
        return self._instances

    def _part(self, number: int) -> Path:
        return self._folder / f"part-{number:05}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.shutdown(cancel_futures=True)


def _write(folder: Path, series: Sequence[many.Planned], passed: Path) -> int:
    shutil.rmtree(passed, ignore_errors=True)
    return many.write(folder, series)


@dataclass(frozen=True, slots=True)
class Step:
    """Where the run was when it had so many files behind it; wall and CPU seconds and bytes since its start."""

    files: int
    seconds: float
    cpu: float
    main: Memory
    worker: Memory
    lake: int


@dataclass
class Steps:
    """Looks at a run every so many files."""

    lake: Path
    every: int
    writer: int
    loud: bool = False
    taken: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._started = time.perf_counter()
        self._cpu = time.process_time()
        self.taken.append(self._look(0))

    def watch(self, summary: Summary) -> None:
        """Told by the run how far it is."""
        if summary.files >= self.every * len(self.taken):
            self.taken.append(self._look(summary.files))
            if self.loud:
                before, now = self.taken[-2:]
                rate = (now.files - before.files) / (now.seconds - before.seconds)
                print(f"{now.files:>12,} instances {rate:>8,.0f}/s", file=sys.stderr, flush=True)

    def _look(self, files: int) -> Step:
        workers = [pid for pid in children(os.getpid()) if pid != self.writer]
        largest = Memory()
        for pid in workers:
            largest = largest.highest(memory(pid))
        cpu = time.process_time() - self._cpu + sum(map(cpu_seconds, workers))
        seconds = time.perf_counter() - self._started
        return Step(files, seconds, cpu, memory(os.getpid()), largest, folder_size(self.lake))


def measure(instances: int, *, loud: bool = False) -> list[Table]:
    """Index so many instances; the steps of the run, and what the lake takes."""
    in_memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as home,
        tempfile.TemporaryDirectory(prefix="dicomlake-bench-", dir=in_memory if in_memory.is_dir() else None) as files,
        Rolling(Path(files), instances) as source,
    ):
        lake = Path(home) / "lake"
        steps = Steps(lake, max(1, min(50_000, instances // 10)), source.writer, loud)
        summary = run(lake, [source], workers=settings.load().workers, watch=steps.watch)
        lakes.settle()
        if summary.indexed != instances:
            raise SystemExit(f"{summary.indexed} instances of {instances} were indexed: {summary.as_dict()}")
        return [progress(steps.taken, summary), lakes.shares(summary), lakes.sizes(lake)]


def progress(steps: Sequence[Step], summary: Summary) -> Table:
    """Each step beside the one before, and the rate at the end beside that at the start."""
    rows = [
        (
            now.files,
            now.seconds - before.seconds,
            (now.files - before.files) / (now.seconds - before.seconds),
            (now.cpu - before.cpu) / (now.files - before.files) * 1e6,
            now.main.own / 1e6,
            now.main.files / 1e6,
            now.worker.own / 1e6,
            now.lake / now.files,
        )
        for before, now in pairwise(steps)
    ]
    fifth = max(1, len(rows) // 5)
    rates, costs = [row[2] for row in rows], [row[3] for row in rows]
    start, end = statistics.harmonic_mean(rates[:fifth]), statistics.harmonic_mean(rates[-fifth:])
    first, last = statistics.mean(costs[:fifth]), statistics.mean(costs[-fifth:])
    return Table(
        f"{summary.instances:,} instances in {summary.series:,} series, {summary.seconds:,.0f} s",
        ("instances", "wall s", "files/s", "CPU us/file", "main, own MB", "of files MB", "worker MB", "bytes/instance"),
        rows,
        [
            target(f"rate of the last fifth ({end:,.0f}/s) to the first ({start:,.0f}/s)", end / start, STEADY),
            f"by CPU time: {first / last:.2f} ({first:.0f} us a file, then {last:.0f})",
        ],
    )


def main() -> int:
    """Measure and print, for people or with ``--json``."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--instances", type=int, default=1_000_000, help="instances to index (1,000,000)")
    options.add_argument(
        "--memory", type=int, default=200_000, help="files whose indexing takes no more memory (200,000)"
    )
    options.add_argument("--documents", type=int, default=10_000_000, help="documents to search (10,000,000)")
    options.add_argument(
        "--opensearch", type=int, default=10_000_000, help="documents to search on OpenSearch (10,000,000)"
    )
    options.add_argument("--json", action="store_true", help="one JSON object")
    asked = options.parse_args()
    end_cleanly()
    tables = measure(asked.instances, loud=True) if asked.instances else []
    tables += memories.growth(_FEW, asked.memory) if asked.memory else []
    tables += documents.measure(asked.documents) if asked.documents else []
    tables += served.measure(asked.opensearch, loud=True) if asked.opensearch else []
    if asked.json:
        print(json.dumps({"tables": [table.as_dict() for table in tables]}))
    else:
        print("\n\n".join(table.text() for table in tables))
    return 0


if __name__ == "__main__":
    sys.exit(main())

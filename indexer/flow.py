"""One run: every source's files, the unchanged ones skipped, the others read by workers and written by one loader."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

from dicomlake.catalog import Seen
from dicomlake.documents.instance import Origin
from dicomlake.engines.base import Plan
from dicomlake.errors import StoppedError
from dicomlake.lake import Lake
from dicomlake.storage import members_of
from indexer.crew import Crew
from indexer.gone import Gone
from indexer.items import ARCHIVE, PASSING, UNREADABLE, Found, Outcome, Reading
from indexer.load import Loader
from indexer.memory import cycles_seldom, keep_little, old_left_out
from indexer.pool import Pool, attend
from indexer.read import ReadAll, Task, get_ready, lost
from indexer.sources import Source
from indexer.sources.archive import Members
from indexer.summary import Summary

BATCH = 64
"""Files a worker gets at once."""

AHEAD = 4
"""Batches of each worker that may be inside at once."""

AHEAD_OF_MERGES = 1_000
"""Files that may be inside until the engine merges: half of the next commit, so that workers read while the writer
writes. A longer run needs the memory that they take for its merges."""

_LOOKED_UP = 1_000
"""Locations that are looked up in the catalogue at once."""

_PATIENCE = 0.1
"""Seconds to wait for results before looking whether a commit is due."""

Watch = Callable[[Summary], None]
"""Told, many times a second, what was done so far; the summary is the same object every time."""


def run(
    lake: Path,
    sources: Sequence[Source],
    *,
    workers: int = 0,
    watch: Watch = lambda summary: None,
    stop: threading.Event | None = None,
    prune: bool = False,
    force: bool = False,
) -> Summary:
    """Bring the lake up to date with the sources and say what was done.

    ``workers``: processes that read, 0 for none besides this one. ``stop``: when set, what is being read is finished
    and committed, then StoppedError is raised. ``prune``: take out what is gone from the sources; more than a fifth of
    one only with ``force``, else PruneError. Raises LakeError, LakeBusyError and WorkerError; whatever was committed
    until then stays, and the next run goes on from there.
    """
    started = time.monotonic()
    keep_little()
    with Crew.of(workers, _attend) as crew, old_left_out(), cycles_seldom(), Lake.open_for_writing(lake) as opened:
        number = opened.catalog.begin_run([root for source in sources for root in source.roots])
        summary = Summary()
        loader = Loader(opened, number, summary)
        stop = stop or threading.Event()
        gone = Gone(loader, sources, prune=prune, force=force)
        read = ReadAll(opened.engine.encoder)
        limit = BATCH * AHEAD * max(1, workers)
        with Pool(read, lost, size=workers, limit=max(limit, AHEAD_OF_MERGES), crew=crew) as pool:
            _Flow(loader, pool, limit, watch, stop).through(sources)
        loader.commit()
        refused = None if stop.is_set() else gone.settle()
        summary.stages = loader.stages.totals(pool.spent)
        _add_totals(opened, summary)
        summary.seconds = round(time.monotonic() - started, 3)
        watch(summary)
        if stop.is_set():
            raise StoppedError(
                f"stopped after {summary.files} files; they are in the lake, run the same command again to go on",
                summary=summary.as_dict(),
            )
        opened.catalog.end_run(number, {**summary.as_dict(), "gone": summary.gone})
        if refused is not None:
            raise refused
        return summary


@dataclass
class _Flow:
    """The way of files through a run."""

    loader: Loader
    pool: Pool[Task, Reading]
    limit: int
    watch: Watch
    stop: threading.Event
    _before: dict[str, Seen] = field(default_factory=dict)
    _archives: list[tuple[Outcome, Origin]] = field(default_factory=list)

    def through(self, sources: Sequence[Source]) -> None:
        """Everything that is new or changed in the sources gets read and handed to the loader.

        Archives are opened when everything beside them was read. One counts as done only when its members are: killed
        before, the next run opens it again.
        """
        done: list[tuple[Outcome, Origin]] = []
        again = any(source.again for source in sources)
        while sources:
            self._read(sources)
            opened, self._archives = self._archives, []
            done += opened
            sources = [Members(outcome.found, origin, again) for outcome, origin in opened]
        if done and not self.stop.is_set():
            self.loader.commit()
            for outcome, origin in done:
                self._close(outcome, origin)

    def _read(self, sources: Iterable[Source]) -> None:
        for source in sources:
            for batch in self._to_read(source):
                while self.pool.full:
                    self._take(_PATIENCE)
                self.pool.give([(found, source.origin) for found in batch])
                self._take()
        while self.pool.busy:
            self._take(_PATIENCE)

    def _to_read(self, source: Source) -> Iterator[list[Found]]:
        """Batches of files to read; what needs no reading is counted on the way. Ends early when stopped."""
        catalog = self.loader.lake.catalog
        files = source.files()
        batch: list[Found] = []
        while not self.stop.is_set() and (part := list(islice(files, _LOOKED_UP))):
            with self.loader.stages.of("catalogue"):
                known = catalog.known([_found(one).location for one in part])
                catalog.note_present(list(known))
            for one in part:
                before = known.get(_found(one).location)
                again = source.again and before is not None and before.status == "quarantined"
                if before is not None and not again and self._is_unchanged(_found(one), before):
                    self._pass_over(before, source)
                elif isinstance(one, Outcome):
                    self.loader.add(one, source.origin.source, before)
                    if one.reason == UNREADABLE:
                        catalog.note_within(one.found.location)
                        catalog.note_within(members_of(one.found.location))
                else:
                    if before is not None:
                        self._before[one.location] = before
                    batch.append(one)
                    if len(batch) == BATCH:
                        yield batch
                        batch = []
            self._take()
        if batch and not self.stop.is_set():
            yield batch

    def _take(self, timeout: float = 0) -> None:
        if self.stop.is_set():
            self.pool.drop()
        if self.loader.has_merged:
            self.pool.limit = self.limit
        with self.loader.stages.of("transport"):
            taken = self.pool.take(timeout)
        if taken is not None:
            tasks, reading = taken
            self.loader.stages.add(reading.seconds, reading.process)
            for (found, origin), outcome in zip(tasks, reading.outcomes, strict=True):
                self._add(outcome, origin, self._before.pop(found.location, None))
                if self.loader.due:
                    self.loader.commit()
        if self.loader.due:
            self.loader.commit()
        self.watch(self.loader.summary)

    def _add(self, outcome: Outcome, origin: Origin, before: Seen | None) -> None:
        if outcome.reason == ARCHIVE:
            self._archives.append((outcome, origin))
            if before is not None and before.uid:  # it was DICOM itself
                self.loader.leave(before.location, {before.uid})
            return
        if before is not None and before.reason == ARCHIVE:  # its members are gone
            self._leave_members(before.location)
        self.loader.add(outcome, origin.source, before)

    def _pass_over(self, before: Seen, source: Source) -> None:
        """Count what has not changed; of an archive its members, unless something in it is to be tried again."""
        if before.reason != ARCHIVE:
            self.loader.pass_over(before)
            return
        within = members_of(before.location)
        tallies = self.loader.lake.catalog.tallies(within)
        if source.again or any(reason in PASSING for _, reason, _ in tallies) or self.loader.has_open(within):
            found = Found(before.location, before.size, before.mtime_ns)
            self._archives.append((Outcome(found, "ignored", reason=ARCHIVE, detail=before.detail), source.origin))
            return
        for status, reason, count in tallies:
            if reason != ARCHIVE:
                self.loader.count(status, count)
        self.loader.lake.catalog.note_within(within)

    def _close(self, outcome: Outcome, origin: Origin) -> None:
        """All members of an archive were read: what it no longer has leaves, and it is done."""
        self._leave_members(outcome.found.location)
        self.loader.finish(outcome, origin.source)

    def _leave_members(self, archive: str) -> None:
        for one in self.loader.lake.catalog.absent(members_of(archive), self.loader.run):
            self.loader.leave(one.location, {one.uid} - {""})
            if self.loader.due:
                self.loader.commit()

    def _is_unchanged(self, found: Found, before: Seen) -> bool:
        return (
            (before.size, before.mtime_ns) == (found.size, found.mtime_ns)
            and before.reason not in PASSING
            and not self.loader.is_open(found.location)
        )


def _attend(pipe: Connection) -> None:
    """A process of the crew: it gets ready while the lake is opened."""
    get_ready()
    attend(pipe)


def _found(one: Found | Outcome) -> Found:
    return one if isinstance(one, Found) else one.found


def _add_totals(lake: Lake, summary: Summary) -> None:
    totals = lake.engine.search(Plan(limit=0)).totals
    assert totals is not None
    summary.instances, summary.series = totals.instances, totals.series
    summary.studies, summary.patients = totals.studies, totals.patients

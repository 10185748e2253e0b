"""Progress on standard error: a bar on a terminal, JSON lines elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from cli.output import number
from indexer.sources import Source
from indexer.summary import Summary

if TYPE_CHECKING:
    from indexer.copying import Migration
    from indexer.idc import Imported

_LINE_EVERY = 1.0
"""Seconds between JSON lines."""


@contextmanager
def watching(sources: Sequence[Source], *, quiet: bool) -> Iterator[Callable[[Summary], None]]:
    """What a run tells its progress to."""
    if quiet:
        yield lambda summary: None
        return
    total = _Total(sources)
    with _shown("Indexing", "files") as show:
        yield lambda summary: show(summary.files, total.files, summary.quarantined)


@contextmanager
def watching_rows(*, quiet: bool) -> Iterator[Callable[["Imported"], None]]:
    """What an import tells its progress to."""
    if quiet:
        yield lambda imported: None
        return
    with _shown("Importing", "series") as show:
        yield lambda imported: show(imported.rows, imported.total)


@contextmanager
def copying(*, quiet: bool) -> Iterator[Callable[["Migration"], None]]:
    """What a migration tells its progress to."""
    if quiet:
        yield lambda done: None
        return
    with _shown("Migrating", "series") as show:
        yield lambda done: show(done.series, done.of_series, before=done.resumed_series)


class _Total:
    """The number of files, counted by a thread while the run is on: known some time after somebody has asked. Not
    before, since a run begins by copying its process, which must have no other thread then."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._files: int | None = None
        self._sources = sources
        self._thread: threading.Thread | None = None

    @property
    def files(self) -> int | None:
        """The number, once it is known."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._count, name="counting", daemon=True)
            self._thread.start()
        return self._files

    def _count(self) -> None:
        self._files = sum(source.count() for source in self._sources)


class _Show(Protocol):
    """Shows how many are done of how many, and how many are in quarantine; ``before`` took none of this run's time."""

    def __call__(self, done: int, total: int | None, quarantined: int | None = None, before: int = 0) -> None:
        """Show it now, or leave it out where it comes too soon."""


@contextmanager
def _shown(doing: str, what: str) -> Iterator[_Show]:
    if sys.stderr.isatty():
        with _bar(doing, what) as show:
            yield show
    else:
        yield _Lines(what)


class _Lines:
    def __init__(self, what: str) -> None:
        self._what = what
        self._started = self._said = time.monotonic()

    def __call__(self, done: int, total: int | None, quarantined: int | None = None, before: int = 0) -> None:
        now = time.monotonic()
        if now - self._said < _LINE_EVERY:
            return
        self._said = now
        seconds = now - self._started
        rate = (done - before) / seconds
        line: dict[str, Any] = {
            "event": "progress",
            self._what: done,
            "total": total,
            f"{self._what}_per_second": round(rate, 1),
            "eta_seconds": round(max(0, total - done) / rate, 1) if total is not None and rate else None,
        }
        if quarantined is not None:
            line["quarantined"] = quarantined
        line["seconds"] = round(seconds, 1)
        sys.stderr.write(orjson.dumps(line).decode() + "\n")
        sys.stderr.flush()


@contextmanager
def _bar(doing: str, what: str) -> Iterator[_Show]:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    started = time.monotonic()
    columns = (
        TextColumn(doing),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[trouble]}"),
    )
    progress = Progress(*columns, console=Console(stderr=True), transient=True)
    task = progress.add_task("", total=None, count="", rate="", trouble="")

    def show(done: int, total: int | None, quarantined: int | None = None, before: int = 0) -> None:
        progress.start()  # a thread, as that of the total; once more does nothing
        progress.update(
            task,
            completed=done,
            total=max(total, done) if total is not None else None,
            count=number(done) + (f"/{number(total)}" if total is not None else "") + f" {what}",
            rate=f"{(done - before) / max(time.monotonic() - started, 0.001):,.0f}/s",
            trouble=f"{number(quarantined)} quarantined" if quarantined else "",
        )

    try:
        yield show
    finally:
        progress.stop()

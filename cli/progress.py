"""Progress on standard error: a bar on a terminal, JSON lines elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson

from cli.output import number
from indexer.sources import Source
from indexer.summary import Summary

_LINE_EVERY = 1.0
"""Seconds between JSON lines."""


@contextmanager
def watching(sources: Sequence[Source], *, quiet: bool) -> Iterator[Callable[[Summary], None]]:
    """What a run tells its progress to."""
    if quiet:
        yield lambda summary: None
    elif sys.stderr.isatty():
        with _bar(_Total(sources)) as watch:
            yield watch
    else:
        yield _Lines(_Total(sources))


class _Total:
    """The number of files, counted by a thread while the run is on: known some time after the start."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.files: int | None = None
        self._sources = sources
        threading.Thread(target=self._count, name="counting", daemon=True).start()

    def _count(self) -> None:
        self.files = sum(source.count() for source in self._sources)


class _Lines:
    def __init__(self, total: _Total) -> None:
        self._total = total
        self._started = self._said = time.monotonic()

    def __call__(self, summary: Summary) -> None:
        now = time.monotonic()
        if now - self._said < _LINE_EVERY:
            return
        self._said = now
        seconds = now - self._started
        rate = summary.files / seconds
        total = self._total.files
        line: dict[str, Any] = {
            "event": "progress",
            "files": summary.files,
            "total": total,
            "files_per_second": round(rate, 1),
            "eta_seconds": round(max(0, total - summary.files) / rate, 1) if total is not None and rate else None,
            "quarantined": summary.quarantined,
            "seconds": round(seconds, 1),
        }
        sys.stderr.write(orjson.dumps(line).decode() + "\n")
        sys.stderr.flush()


@contextmanager
def _bar(total: _Total) -> Iterator[Callable[[Summary], None]]:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    started = time.monotonic()
    columns = (
        TextColumn("Indexing"),
        BarColumn(),
        TextColumn("{task.fields[files]}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[trouble]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None, files="", rate="", trouble="")

        def watch(summary: Summary) -> None:
            files = summary.files
            progress.update(
                task,
                completed=files,
                total=max(total.files, files) if total.files is not None else None,
                files=number(files) + (f"/{number(total.files)}" if total.files is not None else "") + " files",
                rate=f"{files / max(time.monotonic() - started, 0.001):,.0f}/s",
                trouble=f"{number(summary.quarantined)} quarantined" if summary.quarantined else "",
            )

        yield watch

"""Where the CPU time of a run goes, by stage, over all its processes and threads.

========= ====================================================================================
stage     what it is
========= ====================================================================================
read      bytes to headers, in the workers
build     headers to documents, in the workers
transport results from the workers to the writer
roll-up   what is kept of the series joined with what arrives, and the series' own documents
engine    writing the index, with the engine's own threads
catalogue what was seen: looked up, announced, recorded
rest      finding files, giving memory back and everything else
========= ====================================================================================
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")

STAGES = ("read", "build", "transport", "roll-up", "engine", "catalogue", "rest")


class Stages:
    """CPU seconds by stage: those of the thread that made this, which is the writer's, and what is added."""

    def __init__(self) -> None:
        self._seconds = dict.fromkeys(STAGES, 0.0)
        self._elsewhere = 0.0
        self._started = time.process_time(), time.thread_time()

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Time what is done inside."""
        before = time.thread_time()
        try:
            yield
        finally:
            self._seconds[stage] += time.thread_time() - before

    def each(self, stage: str, items: Iterable[Item]) -> Iterator[Item]:
        """The items; what it takes to make them is timed."""
        makes = iter(items)
        while True:
            with self.of(stage):
                item = next(makes, None)
            if item is None:
                return
            yield item

    def add(self, seconds: Mapping[str, float], process: int) -> None:
        """Add what another process measured, or this thread while nothing else did."""
        for stage, spent in seconds.items():
            self._seconds[stage] += spent
            self._elsewhere += spent if process != os.getpid() else 0.0

    def totals(self, pool: float) -> dict[str, float]:
        """Seconds by stage. ``pool``: spent by the thread of this process that talks with the workers.

        What this process spent besides that and the writer's thread is the engine's: it alone has threads that work.
        """
        whole, own = time.process_time() - self._started[0], time.thread_time() - self._started[1]
        rest = own - (sum(self._seconds.values()) - self._elsewhere)
        beside = {"transport": pool, "engine": max(0.0, whole - own - pool), "rest": max(0.0, rest)}
        return {stage: round(seconds + beside.get(stage, 0.0), 3) for stage, seconds in self._seconds.items()}

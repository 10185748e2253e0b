"""What a job says of how far it is: not too often, with its rate and the time that is left."""

import threading
import time
from collections.abc import Callable
from typing import Final

from dicomlake.state import Progress

EVERY: Final = 0.5
"""Seconds between two reports."""

Report = Callable[[Progress], None]


class Telling:
    """Reports how far one phase of a job is; safe to call very often."""

    def __init__(self, report: Report, phase: str, message: str, unit: str) -> None:
        self._report = report
        self._phase, self._message, self._unit = phase, message, unit
        self._started = time.monotonic()
        self._said = float("-inf")
        self(0, None)

    def __call__(self, done: int, total: int | None, *, last: bool = False) -> None:
        """This much is done; told when it is time, and the ``last`` in any case."""
        now = time.monotonic()
        if now - self._said < EVERY and not last:
            return
        self._said = now
        seconds = now - self._started
        rate = done / seconds if done and seconds > EVERY else None
        eta = max(0, total - done) / rate if rate and total is not None else None
        self._report(
            Progress(
                phase=self._phase,
                message=self._message,
                done=done,
                total=None if total is None else max(total, done),
                unit=self._unit,
                rate=None if rate is None else round(rate, 1),
                eta=None if eta is None else round(eta, 1),
            )
        )


class Counted:
    """A number that a thread counts while the work is on; None until then."""

    def __init__(self, count: Callable[[], int]) -> None:
        self.value: int | None = None
        self._count = count
        threading.Thread(target=self._run, name="counting", daemon=True).start()

    def _run(self) -> None:
        self.value = self._count()

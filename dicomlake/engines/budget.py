"""What one search may cost: whoever serves others sets limits, and the parts of a search keep to them.

An engine cannot be interrupted in the middle of a part, so what a part may cost at most is bounded beforehand, and the
time is looked at between the parts. Without limits (a person on the command line) nothing is refused. The limits hold
for what a thread does within :func:`limited`; work for a search in another thread has to run in a copy of its context.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from dicomlake.errors import AnswerSizeError, CostError, TimeLimitError
from dicomlake.messages import Message


@dataclass(frozen=True, slots=True)
class Limits:
    """``seconds`` of a search, from one part of it to the next; ``values`` that its wildcards look through; ``size``
    of what its answer is made of, in bytes."""

    seconds: float = 30.0
    values: int = 3_000_000
    size: int = 64_000_000


class _Budget:
    """What is left of the limits of one search."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.until = time.monotonic() + limits.seconds
        self.size = limits.size


_current: ContextVar[_Budget | None] = ContextVar("budget", default=None)


@contextmanager
def limited(limits: Limits | None) -> Iterator[None]:
    """Within, searches keep to the limits; inside another such block the outer limits hold."""
    if limits is None or _current.get() is not None:
        yield
        return
    token = _current.set(_Budget(limits))
    try:
        yield
    finally:
        _current.reset(token)


def check() -> None:
    """Called before every part of a search. Raises TimeLimitError when its time is over."""
    budget = _current.get()
    if budget is not None and time.monotonic() > budget.until:
        seconds = budget.limits.seconds
        raise TimeLimitError(
            Message(
                "the search took more than {seconds:g} seconds and was given up; narrow it, or ask for fewer facets",
                seconds=seconds,
            ),
            seconds=seconds,
        )


def take(size: int) -> None:
    """Called for what goes into an answer. Raises AnswerSizeError when that is too much."""
    budget = _current.get()
    if budget is not None:
        budget.size -= size
        if budget.size < 0:
            most = budget.limits.size
            raise AnswerSizeError(
                Message(
                    "the answer would have more than {most:,} bytes; ask for fewer hits or values at a time", most=most
                ),
                bytes=most,
            )


def allowed_values() -> int | None:
    """How many values the wildcards of a search may look through; None: any number."""
    budget = _current.get()
    return None if budget is None else budget.limits.values


def refuse_walk(values: int, allowed: int) -> None:
    """Raise CostError when that many values are more than may be looked through."""
    if values > allowed:
        raise CostError(
            Message(
                "the wildcards of this search would look through some {values:,} values, {allowed:,} are allowed; "
                "use fewer of them, or name fields with fewer values",
                values=values,
                allowed=allowed,
            )
        )

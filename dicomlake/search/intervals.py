"""Edges of histograms: fixed steps over numbers and time, steps of the calendar, and a choice that people can read."""

import math
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from dicomlake.errors import BadValueError
from dicomlake.messages import Message
from mappings.moments import DAY, HOUR, MINUTE, SECOND, day_micros

MAX_BINS: Final = 1_000
"""Bins of a histogram; an interval that would need more is refused."""

UNITS: Final = {"s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}
"""Units of a fixed interval of time, ``15min``."""

_FAR = 1e300
"""Beyond it the sum of a number and a step is no number."""

_FINEST = 2.0**-40
"""Part of a number that a step must at least be: a double has 53 binary digits."""

_FIXED = re.compile(r"([1-9]\d{0,8})(s|min|h|d)", re.ASCII)
_EPOCH = date(1970, 1, 1)
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12, "decade": 120}
_STEPS: Final = ((1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8), (1, 2, 5), (1,))
"""Steps within a power of ten of a log scale, from the finest on."""

_FIRST: Final = 1e-3
"""Where a log scale begins at the latest: what is smaller shares a bin with 0."""
_CLOCK: Final = ("1s", "5s", "15s", "1min", "5min", "15min", "1h", "6h")
_CALENDAR: Final = ("day", "week", "month", "quarter", "year", "decade")
"""Weeks begin on Monday (ISO 8601)."""


def number_edges(low: float, high: float, interval: str | None, bins: int, *, whole: bool) -> tuple[str, list[float]]:
    """Interval and ascending edges around all numbers from ``low`` to ``high``; ``interval`` None chooses a step of
    1, 2 or 5 times a power of ten that gives at most ``bins``. ``whole``: at least 1. Raises BadValueError."""
    if max(-low, high) > _FAR:
        raise BadValueError("the numbers lie too far apart to be drawn; narrow the search by a range of the field")
    finest = max(-low, high) * _FINEST
    if interval is None:
        bins = max(bins, 2)  # numbers on both sides of zero never fit into one
        step = _readable(max((high - low) / bins, finest) if high > low else max(1.0, finest), whole=whole)
        while _places(low, high, step) > bins:
            step = _readable(step * 1.01, whole=whole)
    else:
        step = _step(interval)
        if step < finest:
            raise BadValueError(
                Message(
                    "an interval of {interval} is lost beside numbers as large as these; take a longer one",
                    interval=interval[:40],
                )
            )
    if (places := _places(low, high, step)) > MAX_BINS:
        raise _too_many(interval or f"{step:g}", places)
    first = math.floor(low / step)
    edges = [_clean((first + i) * step, step) for i in range(int(places) + 1)]
    if edges[0] > low:  # rounding may move an edge past the number that stands on it
        edges.insert(0, _clean((first - 1) * step, step))
    if edges[-1] <= high:
        edges.append(_clean((first + len(edges)) * step, step))
    return f"{step:g}", edges


def log_edges(low: float, high: float, *, whole: bool, most: int = MAX_BINS) -> list[float]:
    """Ascending edges around all numbers from ``low`` (at least 0) to ``high``, each bin wider than the one before: at
    readable steps of the powers of ten, the finest that give at most ``most`` bins."""
    floor = 1.0 if whole else _FIRST
    start, end = max(low, floor), max(high, floor)
    powers = [10.0**power for power in range(math.floor(math.log10(start)) - 1, math.floor(math.log10(end)) + 2)]
    edges: list[float] = []
    for steps in _STEPS:
        every = [_clean(step * power, power) for power in powers for step in steps]
        every = [edge for edge in every if edge >= floor and (not whole or edge.is_integer())]
        first = max((place for place, edge in enumerate(every) if edge <= start), default=0)
        edges = [edge for place, edge in enumerate(every) if place >= first]
        edges = edges[: next(place for place, edge in enumerate(edges) if edge > end) + 1]
        if len(edges) <= most:
            break
    return [0.0, *edges] if low < edges[0] else edges


def moment_edges(letter: str, low: int, high: int, interval: str | None, bins: int) -> tuple[str, list[int]]:
    """Interval and ascending edges, in microseconds, around all moments from ``low`` to ``high``.

    ``letter``: ``d`` dates, ``m`` dates with time, ``t`` times of day. ``interval`` None chooses the shortest
    that gives at most ``bins``. Raises BadValueError.
    """
    choices = {"d": _CALENDAR, "t": _CLOCK, "m": (*_CLOCK, *_CALENDAR)}[letter]
    if interval is not None:
        _check(letter, interval)
        choices = (interval,)
    for name in choices:
        step, most = _stepper(name), bins if interval is None and name != choices[-1] else MAX_BINS
        edges = [step(low, 0)]
        while edges[-1] <= high and len(edges) <= most:
            edges.append(step(edges[-1], 1))
        if edges[-1] > high:
            return name, edges
    raise _too_many(choices[-1], None)


def _check(letter: str, interval: str) -> None:
    fixed = _FIXED.fullmatch(interval)
    calendar = interval in _CALENDAR and letter != "t"
    if not calendar and (fixed is None or (letter == "d" and fixed[2] != "d")):
        forms = {"d": Message("day, week, month, quarter, year, decade or 7d"), "t": Message("1h, 15min or 30s")}.get(
            letter, Message("day, week, month, quarter, year, decade, 7d, 6h, 15min or 30s")
        )
        raise BadValueError(
            Message("{interval!r} is no interval for this field; write {forms}", interval=interval[:40], forms=forms)
        )


def _stepper(name: str) -> Callable[[int, int], int]:
    """A function from a moment and a number of steps to the start of the interval so many steps on."""
    if name in _MONTHS:
        months = _MONTHS[name]
        return lambda at, steps: _month_start(at, months, steps)
    if name == "week":
        return lambda at, steps: _fixed_start(at, 7 * DAY, 4 * DAY, steps)  # 1970-01-05 was a Monday
    fixed = _FIXED.fullmatch("1d" if name == "day" else name)
    assert fixed is not None  # checked, or one of ours
    length = int(fixed[1]) * UNITS[fixed[2]]
    return lambda at, steps: _fixed_start(at, length, 0, steps)


def _fixed_start(at: int, length: int, offset: int, steps: int) -> int:
    return ((at - offset) // length + steps) * length + offset


def _month_start(at: int, months: int, steps: int) -> int:
    day = _EPOCH + timedelta(days=at // DAY)
    place = ((day.year * 12 + day.month - 1) // months + steps) * months
    year, month = divmod(max(place, 12), 12)
    if year > date.max.year:
        return day_micros(date.max.year, 12, 31) + DAY
    return day_micros(year, month + 1, 1)


def _readable(step: float, *, whole: bool) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    step = max(step, 1.0 if whole else 1e-300)
    power = 10.0 ** math.floor(math.log10(step))
    steps = (factor * power for factor in (1, 2, 5, 10))
    return next(_clean(one, power) for one in steps if one >= step * (1 - 1e-9))


def _clean(value: float, step: float) -> float:
    """Without the noise of binary fractions: 0.30000000000000004 is 0.3."""
    digits = 12 - math.floor(math.log10(abs(step)))
    return round(value, digits) if -300 < digits < 300 else value


def _places(low: float, high: float, step: float) -> float:
    """Bins of this width from the one with ``low`` to the one with ``high``."""
    first, last = low / step, high / step
    return math.floor(last) - math.floor(first) + 1 if math.isfinite(first) and math.isfinite(last) else math.inf


def _step(interval: str) -> float:
    try:
        step = float(interval)
    except ValueError:
        step = math.nan
    if not (math.isfinite(step) and step > 0):
        raise BadValueError(
            Message(
                "{interval!r} is no interval for numbers; write a number above 0 such as 5 or 0.5",
                interval=interval[:40],
            )
        )
    return step


def _too_many(interval: str, places: float | None) -> BadValueError:
    need = "more" if places is None else f"{places:,.0f}"
    return BadValueError(
        Message(
            "an interval of {interval} needs {need} bins, at most {most:,} are drawn; take a longer one",
            interval=interval,
            need=need,
            most=MAX_BINS,
        )
    )

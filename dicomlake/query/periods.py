"""Dates and times as people type them: periods. ``2019`` is a year, ``2019-01`` a month, ``10:00`` a minute.

A period is half-open: first microsecond, and the first one behind it. See :mod:`mappings.moments` for what is counted.
"""

import re
from typing import Final

from dicomlake.messages import Message
from mappings.field import Kind
from mappings.moments import DAY, HOUR, MINUTE, SECOND, clock_micros, day_micros

Period = tuple[int, int]

FORMS: Final[dict[Kind, Message]] = {
    "date": Message("a date such as 2019, 2019-01, 2019-01-31 or 20190131"),
    "time": Message("a time of day such as 10, 10:30, 10:30:15.5 or 103015"),
    "datetime": Message("a date with or without a time, such as 2019-01-31, 2019-01-31T10:30 or 20190131103015"),
}
LETTERS: Final[dict[Kind, str]] = {"date": "d", "datetime": "m", "time": "t"}
"""Type letters of the tokens of :mod:`mappings.normal`."""

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?|\.(\d\d)\.(\d\d)|(\d\d)(\d\d)?)?", re.ASCII)
_TIME = re.compile(
    r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?|(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?", re.ASCII
)
_SPLIT = re.compile(r"[T ]")


def period(kind: Kind, text: str) -> Period:
    """The period of a literal for a field of kind ``date``, ``time`` or ``datetime``. Raises ValueError."""
    if kind == "date":
        return _date(text)
    if kind == "time":
        return _time(text)
    return _datetime(text)


def _date(text: str) -> Period:
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError("no date")
    year, *rest = found.groups()
    parts = [int(part) for part in rest if part is not None]
    first = day_micros(int(year), *[*parts, 1, 1][:2])
    if len(parts) == 2:
        return first, first + DAY
    if parts and parts[0] < 12:
        return first, day_micros(int(year), parts[0] + 1, 1)
    return first, day_micros(int(year), 12, 31) + DAY


def _time(text: str) -> Period:
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError("no time")
    hour, minute, second, fraction = (
        a if a is not None else b for a, b in zip(found.groups()[:4], found.groups()[4:], strict=True)
    )
    first = clock_micros(int(hour), int(minute or 0), int(second or 0), fraction or "")
    if fraction:
        return first, first + 10 ** (6 - len(fraction))
    return first, first + (SECOND if second else MINUTE if minute else HOUR)


def _datetime(text: str) -> Period:
    date, *times = _SPLIT.split(text, maxsplit=1)
    if not times and len(text) > 8 and text[:9].isdecimal():  # DICOM's own form, without the T
        date, times = text[:8], [text[8:]]
    first, end = _date(date)
    if not times:
        return first, end
    if end - first != DAY:
        raise ValueError("a time needs a whole date")
    start, stop = _time(times[0])
    return first + start, first + stop

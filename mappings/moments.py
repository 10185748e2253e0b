"""DICOM dates and times to microseconds and back.

Everything is local wall-clock time: a date is its midnight, counted in microseconds since 1970-01-01T00:00; a time is
counted from midnight. Forms are those of PS3.5 table 6.2-1 (edition 2026d), and the two of ACR-NEMA 300 that the table
asks readers to support: ``YYYY.MM.DD`` for DA and ``HH:MM:SS.F`` for TM.
"""

import re
from datetime import date
from typing import Final

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH: Final = date(1970, 1, 1).toordinal()
_LAST_DAY: Final = date.max.toordinal()
_OFFSETS: Final = range(-12 * 60, 14 * 60 + 1)
"""Minutes from UTC that PS3.5 table 6.2-1 allows: -1200 to +1400."""

_DATE = re.compile(r"(\d{4})(?:(\d\d)(\d\d)|\.(\d\d)\.(\d\d))", re.ASCII)
_TIME = re.compile(r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d+))?)?|:(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?", re.ASCII)
_DATETIME = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d+))?)?)?)?)?)?(?:([+-])(\d\d)(\d\d))?", re.ASCII
)


def date_micros(text: str) -> int:
    """Midnight of a DA value, in microseconds. Raises ValueError for anything but a day of the calendar."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(f"not a date (YYYYMMDD): {text!r}")
    year, month, day, old_month, old_day = found.groups()
    return day_micros(int(year), int(month or old_month), int(day or old_day))


def time_micros(text: str) -> int:
    """A TM value in microseconds since midnight; parts left out are 0. Raises ValueError."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"not a time (HHMMSS.FFFFFF): {text!r}")
    hour, minute, second, fraction, old_minute, old_second, old_fraction = found.groups()
    return clock_micros(
        int(hour), int(minute or old_minute or 0), int(second or old_second or 0), fraction or old_fraction or ""
    )


def datetime_micros(text: str) -> tuple[int, int | None]:
    """A DT value: local wall clock in microseconds, and its offset from UTC in minutes, or None without one.

    The offset is not applied. Parts left out are the first month, the first day, 0. Raises ValueError.
    """
    found = _DATETIME.fullmatch(text)
    if found is None:
        raise ValueError(f"not a date and time (YYYYMMDDHHMMSS.FFFFFF&ZZXX): {text!r}")
    year, month, day, hour, minute, second, fraction, sign, offset_hours, offset_minutes = found.groups()
    moment = day_micros(int(year), int(month or 1), int(day or 1))
    moment += clock_micros(int(hour or 0), int(minute or 0), int(second or 0), fraction or "")
    if sign is None:
        return moment, None
    offset = (int(offset_hours) * 60 + int(offset_minutes)) * (-1 if sign == "-" else 1)
    if int(offset_minutes) > 59 or offset not in _OFFSETS:
        raise ValueError(f"no such offset from UTC: {text!r}")
    return moment, offset


def offset_text(minutes: int) -> str:
    """Minutes from UTC in the form of DT and of Timezone Offset From UTC (0008,0201), ``+0100``."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}{rest:02}"


def day_micros(year: int, month: int, day: int) -> int:
    """Midnight of a day of the proleptic Gregorian calendar. Raises ValueError when there is no such day."""
    return (date(year, month, day).toordinal() - _EPOCH) * DAY


def clock_micros(hour: int, minute: int = 0, second: int = 0, fraction: str = "") -> int:
    """Microseconds since midnight. ``fraction``: the digits behind the point, from the seventh on dropped.

    Second 60, a leap second, counts as second 59, so that it stays within its day. Raises ValueError.
    """
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError(f"no such time of day: {hour:02}:{minute:02}:{second:02}")
    return hour * HOUR + minute * MINUTE + min(second, 59) * SECOND + int(fraction[:6].ljust(6, "0"))


def date_text(micros: int) -> str:
    """The DA form of microseconds since 1970-01-01, ``YYYYMMDD``; time of day is dropped. Raises ValueError."""
    ordinal = micros // DAY + _EPOCH
    if not 1 <= ordinal <= _LAST_DAY:
        raise ValueError(f"beyond the calendar: {micros}")
    day = date.fromordinal(ordinal)
    return f"{day.year:04}{day.month:02}{day.day:02}"


def time_text(micros: int) -> str:
    """The TM form of microseconds since midnight: ``HHMMSS``, and ``.F`` without trailing zeros if there are any."""
    if not 0 <= micros < DAY:
        raise ValueError(f"not within a day: {micros}")
    seconds, fraction = divmod(micros, SECOND)
    text = f"{seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}"
    return f"{text}.{fraction:06}".rstrip("0") if fraction else text


def datetime_text(micros: int) -> str:
    """The DT form of microseconds since 1970-01-01: ``YYYYMMDDHHMMSS[.F]``, without offset. Raises ValueError."""
    return date_text(micros) + time_text(micros % DAY)

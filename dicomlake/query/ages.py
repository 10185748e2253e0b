"""Ages (VR AS) in ranges: ``063Y``, ``006M``, ``012W``, ``030D`` have an order, though not that of their letters.

An AS value (PS3.5 table 6.2-1) is three digits and a unit, so there are 4,000 of them and a range is the list of those
in it. A bound is an age as it is written in a file or by people, ``63Y``, or a number of years, ``63``; like dates, an
age stands for its period: someone of 63 years is in ``60..63`` until their 64th birthday.
"""

import re
from functools import cache
from typing import Final

from dicomlake.messages import Message
from mappings.normal import text_token

DAYS: Final = {"D": 16, "W": 7 * 16, "M": 487, "Y": 12 * 487}
"""Length of a unit in sixteenths of a day: a year has 365.25 days, a month is a twelfth of it."""

FORM: Final = Message("an age such as 63, 63Y, 18M, 6W or 30D")

_VALUE = re.compile(r"(\d{3})([DWMY])", re.ASCII)
_TYPED = re.compile(r"(\d{1,3})(?:\s*([dwmyDWMY]))?|(\d{1,3}\.\d{1,6})", re.ASCII)


def age_of(value: str) -> int | None:
    """An AS value in sixteenths of a day, None for any other text."""
    found = _VALUE.fullmatch(value)
    return int(found[1]) * DAYS[found[2]] if found else None


def age_period(text: str) -> tuple[int, int]:
    """The ages that a bound stands for: its first sixteenth of a day, and the first behind it. Raises ValueError."""
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        raise ValueError("no age")
    if found[3]:
        years = round(float(found[3]) * DAYS["Y"])
        return years, years + 1
    length = DAYS[(found[2] or "Y").upper()]
    return int(found[1]) * length, (int(found[1]) + 1) * length


@cache
def _every() -> tuple[tuple[int, str], ...]:
    """Every AS value with its age, in order."""
    values = (f"{number:03}{unit}" for unit in DAYS for number in range(1_000))
    return tuple(sorted((age_of(value) or 0, text_token(value)) for value in values))


def tokens_between(first: int | None, end: int | None) -> tuple[str, ...]:
    """Tokens of the values from ``first`` up to, not including, ``end``."""
    return tuple(token for age, token in _every() if (first is None or age >= first) and (end is None or age < end))

"""Values as people read them: dates, ages, names, sizes, counts. What lacks the expected form stays as it is."""

import re
from collections.abc import Sequence
from datetime import date as Date
from typing import Any, Final

from ui.language import grouped, pointed
from ui.words import say

_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d)(?:([0-5]\d|60)(?:\.\d+)?)?")
_AGE = re.compile(r"(\d{3})([DWMY])")
_DAYS: Final = {"D": 1, "W": 7, "M": 30, "Y": 365}
_CAPPED: Final = 16
"""From so many values on, a hit's list may be cut: no range can be read from it."""
_SIZES: Final = ("bytes", "kB", "MB", "GB", "TB", "PB")
_UNITLESS: Final = ("By", "1")


def count(number: int) -> str:
    """``20556282`` -> ``20,556,282``."""
    return grouped(number)


def size(number: int) -> str:
    """Bytes with three significant digits at most: ``10900000000000`` -> ``10.9 TB`` (powers of 1,000)."""
    amount, unit = float(number), 0
    while amount >= 999.5 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1000, unit + 1
    digits = 1 if unit and amount < 99.95 else 0
    return f"{pointed(f'{amount:.{digits}f}')} {_SIZES[unit]}"


def share(part: int, whole: int) -> str:
    """The share of the whole in per cent, honest at both ends: ``<0.1 %`` is not nothing, ``>99.9 %`` is not all."""
    percent = 100 * part / whole if whole else 0
    if part in (0, whole):
        return f"{percent:.0f} %"
    if percent < 0.1:
        return f"<{pointed('0.1')} %"
    return f">{pointed('99.9')} %" if percent > 99.9 else f"{pointed(f'{percent:.{percent < 10:d}f}')} %"


def date(text: str) -> str:
    """DA ``20190131`` -> ``2019-01-31``; what is no day stays as it is."""
    match = _DATE.fullmatch(text)
    try:
        return str(Date(*map(int, match.groups()))) if match else text
    except ValueError:
        return text


def time(text: str) -> str:
    """TM ``101530.25`` -> ``10:15:30``."""
    match = _TIME.fullmatch(text)
    return ":".join(part for part in match.groups() if part) if match else text


def age(text: str) -> str:
    """AS ``063Y`` -> ``63 y``."""
    match = _AGE.fullmatch(text)
    return f"{int(match[1])} {say(f'units.age_{match[2]}')}" if match else text


def person(text: str) -> str:
    """PN ``Núñez^María^^Dr=...`` -> ``Núñez, María Dr``: the first group that says anything, PS3.5 section 6.2.1."""
    group = next((group for group in text.split("=") if group.strip("^ ")), "")
    family, *others = (part.strip() for part in group.split("^"))
    given = " ".join(part for part in others if part)
    return ", ".join(part for part in (family, given) if part)


def number(value: float) -> str:
    """``1.250`` -> ``1.25``, ``5.0`` -> ``5``; up to 6 significant digits."""
    return pointed(f"{value:.6g}") if isinstance(value, float) else str(value)


_BY_VR: Final = {"DA": date, "TM": time, "AS": age, "PN": person}


def one(value: Any, vr: str | None = None, unit: str | None = None) -> str:
    """One value of an attribute of this VR and unit (UCUM)."""
    if unit == "By" and isinstance(value, int):
        return size(value)
    if isinstance(value, bool | int | float):
        return f"{number(value)} {unit}" if unit and unit not in _UNITLESS else number(value)
    if isinstance(value, dict):
        return "binary" if "length" in value or "InlineBinary" in value else f"{value.get('count', '')} values".strip()
    return _BY_VR[vr](str(value)) if vr in _BY_VR else str(value)


def values(value: Any, vr: str | None = None, unit: str | None = None, shown: int = 3) -> str | None:
    """The distinct values of a hit's field in one line; ``None`` when there is none.

    Several dates, ages or numbers as a range (unless so many that the API has left some out), of others the first
    ``shown``.
    """
    listed: Sequence[Any] = value if isinstance(value, list) else [value]
    kept = [item for item in listed if item is not None]
    if 1 < len(kept) < _CAPPED and (ends := _ends(kept, vr)):
        return " – ".join(one(end, vr, unit) for end in ends)
    texts = [text for item in kept if (text := one(item, vr, unit))]
    if not texts:
        return None
    rest = f" +{len(texts) - shown}" if len(texts) > shown else ""
    return ", ".join(texts[:shown]) + rest


def _ends(kept: Sequence[Any], vr: str | None) -> tuple[Any, Any] | None:
    """The smallest and the largest of values that have an order people see, else None."""
    if all(isinstance(item, int | float) for item in kept):
        return min(kept), max(kept)
    form, key = _ORDERED.get(vr or "", (None, None))
    if form is None or not all(isinstance(item, str) and form.fullmatch(item) for item in kept):
        return None
    return min(kept, key=key), max(kept, key=key)


def _days(text: str) -> int:
    return int(text[:3]) * _DAYS[text[3]]


_ORDERED: Final = {"DA": (_DATE, None), "AS": (_AGE, _days)}

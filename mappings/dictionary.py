"""The data dictionary (PS3.6) and the private dictionary, from the generated tables of ``mappings/standard``.

Tags are integers, group in the upper 16 bits. VRs and VMs are written as in PS3.6 (``"US or SS"``, ``"1-n"``).
"""

import json
from collections.abc import Container, Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

_STANDARD: Final = Path(__file__).parent / "standard"


class Entry(NamedTuple):
    """One row of the data dictionary. ``keyword`` is empty for six rows that the standard left blank."""

    keyword: str
    vr: str
    vm: str
    name: str
    retired: bool


class PrivateEntry(NamedTuple):
    """One row of the private dictionary; ``name`` is empty when nobody knows it."""

    vr: str
    vm: str
    name: str


class _Tables(NamedTuple):
    elements: dict[int, list[Any]]
    masks: list[tuple[int, int, list[Any]]]
    """Repeating groups and elements: (fixed digits, their mask, row)."""
    tags: dict[str, int]


def load() -> None:
    """Read the tables now, where the first question would."""
    _tables()
    _private_tables()


def lookup(tag: int) -> Entry | None:
    """The entry of a public tag, repeating groups (60xx,eeee) included; None when it has none or is private."""
    row = _tables().elements.get(tag) or (None if tag >> 16 & 1 else _repeating(tag))
    return None if row is None else Entry(row[0], row[1], row[2], row[3], bool(row[4]))


def repeats(tag: int) -> bool:
    """Whether a tag is known only as one of a repeating group or element, whose keyword it shares."""
    return tag not in _tables().elements and lookup(tag) is not None


def tag_of(keyword: str) -> int | None:
    """The tag of a keyword, the lowest one for repeating groups (``OverlayRows`` is 6000,0010)."""
    return _tables().tags.get(keyword)


def keywords() -> Iterable[str]:
    """All keywords of the data dictionary."""
    return _tables().tags.keys()


def private(creator: str, group: int, element: int) -> PrivateEntry | None:
    """The entry of a private element by its creator; of ``element`` only the last byte counts, but for the few
    elements that vendors have put at fixed places."""
    entries = _private_tables().get(creator)
    if entries is None:
        return None
    row = (
        entries.get(f"{group:04X}{element:04X}")
        or entries.get(f"{group:04X}xx{element & 0xFF:02X}")
        or entries.get(f"{group >> 8:02X}xxxx{element & 0xFF:02X}")
    )
    return None if row is None else PrivateEntry(*row)


@lru_cache(maxsize=4096)
def _repeating(tag: int) -> list[Any] | None:
    return next((row for digits, mask, row in _tables().masks if tag & mask == digits), None)


@cache
def _tables() -> _Tables:
    rows: dict[str, list[Any]] = _read("data-dictionary.json")["elements"]
    elements = {int(tag, 16): row for tag, row in rows.items() if "x" not in tag}
    masks = [
        (int(tag.replace("x", "0"), 16), int("".join("0" if digit == "x" else "F" for digit in tag), 16), row)
        for tag, row in rows.items()
        if "x" in tag
    ]
    tags = {row[0]: _lowest(digits, mask, elements) for digits, mask, row in masks}
    tags |= {row[0]: tag for tag, row in elements.items()}
    tags.pop("", None)
    return _Tables(elements, masks, tags)


def _lowest(digits: int, mask: int, elements: Container[int]) -> int:
    """The lowest tag of a mask that is no element of its own: TransformLabel has the first of (0028,04x0)."""
    tag = digits
    while tag in elements:
        tag += ~mask & (mask + 1)
    return tag


@cache
def _private_tables() -> dict[str, dict[str, list[str]]]:
    creators: dict[str, dict[str, list[str]]] = _read("private-dictionary.json")["creators"]
    return creators


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_STANDARD / name).read_bytes())
    return content

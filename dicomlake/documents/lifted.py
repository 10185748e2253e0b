"""Enhanced multi-frame objects: attributes of their functional groups that classic objects have at the top level."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson

SHARED = "SharedFunctionalGroupsSequence"
PER_FRAME = "PerFrameFunctionalGroupsSequence"

MOST_VALUES = 256
"""Distinct values over the frames that are lifted; of an attribute with more, the frames alone tell."""


def lift(body: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The attributes to add to a document, and by keyword the path that each came from.

    What is at the top level already stays as it is. Values that differ between frames become the distinct ones in order
    of frames; vectors (PixelSpacing, ImagePositionPatient) are lifted only when all frames agree.
    """
    lifted: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for sequence in (SHARED, PER_FRAME):
        items = body.get(sequence)
        if not isinstance(items, list) or not items:
            continue
        for group, attribute, keyword in _table():
            if keyword in origins or body.get(keyword) is not None:
                continue
            value = _one_value(list(_values(items, group, attribute)))
            if value is not None:
                lifted[keyword] = value
                origins[keyword] = f"{sequence}.{group}.{attribute}"
    return lifted, origins


def _values(items: list[Any], group: str, attribute: str) -> Iterator[Any]:
    for item in items:
        for inner in (item.get(group) or ()) if isinstance(item, dict) else ():
            if isinstance(inner, dict) and inner.get(attribute) is not None:
                yield inner[attribute]


def _one_value(values: list[Any]) -> Any:
    distinct = list({orjson.dumps(value): value for value in values}.values())
    if len(distinct) == 1:
        return distinct[0]
    if any(isinstance(value, list | dict) for value in distinct) or len(distinct) > MOST_VALUES:
        return None
    return distinct or None


@cache
def _table() -> tuple[tuple[str, str, str], ...]:
    """Group, attribute in it, keyword at the top level."""
    import yaml  # noqa: PLC0415  (takes as long as twenty files, and few runs have any that need it)

    groups = yaml.safe_load(Path(__file__).with_name("lifted.yml").read_text(encoding="utf-8"))
    rows = []
    for entry in groups:
        for attribute in entry["attributes"]:
            pairs = attribute.items() if isinstance(attribute, dict) else [(attribute, attribute)]
            rows += [(entry["group"], inside, keyword) for inside, keyword in pairs]
    return tuple(rows)

"""Engine schemas generated from the registry, and the names that paths have in them."""

import json
from functools import lru_cache
from typing import Any, Final

from mappings.registry import GENERATED

SLOTS: Final = 64
"""Keyword fields of the OpenSearch template that hold the tokens of every path without a field of its own."""


@lru_cache(maxsize=1)
def embedded_columns() -> tuple[str, ...]:
    """Paths that the embedded engine keeps in columns of their own: identities, whatever the registry counts, sorts or
    shows, and their companions, ``rule`` excepted. In the registry's order."""
    return tuple(_read("embedded_schema.json")["columns"])


def opensearch_template() -> dict[str, Any]:
    """The body of the OpenSearch component template."""
    return _read("opensearch_template.json")


def field_name(path: str) -> str:
    """Name of the keyword field that holds the tokens of a column; a dot would make it an object."""
    return "f:" + path.replace(".", "%2E")


def folded_name(path: str) -> str:
    """Name of the keyword field that holds the folded text values of a column."""
    return "c:" + path.replace(".", "%2E")


def words_name(path: str) -> str:
    """Name of the text field that holds the words of one of the registry's text fields."""
    return "w:" + path.replace(".", "%2E")


def slot_name(slot: int) -> str:
    """Name of a slot, counted from 0."""
    return f"s:{slot:02}"


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((GENERATED / name).read_text(encoding="utf-8"))
    return content

"""Engine schemas generated from the registry, and the names that paths have in them."""

import json
import re
from functools import lru_cache
from typing import Any, Final

from mappings.registry import GENERATED

SLOTS: Final = 64
"""Keyword fields of the OpenSearch template that hold the tokens of every path without a field of its own."""

BETWEEN: Final = "z"
"""What stands between folded texts that go to OpenSearch as one: folding leaves no small letters, and besides it there
are ``s`` and those of hashes only."""

_UNSAFE: Final = re.compile(r"[^0-9A-Za-z_]")


@lru_cache(maxsize=1)
def embedded_columns() -> tuple[str, ...]:
    """Paths that the embedded engine keeps in columns of their own: identities, whatever the registry counts, sorts or
    shows, and their companions, ``rule`` excepted. In the registry's order."""
    return tuple(_read("embedded_schema.json")["columns"])


def opensearch_templates() -> dict[str, Any]:
    """Bodies of the OpenSearch component templates: ``documents`` (instances and series) and ``kept``."""
    found: dict[str, Any] = _read("opensearch_templates.json")["templates"]
    return found


def field_name(path: str) -> str:
    """Name of the field that holds the tokens of a column, in both engines."""
    return "c_" + _UNSAFE.sub("_", path)


def slot_name(slot: int) -> str:
    """Name of a slot, counted from 0."""
    return f"a_{slot:02}"


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((GENERATED / name).read_text(encoding="utf-8"))
    return content

"""The field registry: the fields people look at, and what any field name means.

Written by people in ``mappings/fields/*.yml``, read here from ``mappings/generated/registry.json`` (parsing YAML would
cost every start 100 ms); ``python -m mappings.generate`` makes the one from the other.
"""

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

from mappings.field import Field, ResolvedField
from mappings.names import Names, UnknownName

__all__ = ["Field", "Registry", "ResolvedField", "UnknownName", "load", "resolve"]

GENERATED: Final = Path(__file__).with_name("generated")


class Registry:
    """The fields, in the order of their files, and their names. ``hash`` changes when an index must be rebuilt:
    with paths, kinds, columns, canonicalisation rules or the data dictionary; not with labels or descriptions."""

    __slots__ = ("_by_path", "fields", "hash", "names")

    def __init__(self, fields: Iterable[Field], hash: str) -> None:
        self.fields: Final = tuple(fields)
        self.hash: Final = hash
        self._by_path: Final = {field.keyword: field for field in self.fields}
        self.names: Final = Names(self.fields)

    def get(self, keyword: str) -> Field | None:
        """The field with exactly this path, or None."""
        return self._by_path.get(keyword)


@lru_cache(maxsize=1)
def load() -> Registry:
    """The registry of this installation, read once."""
    content = json.loads((GENERATED / "registry.json").read_text(encoding="utf-8"))
    return Registry((Field(**entry) for entry in content["fields"]), content["hash"])


@lru_cache(maxsize=8_192)
def resolve(name: str) -> ResolvedField:
    """What a field name typed by a person, or a path in a document, means. See :meth:`mappings.names.Names.resolve`.

    Raises UnknownName.
    """
    return load().names.resolve(name)

"""Normalised values with the rule that made them: ``SIEMENS`` is ``Siemens Healthineers`` by rule ``siemens``.

Rules are data in ``mappings/canonical/*.yml``. A value is compared by its folded words ("G.E. Medical Systems, Inc." is
``G E MEDICAL SYSTEMS INC``), in this order:

1. exact names, without the spaces between words (``C-Spine``, ``CSPINE`` and ``C SPINE`` are one name);
2. beginnings, word by word, the longest first (``GE`` begins ``GE Healthcare``, not ``Genoray``);
3. both again without the words a table strips off the ends (company forms, sides of the body).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from mappings.normal import words

GENERATED: Final = Path(__file__).with_name("generated") / "canonical.json"


class Canonical(NamedTuple):
    """A normalised value and the id of the rule that made it."""

    value: str
    rule: str


@dataclass(frozen=True, slots=True)
class Table:
    """The compiled rules for the values of a field."""

    values: Mapping[str, str]
    exact: Mapping[str, str]
    starts: Mapping[str, Sequence[tuple[tuple[str, ...], str]]]
    strip_first: frozenset[tuple[str, ...]]
    strip_last: frozenset[tuple[str, ...]]

    @classmethod
    def compiled(cls, content: Mapping[str, Any]) -> "Table":
        """From the generated form: ``values`` {rule: value}, ``exact`` {squeezed name: rule}, ``starts`` {words:
        rule}, ``strip_first`` and ``strip_last`` [words]."""
        starts: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for beginning, rule in content["starts"].items():
            split = tuple(beginning.split(" "))
            starts.setdefault(split[0], []).append((split, rule))
        for beginnings in starts.values():
            beginnings.sort(key=lambda beginning: -len(beginning[0]))
        first, last = (frozenset(tuple(part.split(" ")) for part in content[key]) for key in _STRIPS)
        return cls(content["values"], content["exact"], starts, first, last)

    def find(self, raw: str) -> Canonical | None:
        """The canonical form of a value, or None when no rule knows it."""
        value = tuple(words(raw))
        rule = self._rule(value)
        if rule is None:
            bare = self._stripped(value)
            rule = self._rule(bare) if bare != value else None
        return None if rule is None else Canonical(self.values[rule], rule)

    def _rule(self, value: tuple[str, ...]) -> str | None:
        if not value:
            return None
        rule = self.exact.get("".join(value))
        if rule is not None:
            return rule
        for beginning, candidate in self.starts.get(value[0], ()):
            if value[: len(beginning)] == beginning:
                return candidate
        return None

    def _stripped(self, value: tuple[str, ...]) -> tuple[str, ...]:
        shorter = True
        while shorter:
            shorter = False
            for size in _STRIPPED_WORDS:
                if value[:size] in self.strip_first:
                    value, shorter = value[size:], True
                if value and value[-size:] in self.strip_last:
                    value, shorter = value[:-size], True
        return value


_STRIPS: Final = ("strip_first", "strip_last")
_STRIPPED_WORDS: Final = (3, 2, 1)
"""Words of one thing to strip, the longest first: ``S.p.A.`` has three."""


@lru_cache(maxsize=1)
def tables() -> Mapping[str, Table]:
    """All tables by name, read once."""
    content = json.loads(GENERATED.read_text(encoding="utf-8"))
    return {name: Table.compiled(table) for name, table in content["tables"].items()}


@lru_cache(maxsize=16_384)
def canonicalise(table: str, raw: str) -> Canonical | None:
    """The canonical form of a raw value and its rule; None when no rule knows it: the value stays itself.

    Raises KeyError when there is no such table.
    """
    return tables()[table].find(raw)

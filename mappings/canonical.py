"""Normalised values with the rule that made them: ``SIEMENS`` is ``Siemens Healthineers`` by rule ``siemens``.

Rules are data in ``mappings/canonical/*.yml``. A value is compared by its folded words ("G.E. Medical Systems, Inc." is
``G E MEDICAL SYSTEMS INC``), in this order:

1. exact names, without the spaces between words (``C-Spine``, ``CSPINE`` and ``C SPINE`` are one name);
2. beginnings, word by word, the longest first (``GE`` begins ``GE Healthcare``, not ``Genoray``);
3. both again without the words a table takes off the ends: company forms, which say nothing, and sides of the body,
   which are *split* off: they become a companion of their own, ``BodyPartExamined.laterality``.
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
    split_first: Mapping[tuple[str, ...], tuple[str, str]]
    split_last: Mapping[tuple[str, ...], tuple[str, str]]
    glued: Mapping[str, tuple[str, str]]

    @classmethod
    def compiled(cls, content: Mapping[str, Any]) -> "Table":
        """From the generated form: ``values`` {rule: value}, ``exact`` {squeezed name: rule}, ``starts`` {words:
        rule}, ``strip_first`` and ``strip_last`` [words], ``split_first`` and ``split_last`` {words: [companion,
        value]}, ``glued`` {squeezed name: [companion, value]}."""
        starts: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for beginning, rule in content["starts"].items():
            split = tuple(beginning.split(" "))
            starts.setdefault(split[0], []).append((split, rule))
        for beginnings in starts.values():
            beginnings.sort(key=lambda beginning: -len(beginning[0]))
        first, last = (frozenset(tuple(part.split(" ")) for part in content[key]) for key in _STRIPS)
        split_first, split_last = (
            {tuple(part.split(" ")): (name, value) for part, (name, value) in content[key].items()} for key in _SPLITS
        )
        glued = {name: (companion, value) for name, (companion, value) in content["glued"].items()}
        return cls(content["values"], content["exact"], starts, first, last, split_first, split_last, glued)

    def find(self, raw: str) -> Canonical | None:
        """The canonical form of a value, or None when no rule knows it."""
        rule = self._found(raw)[0]
        return None if rule is None else Canonical(self.values[rule], rule)

    def split(self, raw: str, companion: str) -> str | None:
        """What was taken off the ends of a value for a companion; None when nothing was, or two that disagree, or when
        no rule knows the rest."""
        rule, taken = self._found(raw)
        values = {value for name, value in taken if name == companion}
        return values.pop() if rule is not None and len(values) == 1 else None

    def accompany(self, companion: str, raw: str) -> str | None:
        """The value of one of a field's own companions: what the table splits off for it, ``L`` of ``LEFT KNEE``, or
        None; for a table that splits nothing off for it, the canonical form, or the value itself when no rule knows
        it."""
        if self.splits(companion):
            return self.split(raw, companion)
        found = self.find(raw)
        return found.value if found else raw.strip() or None

    def bare(self, raw: str) -> str:
        """The words of a value without what the table takes off the ends, unless that is all."""
        value = tuple(words(raw))
        return " ".join(self._stripped(value)[0] or value)

    def splits(self, companion: str) -> bool:
        """Whether the table takes anything off for a companion."""
        return any(name == companion for name, _ in (*self.split_first.values(), *self.split_last.values()))

    def _found(self, raw: str) -> tuple[str | None, Sequence[tuple[str, str]]]:
        value = tuple(words(raw))
        rule = self._rule(value)
        if rule is not None:
            glued = self.glued.get("".join(value))
            return rule, (glued,) if glued else ()
        bare, taken = self._stripped(value)
        return (self._rule(bare) if bare != value else None), taken

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

    def _stripped(self, value: tuple[str, ...]) -> tuple[tuple[str, ...], Sequence[tuple[str, str]]]:
        taken: list[tuple[str, str]] = []
        shorter = True
        while shorter:
            shorter = False
            for size in _STRIPPED_WORDS:
                first, last = value[:size], value[-size:]
                if first in self.split_first or first in self.strip_first:
                    taken += [self.split_first[first]] if first in self.split_first else []
                    value, shorter = value[size:], True
                elif last in self.split_last or last in self.strip_last:
                    taken += [self.split_last[last]] if last in self.split_last else []
                    value, shorter = value[:-size], True
                if shorter:
                    break
        return value, taken


_STRIPS: Final = ("strip_first", "strip_last")
_SPLITS: Final = ("split_first", "split_last")
_STRIPPED_WORDS: Final = (3, 2, 1)
"""Words of one thing to strip, the longest first: ``S.p.A.`` has three."""


@lru_cache(maxsize=1)
def tables() -> Mapping[str, Table]:
    """The project's tables by name, read once."""
    return merged({})


def merged(site: Mapping[str, Mapping[str, Mapping[str, str]]]) -> dict[str, Table]:
    """The project's tables with a site's rules, as :func:`mappings.site.read` gives them, laid over them: a name or a
    beginning that both have is the site's, unless the project makes the same value of it."""
    content = json.loads(GENERATED.read_text(encoding="utf-8"))["tables"]
    return {
        name: Table.compiled(_over(table, site[name]) if name in site else table) for name, table in content.items()
    }


def _over(table: Mapping[str, Any], site: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    values = table["values"]

    def both(kind: str) -> dict[str, str]:
        own: dict[str, str] = table[kind]
        return own | {
            key: rule for key, rule in site[kind].items() if key not in own or values[own[key]] != site["values"][rule]
        }

    return {**table, "values": values | site["values"], "exact": both("exact"), "starts": both("starts")}

"""The archive of :mod:`archive` as an index, beside its headers, and what may be asked of both."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dicomlake.engines.base import Engine, Level, Plan
from dicomlake.query.resolve import resolve
from dicomlake.query.text import parse
from dicomlake.search import Searcher

from .archive import PLACES, VRS, Instance, path

CELLS = [(vr, place) for vr in VRS for place in PLACES if path(vr, place)]


@dataclass(frozen=True)
class Archive:
    """The index, and the headers that it was made of."""

    engine: Engine
    searcher: Searcher
    instances: tuple[Instance, ...]

    def found(self, text: str, level: Level = "series") -> set[str]:
        """Keys of what the index finds."""
        query = resolve(parse(text))
        return {hit.key for hit in self.engine.search(Plan(level, query, limit=1_000, totals=False)).hits}

    @cached_property
    def series(self) -> dict[str, list[Instance]]:
        """The instances of each series."""
        found: dict[str, list[Instance]] = defaultdict(list)
        for one in self.instances:
            found[one.series].append(one)
        return found

    def expected(self, test: "Asked", level: Level) -> set[str]:
        """Keys of what the headers say."""
        groups = [[one] for one in self.instances] if level == "instance" else list(self.series.values())
        matching = [group[0] for group in groups if test.holds(group, self)]
        return {{"instance": one.uid, "series": one.series, "study": one.study}[level] for one in matching}


@dataclass(frozen=True)
class Asked:
    """A query text, and whether a document answers it; the archive is there for its other series."""

    text: str
    holds: Callable[[Sequence[Instance], Archive], bool]


def values(group: Iterable[Instance], name: str) -> list[Any]:
    """All values of an element in a document."""
    return [value for one in group for value in one.values.get(name, ())]

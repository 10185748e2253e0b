"""Hits in an order by walking aggregations over the documents that match, where tables have no order of them.

Tantivy's aggregation gives the distinct (token..., group) tuples in order. It cannot be told which tokens count: where
a path also has tokens of another type, the documents are parted by whether they have one that counts, each part is
walked by itself, and the parts are merged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import merge
from itertools import product
from typing import Final

from tantivy import Query

from dicomlake.engines.base import Plan, RecordLevel, Sort
from dicomlake.engines.embedded.compile import differs, every
from dicomlake.engines.embedded.many import TERMS_LIMIT, Place
from dicomlake.engines.embedded.snapshot import Snapshot
from dicomlake.query.resolved import Between

GROUP_FIELDS: Final = {"instance": "uid", "series": "uid", "study": "study", "patient": "patient"}

_BEHIND: Final = "{"
"""Behind every token, which begin with letters."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Documents of which each has tokens that count by those sorts that are ``chosen``, and none by the others."""

    query: Query
    chosen: tuple[bool, ...]


class _Descending:
    """A token that stands before the smaller ones, and before none."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __lt__(self, other: "_Descending") -> bool:
        return self._token is not None and (other._token is None or self._token > other._token)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self._token == other._token

    __hash__ = None  # type: ignore[assignment]


class Walk:
    """The walk over the documents of a plan; ``query`` finds them."""

    def __init__(self, snapshot: Snapshot, query: Query, plan: Plan) -> None:
        self._snapshot = snapshot
        self._query = query
        self._plan = plan
        self._group = GROUP_FIELDS[plan.level]

    def places(self, wanted: int) -> dict[str, Place]:
        """The first places of at least so many next groups, as far as there are: groups are met at every place their
        documents have; only a group's first place is a hit."""
        places: dict[str, Place] = {}
        met: set[str] = set()
        candidates: list[Place] = []
        for place in self._met(min(wanted, TERMS_LIMIT)):
            group = str(place[-1])
            if group in met:
                continue
            met.add(group)
            candidates.append(place)
            if len(candidates) >= wanted - len(places):
                places.update(self._at_first(candidates))
                candidates = []
                if len(places) >= wanted:
                    break
        places.update(self._at_first(candidates))
        return places

    @cached_property
    def _sorts(self) -> list[Sort]:
        """The order; a letter stays where tokens of another type have to be left out."""
        level: RecordLevel = "instance" if self._plan.level == "instance" else "series"
        return [
            sort if sort.letter and self._snapshot.mixed(level, sort.path, sort.letter) else replace(sort, letter=None)
            for sort in self._plan.sort
        ]

    def _parts(self, query: Query) -> Iterator[_Part]:
        for chosen in product(*((True, False) if sort.letter else (True,) for sort in self._sorts)):
            queries = [query]
            for sort, whether in zip(self._sorts, chosen, strict=True):
                if sort.letter:
                    with_token = self._snapshot.compiler.compile(Between(sort.path, sort.letter, None, None))
                    queries.append(with_token if whether else differs(with_token))
            yield _Part(every(queries), chosen)

    def _met(self, size: int) -> Iterator[Place]:
        """The places behind the last page, in order."""
        streams = [self._stream(part, size) for part in self._parts(self._query)]
        return streams[0] if len(streams) == 1 else merge(*streams, key=self._key)

    def _stream(self, part: _Part, size: int) -> Iterator[Place]:
        sources = [*self._sources(part), (self._group, False)]
        for key, _ in self._snapshot.composite(part.query, sources, self._after(part), size):
            place = self._placed(part, key)
            if place is not None:
                yield place

    def _sources(self, part: _Part) -> list[tuple[str, bool]]:
        text_field = self._snapshot.layout.text_field
        listed = zip(self._sorts, part.chosen, strict=True)
        return [(text_field(sort.path), sort.descending) for sort, chosen in listed if chosen]

    def _after(self, part: _Part) -> Place | None:
        """Where a part is gone on with."""
        if self._plan.after is None:
            return None
        *tokens, group = self._plan.after
        place: list[str | None] = []
        for number, (token, chosen) in enumerate(zip(tokens, part.chosen, strict=True)):
            if chosen:
                place.append(token)
            elif token is not None:  # what has none stands behind: all that begins alike is still to come
                later = zip(self._sorts[number:], part.chosen[number:], strict=True)
                return (*place, *(_BEHIND if sort.descending else "" for sort, with_token in later if with_token), "")
        return (*place, group)

    def _placed(self, part: _Part, key: Place) -> Place | None:
        """The place of a tuple of a part; None for one of tokens that do not count."""
        found = iter(key)
        place: list[str | None] = []
        for sort, chosen in zip(self._sorts, part.chosen, strict=True):
            token = next(found) if chosen else None
            if token is not None and not sort.keyed(token):
                return None
            place.append(token)
        return (*place, next(found))

    def _key(self, place: Place) -> tuple[object, ...]:
        """What places are compared by."""
        tokens = zip(self._sorts, place, strict=False)
        keys = (_Descending(token) if sort.descending else (token is None, token or "") for sort, token in tokens)
        return (*keys, place[-1])

    def _at_first(self, candidates: Sequence[Place]) -> dict[str, Place]:
        """Those candidates that stand at their group's first place, by group."""
        if self._plan.after is None or not self._sorts:
            return {str(place[-1]): place for place in candidates}
        if not candidates:
            return {}
        groups = [str(place[-1]) for place in candidates]
        among = every([self._query, self._snapshot.compiler.terms(self._group, groups)])
        first: dict[str, Place] = {}
        for part in self._parts(among):
            own: dict[str, Place] = {}
            for (group, *tokens), _ in self._snapshot.composite(
                part.query, [(self._group, False), *self._sources(part)], None, TERMS_LIMIT
            ):
                place = self._placed(part, (*tokens, group))
                if place is not None:
                    own.setdefault(str(group), place)
            for name, place in own.items():
                first[name] = min(first.get(name, place), place, key=self._key)
        return {str(place[-1]): place for place in candidates if first.get(str(place[-1])) == place}

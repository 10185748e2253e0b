"""Documents in an order, from the arrays of a commit: which hits come next, without asking Tantivy.

An order is the numbers of all documents, sorted once; a page of any query is read off it. What a hit is, where it
stands and what a cursor means are those of docs/decisions/0003: both ways to a page give the same.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from dicomlake.engines.base import Level, Sort
from dicomlake.engines.embedded.columns import Codes, Numbers, Small

FEW = 32
"""A query that matches less than this part of the documents is sorted by itself."""

BLOCK = 4_096
"""Documents that are looked at in order to begin with; each further block is twice as long."""

Place = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Ordering:
    """What is asked for: an order of the hits of a level."""

    level: Level
    sort: tuple[Sort, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    """The place of each document by one path: the first token in the order has 0, missing comes last."""

    tokens: list[str]
    places: Small
    descending: bool

    @classmethod
    def of(cls, codes: Codes, sort: Sort) -> "SortKey":
        """The order of a path's values: smallest tokens ascending, largest descending."""
        first, last = codes.places(sort.letter) if sort.letter else (0, len(codes.tokens))
        tokens = codes.tokens if last - first == len(codes.tokens) else codes.tokens[first:last]
        found = codes.extreme(first, last, largest=sort.descending)
        places = last - found if sort.descending else found - (first + 1)
        return cls(tokens, np.where(found == 0, last - first, places).astype(found.dtype), sort.descending)

    def token(self, document: int) -> str | None:
        """What a document is sorted by."""
        place = int(self.places[document])
        if place == len(self.tokens):
            return None
        return self.tokens[len(self.tokens) - 1 - place if self.descending else place]

    def place(self, token: str | None) -> float:
        """Where a token stands; one that no document has, between two places."""
        if token is None:
            return len(self.tokens)
        found = bisect_left(self.tokens, token)
        known = token in self.tokens[found : found + 1]
        if self.descending:
            return len(self.tokens) - found - (1 if known else 0.5)
        return found if known else found - 0.5


@dataclass(frozen=True, slots=True)
class Groups:
    """The hits that documents belong to, numbered in the order of their keys: of each document its number; of each
    number the first of its documents. ``key`` gives the key of a document."""

    numbers: Numbers
    examples: Numbers
    key: Callable[[int], str]

    def place(self, key: str) -> float:
        """Where a key stands; one that no document has, between two places."""
        found = bisect_left(range(len(self.examples)), key, key=self._key)
        known = found < len(self.examples) and self._key(found) == key
        return found if known else found - 0.5

    def _key(self, number: int) -> str:
        return self.key(int(self.examples[number]))


class Placed(Protocol):
    """A path's values, or steps of them, as the place of each document."""

    @property
    def places(self) -> Small:
        """The place of each document."""

    def token(self, document: int) -> str | None:
        """What a document is sorted by."""


AnyKey = TypeVar("AnyKey", bound=Placed)


@dataclass(frozen=True, slots=True)
class Sorted(Generic[AnyKey]):
    """All documents sorted by ``keys``; ``single``: each is a hit by itself."""

    ids: Numbers
    keys: tuple[AnyKey, ...]
    groups: Groups
    single: bool

    @property
    def size(self) -> int:
        """Bytes that it takes besides steps, tokens and groups, which others have, too."""
        return self.ids.nbytes + sum(key.places.nbytes for key in self.keys)

    def tokens(self, document: int) -> Place:
        """What a document is sorted by."""
        return tuple(key.token(document) for key in self.keys)

    def place(self, document: int) -> Place:
        """Where the hit stands whose first document this is."""
        return (*self.tokens(document), self.groups.key(document))

    def among(self, ids: NDArray[np.intp], numbers: Sequence[int]) -> NDArray[np.intp]:
        """Those of the documents that belong to groups of these numbers."""
        wanted = np.zeros(len(self.groups.examples), np.bool_)
        wanted[numbers] = True
        return ids[wanted[self.groups.numbers[ids]]]


@dataclass(frozen=True, slots=True)
class Order(Sorted[SortKey]):
    """All documents in an order."""

    def page(self, chosen: NDArray[np.bool_], ids: NDArray[np.intp], after: Place | None, number: int) -> list[int]:
        """Of up to so many next hits the document that stands first; ``chosen`` and ``ids`` are those that match."""
        few = sequence_of(ids, len(self.ids), self.groups, self.keys)
        sequence: Small = self.ids if few is None else few
        matching: Callable[[Small], Small] = partial(_among, chosen) if few is None else _all
        start = 0 if after is None else self._behind(sequence, after)
        if self.single:
            parts = (matching(part) for part in _blocks(sequence, start))
        else:
            seen = np.zeros(len(self.groups.examples), np.bool_)
            seen[self.groups.numbers[matching(sequence[:start])]] = True
            parts = (self._unseen(matching(part), seen) for part in _blocks(sequence, start))
        found: list[int] = []
        for part in parts:
            found += part[: number - len(found)].tolist()
            if len(found) == number:
                break
        return found

    def skipped(self, chosen: NDArray[np.bool_], ids: NDArray[np.intp], after: Place | None, skip: int) -> Place | None:
        """Where the last of the next ``skip`` hits stands; None where no hit lies behind it."""
        passed = self.page(chosen, ids, after, skip + 1)
        return self.place(passed[skip - 1]) if len(passed) > skip else None

    def _unseen(self, ids: Small, seen: NDArray[np.bool_]) -> Small:
        """The first document of each group that has not been seen; these groups have been, then."""
        numbers = self.groups.numbers[ids]
        fresh = ~seen[numbers]
        ids, numbers = ids[fresh], numbers[fresh]
        _, first = np.unique(numbers, return_index=True)
        seen[numbers] = True
        return ids[np.sort(first)]

    def _behind(self, sequence: Small, after: Place) -> int:
        """How many documents of the sequence stand up to a place."""
        *tokens, group = after
        wanted = (*(key.place(token) for key, token in zip(self.keys, tokens, strict=True)),)
        target = (*wanted, self.groups.place(str(group)))

        def where(document: int) -> tuple[float, ...]:
            return (*(int(key.places[document]) for key in self.keys), int(self.groups.numbers[document]))

        return bisect_right(sequence, target, key=where)


def sequence_of(
    ids: NDArray[np.intp], documents: int, groups: Groups, keys: Sequence[Placed]
) -> NDArray[np.intp] | None:
    """The ``ids`` that match in order, where they are few among all documents; else None."""
    if len(ids) * FEW >= documents:
        return None
    columns = (groups.numbers, *(key.places for key in reversed(keys)))
    return ids[np.lexsort([column[ids] for column in columns])]


def _all(ids: Small) -> Small:
    return ids


def _among(chosen: NDArray[np.bool_], ids: Small) -> Small:
    return ids[chosen[ids]]


def _blocks(sequence: Small, start: int) -> Iterator[Small]:
    size = BLOCK
    while start < len(sequence):
        yield sequence[start : start + size]
        start += size
        size *= 2


def sorted_ids(keys: Sequence[Placed], groups: Groups, single: bool) -> Numbers:
    """The numbers of all documents in an order."""
    ids = groups.examples if single else np.argsort(groups.numbers, kind="stable").astype(np.int32)
    for key in reversed(keys):
        ids = ids[np.argsort(key.places[ids], kind="stable")]
    return ids

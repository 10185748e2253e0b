"""An order of documents by steps of values (:mod:`dicomlake.engines.embedded.steps`), made exact where it is looked at.

The documents are sorted once by their steps. Those that are not told apart by that stand together, in a *cell*; only
the cells that a page is read from, or that a cursor points into, are put in order. The hits and their places are those
of :class:`dicomlake.engines.embedded.order.Order`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dicomlake.engines.base import Sort
from dicomlake.engines.embedded.columns import InOrder, Small
from dicomlake.engines.embedded.order import BLOCK, Place, Sorted, SortKey, sequence_of
from dicomlake.engines.embedded.steps import Step, Steps


@dataclass(frozen=True, slots=True)
class RoughKey:
    """The place of each document's step by one path; ``told`` gives the documents of a step in order of the tokens."""

    key: SortKey
    steps: Sequence[Step]
    told: Callable[[Step], InOrder]
    open: NDArray[np.bool_]
    """By place: whether its documents may have different tokens."""

    @classmethod
    def of(cls, steps: Steps, sort: Sort, told: Callable[[Step], InOrder]) -> "RoughKey":
        """The order of a path's values: smallest tokens ascending, largest descending."""
        first, last = steps.codes.places(sort.letter) if sort.letter else (0, len(steps.steps))
        among = steps.steps[first:last]
        listed = list(reversed(among)) if sort.descending else list(among)
        is_open = np.array([*(not step.single for step in listed), False])
        return cls(SortKey.of(steps.codes, sort), listed, told, is_open)

    @property
    def places(self) -> Small:
        """The place of each document's step, the first one 0; missing comes last."""
        return self.key.places

    def place(self, token: str | None) -> float:
        """The place of the step that a token is in or would be in; between two places where no step has it."""
        if token is None:
            return len(self.steps)
        found = bisect_right(self.key.tokens, token) - 1
        number = len(self.steps) - 1 - found if self.key.descending else found
        behind = -0.5 if self.key.descending else 0.5
        if found < 0:
            return number - 0.5 if self.key.descending else -0.5
        step = self.steps[number]
        return number + behind if step.single and step.low != token else number

    def token(self, document: int) -> str | None:
        """What a document is sorted by."""
        place = int(self.places[document])
        if place == len(self.steps):
            return None
        if self.steps[place].single:
            return self.steps[place].low
        rank = self.ranks(place, np.array([document]))[0]
        return self.told(self.steps[place]).tokens[int(abs(rank))]

    def ranks(self, place: int, documents: NDArray[np.integer]) -> NDArray[np.float64]:
        """The order of some documents of a step; what stands first has the least."""
        in_order = self.told(self.steps[place])
        ranks = np.repeat(np.arange(len(in_order.tokens)), np.diff(in_order.ends, prepend=0))
        by_id = np.argsort(in_order.ids, kind="stable")
        ids = in_order.ids[by_id]
        if self.key.descending:
            return -ranks[by_id[np.searchsorted(ids, documents, "right") - 1]].astype(np.float64)
        return ranks[by_id[np.searchsorted(ids, documents, "left")]].astype(np.float64)

    def rank(self, place: int, token: str) -> float:
        """The order of a token of a step."""
        tokens = self.told(self.steps[place]).tokens
        found = bisect_left(tokens, token)
        rank = found if token in tokens[found : found + 1] else found - 0.5
        return -rank if self.key.descending else rank


Key = SortKey | RoughKey


@dataclass(frozen=True, slots=True)
class RoughOrder(Sorted[Key]):
    """All documents in an order by the steps of their values."""

    def page(self, chosen: NDArray[np.bool_], ids: NDArray[np.intp], after: Place | None, number: int) -> list[int]:
        """Of up to so many next hits the document that stands first; ``chosen`` and ``ids`` are those that match."""
        hits = self._hits(chosen, ids)
        start = hits.up_to(after)
        return hits.between(start, start + number)

    def skipped(self, chosen: NDArray[np.bool_], ids: NDArray[np.intp], after: Place | None, skip: int) -> Place | None:
        """Where the last of the next ``skip`` hits stands; None where no hit lies behind it."""
        hits = self._hits(chosen, ids)
        last = hits.up_to(after) + skip
        return self.place(hits.between(last - 1, last)[0]) if last < hits.number else None

    def _hits(self, chosen: NDArray[np.bool_], ids: NDArray[np.intp]) -> "_Hits":
        few = sequence_of(ids, len(self.ids), self.groups, self.keys)
        return _Hits(self, self.ids[chosen[self.ids]] if few is None else few)


class _Hits:
    """The matching documents by steps, and which of them are the first of a hit there."""

    def __init__(self, order: RoughOrder, sequence: Small) -> None:
        self._order = order
        self._sequence = sequence
        self._keys = order.keys

    @cached_property
    def _firsts(self) -> NDArray[np.intp]:
        """The places in the sequence of each hit's first document."""
        numbers = self._order.groups.numbers[self._sequence]
        firsts = np.full(len(self._order.groups.examples), -1, np.intp)
        firsts[numbers[::-1]] = np.arange(len(numbers))[::-1]  # of several the first one stays
        return np.sort(firsts[firsts >= 0])

    @property
    def number(self) -> int:
        """How many hits there are."""
        return len(self._sequence) if self._order.single else len(self._firsts)

    def between(self, start: int, stop: int) -> list[int]:
        """The hits of these numbers, in order: of each the document that stands first."""
        found: list[int] = []
        while start < min(stop, self.number):
            first, last = self._cell(start if self._order.single else int(self._firsts[start]))
            before = self._before(first)
            part = self._sorted(first, last, None)[0][start - before : stop - before]
            found += part.tolist()
            start += len(part)
        return found

    def up_to(self, after: Place | None) -> int:
        """How many hits stand up to a place."""
        if after is None:
            return 0
        target = [key.place(token) for key, token in zip(self._keys, after[:-1], strict=True)]
        for number, (key, place) in enumerate(zip(self._keys, target, strict=True), 1):
            if isinstance(key, RoughKey) and float(place).is_integer() and key.open[int(place)]:
                first, last = self._run(tuple(target[:number]))
                return self._before(first) + (self._sorted(first, last, after)[1] if first < last else 0)
        groups = self._order.groups
        whole = (*target, groups.place(str(after[-1])))

        def where(document: int) -> tuple[float, ...]:
            return (*self._places(document), int(groups.numbers[document]))

        return self._before(bisect_right(self._sequence, whole, key=where))

    def _before(self, place: int) -> int:
        """How many hits begin before a place in the sequence."""
        return place if self._order.single else int(np.searchsorted(self._firsts, place))

    def _places(self, document: int) -> tuple[float, ...]:
        return tuple(int(key.places[document]) for key in self._keys)

    def _run(self, places: tuple[float, ...]) -> tuple[int, int]:
        """From where to where documents have these places by the first keys."""

        def where(document: int) -> tuple[float, ...]:
            return tuple(int(key.places[document]) for key in self._keys[: len(places)])

        return bisect_left(self._sequence, places, key=where), bisect_right(self._sequence, places, key=where)

    def _cell(self, place: int) -> tuple[int, int]:
        """From where to where the documents stand together that steps do not tell apart from that of a place; of one
        that is told, from there to where such a cell begins, or some way."""
        own = self._places(int(self._sequence[place]))
        for number, (key, at) in enumerate(zip(self._keys, own, strict=True), 1):
            if isinstance(key, RoughKey) and key.open[int(at)]:
                return self._run(own[:number])
        block = self._sequence[place : place + BLOCK]
        is_open = self._open(block)
        return place, place + (int(np.argmax(is_open)) if is_open.any() else len(block))

    def _open(self, documents: Small) -> NDArray[np.bool_]:
        found = np.zeros(len(documents), np.bool_)
        for key in self._keys:
            if isinstance(key, RoughKey):
                found |= key.open[key.places[documents]]
        return found

    def _sorted(self, first: int, last: int, after: Place | None) -> tuple[Small, int]:
        """The hits that begin in a cell, in order, and how many of them stand up to a place."""
        documents = self._sequence[first:last]
        up_to = len(documents)
        exact = after is None and not self._open(documents[:1]).any()
        if not exact:
            order = np.lexsort(self._columns(documents, after)[::-1])
            if after is not None:
                up_to = int(np.flatnonzero(order == len(documents))[0])
                order = np.delete(order, up_to)
            documents = documents[order]
        if self._order.single:
            return documents, up_to
        numbers = self._order.groups.numbers
        begun = self._sequence[self._firsts[self._before(first) : self._before(last)]]
        wanted = np.zeros(len(self._order.groups.examples), np.bool_)
        wanted[numbers[begun]] = True
        places = np.flatnonzero(wanted[numbers[documents]])
        _, of_each = np.unique(numbers[documents[places]], return_index=True)
        places = places[np.sort(of_each)]
        return documents[places], int(np.searchsorted(places, up_to))

    def _columns(self, documents: Small, after: Place | None) -> list[NDArray[np.float64]]:
        """What documents are sorted by, exactly, the first before the others; a last row for the place."""
        columns: list[NDArray[np.float64]] = []

        def row(found: NDArray[np.float64], of_place: float) -> NDArray[np.float64]:
            return found if after is None else np.append(found, of_place)

        for number, key in enumerate(self._keys):
            token = after[number] if after is not None else None
            places = row(key.places[documents].astype(np.float64), key.place(token))
            columns.append(places)
            if isinstance(key, RoughKey):
                columns.append(self._ranks(key, documents, columns, token))
        groups = self._order.groups
        at = groups.place(str(after[-1])) if after is not None else 0.0
        columns.append(row(groups.numbers[documents].astype(np.float64), at))
        return columns

    @staticmethod
    def _ranks(
        key: RoughKey, documents: Small, columns: Sequence[NDArray[np.float64]], token: str | None
    ) -> NDArray[np.float64]:
        """The order within their steps of those documents that nothing before tells apart."""
        places = columns[-1]
        tied = places == np.floor(places)
        if any((column != column[0]).any() for column in columns):
            _, run, sizes = np.unique(np.stack(columns), axis=1, return_inverse=True, return_counts=True)
            tied &= sizes[run.reshape(-1)] > 1
        ranks = np.zeros(len(places))
        for place in np.unique(places[tied]).astype(np.int64).tolist():
            if not key.open[place]:
                continue
            rows = np.flatnonzero(tied & (places == place))
            own = rows[rows < len(documents)]
            ranks[own] = key.ranks(place, documents[own])
            if len(own) < len(rows):
                assert token is not None  # what is missing is in no step
                ranks[rows[-1]] = key.rank(place, token)
        return ranks

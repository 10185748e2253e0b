"""Which documents match, as numpy arrays: distinct patients and studies of a million documents in milliseconds.

Tantivy hands out matching documents one Python object each, 0.2 us a document, too slow for large answers. So for the
documents of a level there are, in arrays, the number of their study and patient, their instances and bytes, for
the conditions that were asked lately a bit for each document, and for the paths that were counted lately the value of
each. A query is then a few operations on bits. All of it belongs to one commit and goes with it.
"""

import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Query

from dicomlake.engines.base import RecordLevel
from dicomlake.engines.embedded.compile import every
from dicomlake.query.resolved import All, Any_, Between, Everything, Match, Not, Nothing, Resolved

if TYPE_CHECKING:
    from dicomlake.engines.embedded.snapshot import Snapshot

MOST_DOCUMENTS = 3_000_000
"""Documents of a level that has tables; a million take some 30 MB, and each condition 130 KB."""

CHUNK = 400_000
"""Documents that are fetched at once: while they are made into objects no other thread runs."""

CONDITIONS = 256
"""Conditions whose documents are remembered."""

RANGES = 16
"""Paths whose documents are remembered in order of their values, 4 MB a million: every range of them is at hand."""

VALUES = 64
"""Paths whose values are remembered document by document, 1 or 2 MB a million."""

RANGE_VALUES = 20_000
"""Values of paths that are remembered in either way; each takes a search."""

HEAD = 20_000
"""First documents in order of their uid that are known."""

Bits = NDArray[np.uint8]
Numbers = NDArray[np.int32]
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Matching:
    """The documents that match: for each of the tables whether it does, and the numbers of those that do."""

    tables: "Tables"
    chosen: NDArray[np.bool_]
    ids: NDArray[np.intp]

    def distinct(self, name: str) -> int:
        """How many different ones they have: ``series``, ``study`` or ``patient``."""
        numbers, of = self.tables.identities[name]
        seen = np.zeros(of, dtype=np.bool_)
        seen[numbers[self.ids]] = True
        return int(np.count_nonzero(seen))

    @property
    def instances(self) -> int:
        """Their instances."""
        return int(self.tables.instances[self.ids].sum())

    @property
    def size(self) -> int:
        """Their bytes."""
        return int(self.tables.size[self.ids].sum())

    def first(self, number: int) -> list[tuple[str, tantivy.DocAddress]] | None:
        """So many of them in order of uid; None when they do not stand among the first that are known."""
        ids, known = self.tables.head
        found = np.flatnonzero(self.chosen[ids])[:number]
        if len(found) < min(number, len(self.ids)):
            return None
        return [known[place] for place in found]


@dataclass(frozen=True, slots=True)
class _InOrder:
    """The documents of a path in order of their tokens; those of ``tokens[i]`` end at ``ends[i]``."""

    tokens: list[str]
    ends: NDArray[np.int64]
    ids: Numbers

    def between(self, query: Between) -> Numbers:
        """The documents with a token in the range."""
        low = query.letter if query.low is None else query.low
        high = chr(ord(query.letter) + 1) if query.high is None else query.high
        first = (bisect_left if query.include_low else bisect_right)(self.tokens, low)
        last = (bisect_right if query.include_high else bisect_left)(self.tokens, high)
        if last <= first:
            return self.ids[:0]
        return self.ids[int(self.ends[first - 1]) if first else 0 : int(self.ends[last - 1])]


@dataclass(frozen=True, slots=True)
class _Codes:
    """The token of each document, by its place in ``tokens`` counted from 1, 0 for none. Further tokens of a document
    stand in ``more``, its number in ``more_ids``."""

    tokens: list[str]
    codes: NDArray[np.integer[Any]]
    more: NDArray[np.integer[Any]]
    more_ids: Numbers

    @classmethod
    def of(cls, in_order: _InOrder, documents: int) -> "_Codes":
        """The same, document by document."""
        tokens = len(in_order.tokens)
        kind = np.uint8 if tokens < 256 else np.uint16
        every_code: NDArray[np.integer[Any]] = np.arange(1, tokens + 1).astype(kind)
        every_code = np.repeat(every_code, np.diff(in_order.ends, prepend=0))
        codes: NDArray[np.integer[Any]] = np.zeros(documents, kind)
        codes[in_order.ids] = every_code
        other = codes[in_order.ids] != every_code
        return cls(in_order.tokens, codes, every_code[other], in_order.ids[other])

    def counted(self, matching: Matching) -> tuple[dict[str, int], int]:
        """Documents by token, and those with none."""
        counts = np.bincount(self.codes[matching.ids], minlength=len(self.tokens) + 1)
        if len(self.more):
            counts += np.bincount(self.more[matching.chosen[self.more_ids]], minlength=len(counts))
        without = int(counts[0])
        counts[0] = 0
        found = np.flatnonzero(counts)
        tokens = (self.tokens[place - 1] for place in found.tolist())
        return dict(zip(tokens, counts[found].tolist(), strict=True)), without


class Tables:
    """The documents of one level in one commit."""

    def __init__(self, snapshot: "Snapshot", level: RecordLevel) -> None:
        self._snapshot = snapshot
        self._level = level
        self._lock = threading.Lock()
        self._conditions: OrderedDict[Resolved, Bits] = OrderedDict()
        self._ranges: OrderedDict[str, _InOrder] = OrderedDict()
        self._codes: OrderedDict[str, _Codes] = OrderedDict()
        self.number = snapshot.everything(level).documents
        columns: dict[str, list[NDArray[np.uint64]]] = {
            name: [] for name in ("series_hash", "study_hash", "patient_hash", "instances", "size")
        }
        places: list[NDArray[np.int64]] = []
        for addresses in fetched(snapshot, snapshot.at_level(Everything(), level), self.number):
            places.append(_places(addresses))
            for name, parts in columns.items():
                parts.append(np.array(snapshot.searcher.fast_field_values(name, addresses), np.uint64))
        self._places = np.concatenate(places) if places else np.zeros(0, np.int64)
        order = np.argsort(self._places)
        self._places = self._places[order]
        whole = {name: np.concatenate(parts)[order] for name, parts in columns.items()} if places else {}
        empty = np.zeros(0, np.uint64)
        named = ("study", "patient") if level == "series" else ("series", "study", "patient")
        self.identities = {name: _numbered(whole.get(f"{name}_hash", empty)) for name in named}
        self.instances = whole.get("instances", empty).astype(np.int64)
        self.size = whole.get("size", empty).astype(np.int64)

    @cached_property
    def head(self) -> tuple[Numbers, list[tuple[str, tantivy.DocAddress]]]:
        """The first documents in order of their uid."""
        if not self.number:
            return np.zeros(0, np.int32), []
        query = self._snapshot.at_level(Everything(), self._level)
        limit = min(HEAD, self.number)
        hits = first_by_uid(self._snapshot, query, limit)
        return self._ids([address for _, address in hits]), hits

    def matching(self, query: Resolved, *, fetch: bool) -> Matching | None:
        """The documents that match; None when conditions have to be fetched for that and ``fetch`` is not asked."""
        try:
            bits = self._bits(query, fetch)
        except _Unknown:
            return None
        chosen = np.unpackbits(bits, count=self.number).view(np.bool_)
        return Matching(self, chosen, np.flatnonzero(chosen))

    def learn(self, leaf: Resolved) -> Bits:
        """The documents of one condition, fetched unless they are known."""
        if isinstance(leaf, Between) and self._has_order(leaf.path):
            in_order = self._ranges.get(leaf.path) or self._in_order(leaf.path)
            self._keep(self._ranges, leaf.path, in_order, RANGES)
            return self._packed(in_order.between(leaf))
        if isinstance(leaf, Everything | Nothing):
            return self._bits(leaf, fetch=False)
        known = self._known(leaf)
        if known is None:
            known = self._fetched(leaf)
            self._keep(self._conditions, leaf, known, CONDITIONS)
        return known

    def learn_values(self, path: str) -> None:
        """Fetch what :meth:`counted` needs of a path."""
        if self._has_order(path) and path not in self._codes and self._snapshot.whole(self._level, path).told:
            in_order = self._ranges.get(path) or self._in_order(path)
            self._keep(self._codes, path, _Codes.of(in_order, self.number), VALUES)

    def knows(self, asked: Resolved | str) -> bool:
        """Whether a condition, or the values of a path, are at hand."""
        if isinstance(asked, str):
            return asked in self._codes
        return isinstance(asked, Everything | Nothing) or self._known(asked) is not None

    def counted(self, matching: Matching, path: str) -> tuple[dict[str, int], int] | None:
        """Documents by token of a path, and those with none; None when that is not at hand."""
        with self._lock:
            codes = self._codes.get(path)
            if codes is None:
                return None
            self._codes.move_to_end(path)
        return codes.counted(matching)

    def _keep(self, shelf: OrderedDict[Key, Value], key: Key, value: Value, most: int) -> None:
        with self._lock:
            shelf[key] = value
            while len(shelf) > most:
                shelf.popitem(last=False)

    def _bits(self, query: Resolved, fetch: bool) -> Bits:
        match query:
            case Everything():
                return self._packed(slice(None))
            case Nothing():
                return self._packed(slice(0))
            case All(parts):
                bits = self._packed(slice(None))
                for part in parts:
                    bits = bits & self._bits(part, fetch)
                return bits
            case Any_(parts):
                bits = self._packed(slice(0))
                for part in parts:
                    bits = bits | self._bits(part, fetch)
                return bits
            case Not(part):
                return ~self._bits(part, fetch)  # the bits behind the last document are never read
        known = self._known(query)
        if known is not None:
            return known
        if not fetch:
            raise _Unknown
        return self.learn(query)

    def _known(self, leaf: Resolved) -> Bits | None:
        with self._lock:
            known = self._conditions.get(leaf)
            if known is not None:
                self._conditions.move_to_end(leaf)
                return known
            in_order = self._ranges.get(leaf.path) if isinstance(leaf, Between) else None
        return self._packed(in_order.between(leaf)) if in_order and isinstance(leaf, Between) else None

    def _fetched(self, leaf: Resolved) -> Bits:
        query = self._snapshot.at_level(leaf, self._level)
        number = self._snapshot.count(query)
        most = number > self.number // 2
        if most:  # the others are fewer
            query = self._snapshot.at_level(Not(leaf), self._level)
            number = self.number - number
        ids = [self._ids(addresses) for addresses in fetched(self._snapshot, query, number)]
        bits = self._packed(np.concatenate(ids) if ids else slice(0))
        return ~bits if most else bits

    def _has_order(self, path: str) -> bool:
        counts = self._snapshot.whole(self._level, path).counts
        return counts is not None and len(counts) <= RANGE_VALUES

    def _in_order(self, path: str) -> _InOrder:
        counts = sorted((self._snapshot.whole(self._level, path).counts or {}).items())
        ids: list[Numbers] = []
        addresses: list[tantivy.DocAddress] = []
        for token, number in counts:
            query = self._snapshot.at_level(Match(path, (token,)), self._level)
            addresses += self._snapshot.addresses(query, number)
            if len(addresses) > CHUNK // 4:
                ids.append(self._ids(addresses))
                addresses = []
        ids.append(self._ids(addresses))
        ends = np.cumsum([number for _, number in counts], dtype=np.int64)
        return _InOrder([token for token, _ in counts], ends, np.concatenate(ids))

    def _ids(self, addresses: list[tantivy.DocAddress]) -> Numbers:
        return np.searchsorted(self._places, _places(addresses)).astype(np.int32)

    def _packed(self, ids: Numbers | slice) -> Bits:
        bits = np.zeros(self.number, dtype=np.bool_)
        bits[ids] = True
        return np.packbits(bits)


class _Unknown(Exception):
    """A condition whose documents are not at hand."""


def first_by_uid(snapshot: "Snapshot", query: Query, limit: int) -> list[tuple[str, tantivy.DocAddress]]:
    """The first matching documents in order of their uid."""
    found = snapshot.searcher.search(query, limit=limit, count=False, order_by_field="uid", order=tantivy.Order.Asc)
    return [(str(uid), address) for uid, address in found.hits]


def fetched(snapshot: "Snapshot", query: Query, number: int) -> Iterator[list[tantivy.DocAddress]]:
    """The matching documents, of which there are so many, in parts that have no study in common."""
    parts = -(-number // CHUNK)
    if parts <= 1:
        if number:
            yield snapshot.addresses(query, number)
        return
    for lower, upper in _slices(parts):
        within = every([query, snapshot.compiler.numbers_between("study_hash", lower, upper)])
        yield snapshot.addresses(within, snapshot.count(within))


def _slices(parts: int) -> Iterable[tuple[int, int]]:
    """Inclusive bounds that part the 64-bit numbers evenly."""
    edges = [2**64 * part // parts for part in range(parts + 1)]
    return [(lower, upper - 1) for lower, upper in pairwise(edges)]


def _places(addresses: list[tantivy.DocAddress]) -> NDArray[np.int64]:
    number = len(addresses)
    segments = np.fromiter((address.segment_ord for address in addresses), np.int64, number)
    return (segments << 32) | np.fromiter((address.doc for address in addresses), np.int64, number)


def _numbered(hashes: NDArray[np.uint64]) -> tuple[Numbers, int]:
    """Each value by its number, and how many there are."""
    distinct, numbers = np.unique(hashes, return_inverse=True)
    return numbers.astype(np.int32), len(distinct)

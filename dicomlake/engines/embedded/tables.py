"""Which documents match, as numpy arrays: distinct patients and studies of a million documents in milliseconds.

Tantivy hands out matching documents one Python object each, 0.2 us a document, too slow for large answers. So for the
documents of a level there are, in arrays, the number of their study and patient, their instances and bytes, for
the conditions that were asked lately a bit for each document, and for the paths that were counted lately the value of
each. A query is then a few operations on bits. All of it belongs to one commit and goes with it.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Query

from dicomlake.engines.base import RecordLevel
from dicomlake.engines.embedded.columns import Codes, InOrder, Numbers
from dicomlake.engines.embedded.compile import every
from dicomlake.query.resolved import All, Any_, Between, Everything, Has, Match, Not, Nothing, Resolved

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

SORTED = 300
"""Documents that are read and put in order; for more of them Tantivy is quicker."""

Bits = NDArray[np.uint8]
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Matching:
    """The documents that match: for each of the tables whether it does, and the numbers of those that do."""

    tables: "Tables"
    chosen: NDArray[np.bool_]
    ids: NDArray[np.intp]
    others: NDArray[np.intp] | None
    """The documents that do not match, where these are fewer: sums over them are taken from those over everything."""

    def total(self, of: NDArray[np.int64]) -> int:
        """The sum of a number of each document."""
        if self.others is not None:
            return int(of.sum()) - int(of.take(self.others).sum())
        return int(of.take(self.ids).sum())

    def distinct(self, name: str) -> int:
        """How many different ones they have: ``series``, ``study`` or ``patient``."""
        numbers, of = self.tables.identities[name]
        seen = np.zeros(of, dtype=np.bool_)
        seen[numbers.take(self.ids)] = True
        return int(np.count_nonzero(seen))

    @property
    def instances(self) -> int:
        """Their instances."""
        return self.total(self.tables.instances)

    @property
    def size(self) -> int:
        """Their bytes."""
        return self.total(self.tables.size)

    def first(self, number: int) -> list[tuple[str, tantivy.DocAddress]] | None:
        """So many of them in order of uid; None when they do not stand among the first that are known."""
        if len(self.ids) <= SORTED:
            return self.tables.by_uid(self.ids)[:number]
        ids, known = self.tables.head
        found = np.flatnonzero(self.chosen[ids])[:number]
        if len(found) < min(number, len(self.ids)):
            return None
        return [known[place] for place in found]


class Tables:
    """The documents of one level in one commit."""

    def __init__(self, snapshot: "Snapshot", level: RecordLevel) -> None:
        self._snapshot = snapshot
        self._level = level
        self._lock = threading.Lock()
        self._conditions: OrderedDict[Resolved, Bits] = OrderedDict()
        self._ranges: OrderedDict[str, InOrder] = OrderedDict()
        self._codes: OrderedDict[str, Codes] = OrderedDict()
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
        ids = np.flatnonzero(chosen)
        return Matching(self, chosen, ids, np.flatnonzero(~chosen) if len(ids) > self.number // 2 else None)

    def by_uid(self, ids: NDArray[np.intp]) -> list[tuple[str, tantivy.DocAddress]]:
        """These documents in order of their uid."""
        places = self._places[ids].tolist()
        addresses = [tantivy.DocAddress(place >> 32, place & 0xFFFFFFFF) for place in places]
        found = ((str(self._snapshot.searcher.doc(address).get_first("uid")), address) for address in addresses)
        return sorted(found, key=lambda one: one[0])

    def learn(self, leaf: Resolved) -> Bits:
        """The documents of one condition, fetched unless they are known."""
        if isinstance(leaf, Between) and leaf.path not in self._codes and self._has_order(leaf.path):
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
            self._keep(self._codes, path, Codes.of(in_order, self.number), VALUES)

    def knows(self, asked: Resolved | str) -> bool:
        """Whether a condition, or the values of a path, are at hand."""
        if isinstance(asked, str):
            return asked in self._codes
        return isinstance(asked, Everything | Nothing) or self._known(asked) is not None

    def values(self, path: str) -> Codes | None:
        """The values of a path document by document; None when they are not at hand."""
        with self._lock:
            codes = self._codes.get(path)
            if codes is not None:
                self._codes.move_to_end(path)
        return codes

    def counted(self, matching: Matching, path: str) -> tuple[dict[str, int], int] | None:
        """Documents by token of a path, and those with none; None when that is not at hand."""
        codes = self.values(path)
        return None if codes is None else codes.counted(matching)

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
            if not isinstance(leaf, Match | Between | Has):
                return None
            in_order = self._ranges.get(leaf.path) if isinstance(leaf, Between) else None
            codes = self._codes.get(leaf.path)
        if in_order is not None and isinstance(leaf, Between):
            return self._packed(in_order.between(leaf))
        if codes is None:
            return None
        known = np.packbits(codes.meeting(leaf))
        self._keep(self._conditions, leaf, known, CONDITIONS)
        return known

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

    def _in_order(self, path: str) -> InOrder:
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
        return InOrder([token for token, _ in counts], ends, np.concatenate(ids))

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

"""Which documents match, as numpy arrays: distinct patients and studies of a million documents in milliseconds.

Tantivy hands out matching documents one Python object each, 0.2 us a document, too slow for large answers. So for the
documents of a level there are, in arrays, the number of their study and patient, their instances and bytes, for
the conditions that were asked lately a bit for each document, and for the paths that were counted lately the value of
each. A query is then a few operations on bits. All of it belongs to one commit and goes with it.
"""

from functools import cached_property, partial
from typing import TYPE_CHECKING, Self

import numpy as np
import tantivy
from numpy.typing import NDArray

from dicomlake.engines.base import RecordLevel, Sort
from dicomlake.engines.embedded import source
from dicomlake.engines.embedded.columns import CodeCounts, Codes, InOrder, Numbers
from dicomlake.engines.embedded.fetch import address, fetched, first_by_uid
from dicomlake.engines.embedded.matching import Matching
from dicomlake.engines.embedded.order import Groups, Order, Ordering, SortKey, sorted_ids
from dicomlake.engines.embedded.rough import Key, RoughKey, RoughOrder
from dicomlake.engines.embedded.saved import Saved
from dicomlake.engines.embedded.steps import StepTables
from dicomlake.engines.kept import Kept
from dicomlake.query.resolved import All, Any_, Between, Everything, Has, Match, Not, Nothing, Resolved

if TYPE_CHECKING:
    from dicomlake.engines.embedded.snapshot import Snapshot

NEEDED = 80
"""Bytes of the budget a document without which a level has no tables: 30 for what every table needs, an eighth for each
condition, 1 or 2 for each path, 4 for each order."""

CONDITIONS = 256
"""Conditions whose documents are remembered, an eighth of a byte a document, in up to an eighth of the budget."""

PATHS = 256
"""Paths and orders that are remembered."""

RANGE_VALUES = 20_000
"""Values of paths whose documents a search waits for; each takes a search."""

HEAD = 20_000
"""First documents in order of their uid that are known."""

_KEY_FIELDS = {"series": "uid", "study": "study", "patient": "patient"}

Bits = NDArray[np.uint8]


class Tables:
    """The documents of one level in one commit."""

    def __init__(self, snapshot: "Snapshot", level: RecordLevel, saved: Saved, base: source.Base | None = None) -> None:
        self._snapshot = snapshot
        self.level = level
        self._saved = saved
        budget = snapshot.tables
        self._conditions: Kept[Resolved, Bits] = Kept(CONDITIONS, budget // 8)
        self._ranges: Kept[str, InOrder] = Kept(PATHS, budget // 16)
        self._codes: Kept[str, Codes] = Kept(PATHS, budget // 2)
        self._orders: Kept[Ordering, Order | RoughOrder] = Kept(PATHS, budget // 8)
        self._groups: dict[str, Groups | None] = {}
        self._beyond: set[str | Ordering] = set()
        self.number = snapshot.everything(level).documents
        if base is None and (base := saved.base()) is None:
            base = source.base(snapshot, level, self.number)
            saved.keep_base(base)
        self._places = base.places
        self._hashes = base.hashes
        self._steps = StepTables(snapshot, level, base.places)
        self.instances, self.size = base.instances, base.size
        self.identities = {name: (numbers, len(base.hashes[name])) for name, numbers in base.numbers.items()}
        """Numbers of series, studies and patients, and how many of them there are; they stay as they are, for threads
        share them."""

    @classmethod
    def opened(cls, snapshot: "Snapshot", level: RecordLevel, saved: Saved) -> Self | None:
        """Those on the disk; None when there are none of these documents."""
        base = saved.base()
        if base is None or len(base.places) != snapshot.everything(level).documents:
            return None
        return cls(snapshot, level, saved, base)

    @cached_property
    def head(self) -> Numbers:
        """The first documents in order of their uid."""
        return self._saved.head(self._read_head)

    def _read_head(self) -> Numbers:
        if not self.number:
            return np.zeros(0, np.int32)
        query = self._snapshot.at_level(Everything(), self.level)
        hits = first_by_uid(self._snapshot, query, min(HEAD, self.number))
        return self._ids([address for _, address in hits])

    def matching(self, query: Resolved, *, fetch: bool) -> Matching | None:
        """The documents that match; None when conditions have to be fetched for that and ``fetch`` is not asked."""
        try:
            bits = self._bits(query, fetch)
        except _Unknown:
            return None
        return self._matching(bits)

    def fetched(self, query: Resolved) -> Matching:
        """The documents that match, fetched at once, whatever conditions they meet."""
        return self._matching(self._fetched(query))

    def _matching(self, bits: Bits) -> Matching:
        chosen = np.unpackbits(bits, count=self.number).view(np.bool_)
        ids = np.flatnonzero(chosen)
        return Matching(self, chosen, ids, np.flatnonzero(~chosen) if len(ids) > self.number // 2 else None)

    def addresses(self, ids: Numbers | NDArray[np.intp] | list[int]) -> list[tantivy.DocAddress]:
        """Where these documents are."""
        return [address(place) for place in self._places[ids].tolist()]

    def by_uid(self, ids: Numbers | NDArray[np.intp]) -> list[tuple[str, tantivy.DocAddress]]:
        """These documents in order of their uid."""
        addresses = self.addresses(ids)
        found = ((str(self._snapshot.searcher.doc(address).get_first("uid")), address) for address in addresses)
        return sorted(found, key=lambda one: one[0])

    def learn_condition(self, leaf: Resolved) -> Bits:
        """The documents of one condition, fetched unless they are known."""
        if isinstance(leaf, Between) and self._coded(leaf.path) is None and self._has_order(leaf.path):
            in_order = self._ranges.get(leaf.path) or self._in_order(leaf.path)
            if in_order is not None:
                self._ranges.put(leaf.path, in_order, in_order.size)
                return self._packed(in_order.between(leaf))
        if isinstance(leaf, Everything | Nothing):
            return self._bits(leaf, fetch=False)
        known = self._known(leaf)
        if known is None:
            known = self._fetched(leaf)
            self._conditions.put(leaf, known, known.nbytes)
        return known

    def learn_values(self, path: str) -> Codes | None:
        """The values of a path document by document, fetched unless they are known; None when they are too many."""
        codes = self._coded(path)
        if codes is None:
            codes = self._saved.codes(path, partial(self._read_values, path))
            if codes is not None:
                self._codes.put(path, codes, codes.size)
        return codes

    def _read_values(self, path: str) -> Codes | None:
        in_order = self._ranges.get(path)
        if in_order is None and (codes := source.alone(self._snapshot, self.level, path, self._places)) is not None:
            return codes
        in_order = in_order or self._in_order(path)
        if in_order is None:
            return None
        return Codes.of(in_order, self.number, self._snapshot.whole(self.level, path).missing)

    def _coded(self, path: str) -> Codes | None:
        """The values of a path, when they are in memory or on the disk."""
        codes = self._codes.get(path)
        if codes is None and (codes := self._saved.codes(path)) is not None:
            self._codes.put(path, codes, codes.size)
        return codes

    def learn_order(self, ordering: Ordering) -> None:
        """Make what :meth:`order` gives."""
        groups = self._grouped(ordering.level)
        found = [self._sort_key(sort) for sort in ordering.sort] if groups is not None else [None]
        keys = tuple(key for key in found if key is not None)
        if groups is None or len(keys) < len(found):
            self._saved.beyond(ordering)
            return
        single = ordering.level == self.level
        exact = tuple(key for key in keys if isinstance(key, SortKey))
        order: Order | RoughOrder
        if len(exact) == len(keys):
            ids = self._saved.order(ordering, partial(sorted_ids, keys, groups, single))
            order = Order(ids, exact, groups, single)
        else:
            order = RoughOrder(sorted_ids(keys, groups, single), keys, groups, single)
        self._orders.put(ordering, order, order.size)

    def _sort_key(self, sort: Sort) -> Key | None:
        """The places of documents by a path: by its values, or where these are very many by steps of them, which are
        not kept on the disk. Who makes tables beforehand has the time to ask for each value."""
        codes = self._coded(sort.path)
        if codes is None and (self._saved.writes or not self._steps.many(sort.path)):
            codes = self.learn_values(sort.path)
        if codes is not None:
            return SortKey.of(codes, sort)
        steps = None if self._saved.writes else self._steps.of(sort.path)
        return RoughKey.of(steps, sort, partial(self._steps.told, sort.path)) if steps is not None else None

    def learn(self, asked: Resolved | str | Ordering) -> None:
        """Fetch a condition, the values of a path, or an order. What tables cannot have is not tried anew."""
        if isinstance(asked, str):
            self.learn_values(asked)
        elif isinstance(asked, Ordering):
            self.learn_order(asked)
        else:
            self.learn_condition(asked)
            return
        if not self.knows(asked):
            self._beyond.add(asked)

    def knows(self, asked: Resolved | str | Ordering) -> bool:
        """Whether a condition, the values of a path or an order are at hand, or cannot be."""
        if not isinstance(asked, Resolved) and asked in self._beyond:
            return True
        if isinstance(asked, str):
            return asked in self._codes or self._saved.has(asked)
        if isinstance(asked, Ordering):
            return asked in self._orders or self._saved.has(asked)
        return isinstance(asked, Everything | Nothing) or self._known(asked) is not None

    def values(self, path: str) -> Codes | None:
        """The values of a path document by document, and where it is missing; None when that is not at hand."""
        codes = self._coded(path)
        return codes if codes is not None and codes.told else None

    def counted(self, matching: Matching, path: str) -> CodeCounts | None:
        """Documents by token of a path, and those where it is missing; None when that is not at hand."""
        codes = self.values(path)
        return None if codes is None else codes.counted(matching)

    def order(self, ordering: Ordering) -> Order | RoughOrder | None:
        """The documents in an order; None when it is not at hand."""
        order = self._orders.get(ordering)
        if order is None and self._saved.has(ordering):
            self.learn_order(ordering)
            order = self._orders.get(ordering)
        return order

    def _grouped(self, level: str) -> Groups | None:
        """The hits of a level in order of their keys; None when that cannot be told by the hashes of the keys."""
        if level not in self._groups:
            self._groups[level] = self._named(level) if self.level == "series" else None
        return self._groups[level]

    def _named(self, name: str) -> Groups | None:
        found = self._saved.groups(name, partial(self._read_groups, name))
        if found is None:
            return None
        numbers, examples = found
        field = _KEY_FIELDS[name]

        def key(document: int) -> str:
            return str(self._snapshot.searcher.doc(self.addresses([document])[0]).get_first(field))

        return Groups(numbers, examples, key)

    def _read_groups(self, name: str) -> tuple[Numbers, Numbers] | None:
        numbers, distinct = self.identities[name]
        order = source.key_order(self._snapshot, _KEY_FIELDS[name], self._hashes[name])
        if order is None or (name == "series" and distinct != self.number):
            return None
        numbers = order[numbers]
        examples = np.zeros(distinct, np.int32)
        examples[numbers[::-1]] = np.arange(self.number, dtype=np.int32)[::-1]  # of several the first one stays
        return numbers, examples

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
        return self.learn_condition(query)

    def _known(self, leaf: Resolved) -> Bits | None:
        known = self._conditions.get(leaf)
        if known is not None:
            return known
        if not isinstance(leaf, Match | Between | Has):
            return None
        in_order = self._ranges.get(leaf.path) if isinstance(leaf, Between) else None
        if in_order is not None and isinstance(leaf, Between):
            return self._packed(in_order.between(leaf))
        codes = self._coded(leaf.path)
        if codes is None:
            return None
        if isinstance(leaf, Has) and not codes.told:
            return None
        known = np.packbits(codes.meeting(leaf))
        self._conditions.put(leaf, known, known.nbytes)
        return known

    def _fetched(self, leaf: Resolved) -> Bits:
        query = self._snapshot.at_level(leaf, self.level)
        number = self._snapshot.count(query)
        most = number > self.number // 2
        if most:  # the others are fewer
            query = self._snapshot.at_level(Not(leaf), self.level)
            number = self.number - number
        ids = [self._ids(addresses) for addresses in fetched(self._snapshot, query, number)]
        bits = self._packed(np.concatenate(ids) if ids else slice(0))
        return ~bits if most else bits

    def _has_order(self, path: str) -> bool:
        counts = self._snapshot.whole(self.level, path).counts
        return counts is not None and len(counts) <= RANGE_VALUES

    def _in_order(self, path: str) -> InOrder | None:
        tokens = source.tokens(self._snapshot, self.level, path)
        return None if tokens is None else source.in_order(self._snapshot, self.level, path, tokens, self._places)

    def _ids(self, addresses: list[tantivy.DocAddress]) -> Numbers:
        return source.numbered(self._places, addresses)

    def _packed(self, ids: Numbers | slice) -> Bits:
        bits = np.zeros(self.number, dtype=np.bool_)
        bits[ids] = True
        return np.packbits(bits)


class _Unknown(Exception):
    """A condition whose documents are not at hand."""

"""Where the tables of a level are kept, and who builds them.

A table is built when it is first needed: at once where an exact answer waits for it, and by a thread of its own for
fast answers, which meanwhile estimate or ask Tantivy.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from dicomlake.engines.base import RecordLevel
from dicomlake.engines.embedded.many import TERMS_LIMIT
from dicomlake.engines.embedded.matching import Matching
from dicomlake.engines.embedded.order import Order, Ordering
from dicomlake.engines.embedded.rough import RoughOrder
from dicomlake.engines.embedded.saved import Asked, Saved
from dicomlake.engines.embedded.steps import many
from dicomlake.engines.embedded.tables import NEEDED, Tables
from dicomlake.query.resolved import All, Any_, Not, Resolved

if TYPE_CHECKING:
    from dicomlake.engines.embedded.snapshot import Snapshot

Fetched = Resolved | Asked
"""A condition, or a table that is kept."""

_LOOKS = 0.05
"""Seconds between looks for tables that another process makes."""

_PATIENCE = 1.0
"""Seconds for which a search waits for them; of a million documents they are made in so much."""


class Shelf:
    """Where the tables of a level are kept, if it has not too many documents, and who builds them."""

    def __init__(self, snapshot: "Snapshot", level: RecordLevel) -> None:
        self._snapshot = snapshot
        self._level = level
        self.saved = Saved(snapshot.store, level)
        self._building = threading.Lock()
        self._tables: Tables | None = None
        self._ordering = threading.Lock()
        self._asking = threading.Lock()
        self._asked: OrderedDict[Fetched, None] = OrderedDict()
        self._counted: set[str] = set()
        self._thread: threading.Thread | None = None

    @property
    def fits(self) -> bool:
        """Whether the level has tables at all."""
        return self._snapshot.everything(self._level).documents * NEEDED <= self._snapshot.tables

    def awaited(self, ordering: Ordering) -> bool:
        """Whether it is better to wait for an order than to walk: what every order needs is on the disk, or a path has
        so many values that a walk takes longer than to make that, too. While tables are being made the order is likely
        to be among them soon, so that only a walk over so many values is worth making it here as well."""
        number = self._snapshot.everything(self._level).documents
        long = any(many(self._snapshot, self._level, sort.path, number) for sort in ordering.sort)
        if self._snapshot.warming():
            return long and self.saved.has()
        return long or self.saved.has()

    def matching(self, query: Resolved, *, wait: bool) -> Matching | None:
        """The documents that match; None for a level without tables, and when ``wait`` is not asked for and they are
        not ready."""
        if not self.fits:
            return None
        if wait:
            return self._ready().matching(query, fetch=True)
        tables = self._at_hand()
        return tables.matching(query, fetch=False) if tables is not None else None

    def fetched(self, query: Resolved) -> Matching | None:
        """The documents that match, asked of Tantivy when they are not ready; None when there are no tables yet."""
        tables = self._at_hand()
        return (tables.matching(query, fetch=False) or tables.fetched(query)) if tables is not None else None

    def order(self, ordering: Ordering, *, wait: bool = False) -> Order | RoughOrder | None:
        """The documents in an order; None for a level without tables or such an order, and when ``wait`` is not asked
        for and it is not ready."""
        if wait and self.fits:
            with self._ordering:
                tables = self._ready()
                if not tables.knows(ordering):
                    tables.learn(ordering)
                return tables.order(ordering)
        at_hand = self._at_hand()
        return at_hand.order(ordering) if at_hand is not None else None

    def prepare(self, query: Resolved, paths: Iterable[str] = (), ordering: Ordering | None = None) -> None:
        """Let a thread fetch what the query needs, what counting the paths does if that was asked before, and an
        order."""
        if not self.fits:
            return
        tables = self._at_hand()
        with self._asking:
            counted = set(paths)
            asked = [*_conditions(query), *(counted & self._counted), *([ordering] if ordering else [])]
            self._counted |= counted
            new = [one for one in asked if tables is None or not tables.knows(one)]
            self._asked.update(dict.fromkeys(new))
            if new and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="tables of the index", daemon=True)
                self._thread.start()

    def rest(self) -> None:
        """Wait until nothing is being prepared."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def stop(self) -> None:
        """Prepare nothing more."""
        with self._asking:
            self._asked.clear()

    def build(self, wanted: Sequence[Asked]) -> None:
        """Make tables and keep them on the disk: the first one, then the others, those that take longest last. Raises
        OSError."""
        tables = Tables(self._snapshot, self._level, Saved(self._snapshot.store, self._level, write=True))
        if self._level == "instance":
            _ = tables.head
        for one in [*wanted[:1], *sorted(wanted[1:], key=self._cost)]:
            tables.learn(one)

    def _cost(self, asked: Asked) -> int:
        """About how many values have to be asked for."""
        if isinstance(asked, Ordering):
            return max((self._cost(sort.path) for sort in asked.sort), default=TERMS_LIMIT)
        counts = self._snapshot.whole(self._level, asked).counts
        return 2 * TERMS_LIMIT if counts is None else len(counts)

    def _at_hand(self) -> Tables | None:
        """The tables, when they have been made or are on the disk."""
        if self._tables is None and self.fits and self.saved.has():
            with self._building:
                if self._tables is None:
                    self._tables = Tables.opened(self._snapshot, self._level, self.saved)
        return self._tables

    def _ready(self) -> Tables:
        tables = self._made_soon(_PATIENCE)
        if tables is not None:
            return tables
        with self._building:
            if self._tables is None:
                self._tables = Tables(self._snapshot, self._level, self.saved)
            return self._tables

    def _made_soon(self, patience: float) -> Tables | None:
        """The tables, when they are at hand or another process has been making them, which began earlier: it is waited
        for, so many seconds at most."""
        until = time.monotonic() + patience
        while (tables := self._at_hand()) is None and self._snapshot.warming() and time.monotonic() < until:
            time.sleep(_LOOKS)
        return tables

    def _work(self) -> None:
        try:
            with suppress(ValueError):  # the index has been damaged; who searches it is told
                tables = self._made_soon(math.inf) or self._ready()
                if self._level == "instance":
                    _ = tables.head
                while (asked := self._next()) is not None:
                    if isinstance(asked, str | Ordering) and self._snapshot.warming():
                        continue  # most likely it is being made; it will be asked for again
                    tables.learn(asked)
        finally:
            with self._asking:
                self._asked.clear()
                self._thread = None

    def _next(self) -> Fetched | None:
        with self._asking:
            return self._asked.popitem()[0] if self._asked else None


def _conditions(query: Resolved) -> Iterator[Resolved]:
    """What tables know the documents of, one by one."""
    if isinstance(query, All | Any_):
        for part in query.parts:
            yield from _conditions(part)
    elif isinstance(query, Not):
        yield from _conditions(query.part)
    else:
        yield query

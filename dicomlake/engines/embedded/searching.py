"""What searches an index, commit after commit: the snapshot of the last one, and the process that makes its tables.

Apart from the engine, since it takes a tenth of a second to load and who writes has no use for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import tantivy

from dicomlake.engines.base import Found, Plan, RecordLevel
from dicomlake.engines.embedded.compile import Compiler
from dicomlake.engines.embedded.many import Place
from dicomlake.engines.embedded.saved import Asked
from dicomlake.engines.embedded.schema import Layout
from dicomlake.engines.embedded.search import Search
from dicomlake.engines.embedded.snapshot import LEVELS, Snapshot
from dicomlake.engines.embedded.store import Store
from dicomlake.engines.embedded.warming import Warming


class Searching:
    """The searches of the index in ``folder``. ``tables``: bytes that the tables of a level may take."""

    def __init__(self, folder: Path, compiler: Compiler, layout: Layout, tables: int) -> None:
        self._folder = folder
        self._compiler = compiler
        self._layout = layout
        self._tables = tables
        self._warming = Warming(str(folder.absolute()), layout.columns, tables)
        self._snapshot: Snapshot | None = None

    def follow(self, searcher: tantivy.Searcher, generation: str, segments: bytes) -> None:
        """Another commit is searched now; ``segments`` names it."""
        old = self._snapshot
        self._snapshot = Snapshot(
            searcher,
            self._compiler,
            self._layout,
            generation,
            Store(self._folder, segments),
            self._warming.running,
            self._tables,
        )
        if old is not None:
            old.stop()
            self._warming.follow(self._snapshot)

    @property
    def snapshot(self) -> Snapshot:
        """That of the commit."""
        assert self._snapshot is not None  # follow() made it
        return self._snapshot

    def run(self, plan: Plan) -> Found:
        """Answer a plan."""
        return Search(self.snapshot).run(plan)

    def place(self, plan: Plan, skip: int) -> Place | None:
        """As :meth:`Search.place`."""
        return Search(self.snapshot).place(plan, skip)

    def documents(self) -> dict[RecordLevel, int]:
        """How many there are of each level."""
        return {level: self.snapshot.everything(level).documents for level in LEVELS}

    def want(self, plans: Iterable[Plan]) -> None:
        """Have the tables made that these take, now and after every commit."""
        self._warming.want(plans, self.snapshot)

    def build(self, commit: str, wanted: Mapping[RecordLevel, Sequence[Asked]]) -> bool:
        """As that of the engine."""
        store = self.snapshot.store
        if store is None or store.commit != commit:
            return False
        store.clean()
        for level, of in wanted.items():
            self.snapshot.shelves[level].build(of)
        return True

    def finish(self) -> None:
        """Wait until what was wanted is made."""
        self._warming.finish()
        self.snapshot.prepared()

    def stop(self) -> None:
        """Make nothing more."""
        self._warming.stop()
        self.snapshot.stop()

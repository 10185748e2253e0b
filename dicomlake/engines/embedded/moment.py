"""One commit of a Tantivy index, asked more than once: its searcher keeps the files of that commit open."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final

from tantivy import Query

from dicomlake.engines.base import Found, Member, Moment, Plan, RecordLevel
from dicomlake.engines.embedded.cost import refuse_costly
from dicomlake.engines.embedded.many import TERMS_LIMIT
from dicomlake.engines.embedded.members import member
from dicomlake.engines.embedded.schema import decode_key
from dicomlake.engines.embedded.search import Search
from dicomlake.engines.embedded.snapshot import Snapshot
from dicomlake.query.resolved import Resolved

WALK: Final = 5_000
"""Documents that a walk finds at a time."""

Reading = Callable[[], AbstractContextManager[None]]
"""Turns what Tantivy raises over a damaged index into the engine's error."""


class EmbeddedMoment(Moment):
    """A snapshot, and how its errors are told."""

    def __init__(self, snapshot: Snapshot, reading: Reading) -> None:
        self._snapshot = snapshot
        self._searcher = snapshot.searcher
        self._compiler = snapshot.compiler
        self._layout = snapshot.layout
        self._reading = reading

    @property
    def generation(self) -> str:
        return self._snapshot.generation

    def search(self, plan: Plan) -> Found:
        with self._reading():
            return Search(self._snapshot).run(plan)

    def walk(self, level: RecordLevel, query: Resolved) -> Iterator[Member]:
        refuse_costly(self._searcher, self._layout, query)
        # Equal scores leave the documents in the order in which they are stored: reading them so is a sequential read.
        matching = Query.const_score_query(self._snapshot.at_level(query, level), 1.0)
        place = 0
        with self._reading():
            while hits := self._searcher.search(matching, limit=WALK, count=False, offset=place).hits:
                yield from (member(self._searcher.doc(address)) for _, address in hits)
                place += len(hits)

    def kept(self, series: Iterable[str]) -> dict[str, bytes]:
        wanted = [f"k:{uid}" for uid in series]
        if not wanted:
            return {}
        with self._reading():
            hits = self._searcher.search(self._compiler.terms("id", wanted), limit=len(wanted), count=False).hits
            found = [self._searcher.doc(address) for _, address in hits]
        return {str(one.get_first("uid")): bytes(one.get_first("kept") or b"") for one in found}

    def vocabulary(self, level: RecordLevel, path: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """As the engine's: of a column a walk over its dictionary, of another path one aggregation."""
        within = self._compiler.term("level", level)
        column = self._layout.columns.get(path)
        with self._reading():
            if column is not None:
                return self._searcher.terms_with_prefix(column, prefix, within, limit)
            size = {"size": TERMS_LIMIT, "segment_size": TERMS_LIMIT}
            wanted = {"x": {"terms": {"field": self._layout.text_field(path), **size}}}
            terms: Any = self._searcher.aggregate(within, wanted)["x"]
        found = [(term["key"], term["doc_count"]) for term in terms["buckets"] if term["key"].startswith(prefix)]
        return sorted(found, key=lambda one: (-one[1], one[0]))[:limit]

    def present(self, level: RecordLevel) -> dict[str, int]:
        """As the engine's."""
        with self._reading():
            found = self._searcher.terms_with_prefix("e", "", self._compiler.term("level", level))
        return {decode_key(key): documents for key, documents in found}

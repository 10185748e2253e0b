"""One commit of a Tantivy index, asked more than once: its searcher keeps the files of that commit open."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager

from dicomlake.engines.base import Found, Member, Plan, RecordLevel, Snapshot
from dicomlake.engines.embedded.search import Search
from dicomlake.query.resolved import Resolved


class EmbeddedSnapshot(Snapshot):
    """``reading`` turns what Tantivy raises over a damaged index into the engine's error."""

    def __init__(self, search: Search, reading: Callable[[], AbstractContextManager[None]]) -> None:
        self._search = search
        self._reading = reading

    @property
    def generation(self) -> str:
        return self._search.generation

    def search(self, plan: Plan) -> Found:
        with self._reading():
            return self._search.run(plan)

    def walk(self, level: RecordLevel, query: Resolved) -> Iterator[Member]:
        with self._reading():
            yield from self._search.walk(query, level)

    def kept(self, series: Iterable[str]) -> dict[str, bytes]:
        with self._reading():
            return self._search.kept(series)

"""One commit on the server, asked more than once."""

from base64 import b64decode
from collections.abc import Iterable, Iterator
from typing import Final

from dicomlake.engines.base import Found, Member, Moment, Plan, RecordLevel
from dicomlake.engines.opensearch.cost import refuse_costly
from dicomlake.engines.opensearch.hits import by_id, member
from dicomlake.engines.opensearch.lines import Line, kind_of
from dicomlake.engines.opensearch.ordered import FETCHED, found, searched
from dicomlake.engines.opensearch.search import search
from dicomlake.engines.opensearch.snapshot import Snapshot
from dicomlake.query.resolved import Resolved

WALK: Final = 5_000
"""Documents that a walk finds at a time."""


class OpenSearchMoment(Moment):
    """A snapshot as the contract has it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    @property
    def generation(self) -> str:
        return self._snapshot.generation

    def search(self, plan: Plan) -> Found:
        return search(self._snapshot, plan)

    def walk(self, level: RecordLevel, query: Resolved) -> Iterator[Member]:
        snapshot = self._snapshot
        refuse_costly(snapshot, kind_of(level), [query])
        compiled = snapshot.compile(query)
        for shard in range(snapshot.shards):
            # As many slices as shards: each is one of them, and its documents come as they are stored.
            part = {"slice": {"id": shard, "max": snapshot.shards}} if snapshot.shards > 1 else {}
            body = searched(compiled, WALK, ["_doc"], **FETCHED, **part)
            while True:
                hits = found(snapshot.ask([Line(kind_of(level), body)], again="search_after" not in body)[0])
                yield from map(member, hits)
                if len(hits) < WALK:
                    break
                body["search_after"] = hits[-1]["sort"]

    def kept(self, series: Iterable[str]) -> dict[str, bytes]:
        hits = self._snapshot.run(by_id("kept", list(series), stored_fields=["kept"]))
        return {hit["_id"]: b64decode(hit["fields"]["kept"][0]) for hit in hits}

    def get(self, level: RecordLevel, uids: Iterable[str]) -> dict[str, Member]:
        """As the engine's."""
        hits = self._snapshot.run(by_id(kind_of(level), list(uids), **FETCHED))
        return {hit["_id"]: member(hit) for hit in hits}

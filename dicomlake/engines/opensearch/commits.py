"""Commits made and seen: what readers look at is always one whole commit.

Whoever commits says so before the indices are refreshed and again when all of them are. A reader takes points in time
between two looks at what the server says: when both say the same, and no commit was being made, they are one commit.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from dicomlake.engines.opensearch.client import Client, Pauses
from dicomlake.engines.opensearch.indices import KINDS, Indices, Kind
from dicomlake.engines.opensearch.schema import Layout
from dicomlake.engines.opensearch.snapshot import KEEP_ALIVE, Pit, Snapshot
from dicomlake.engines.opensearch.state import Commit, State
from dicomlake.errors import CursorExpiredError

_PATIENCE: Final = 5.0
"""Seconds that a new reader waits for a commit that is being made; a writer may have died over it."""


class Commits:
    """The commits of one lake."""

    def __init__(self, client: Client, indices: Indices, state: State, layout: Layout) -> None:
        self._client = client
        self._indices = indices
        self._state = state
        self._layout = layout
        self._shards = indices.shards()
        self._unused: deque[str] = deque()

    def make(self, touched: Iterable[Kind]) -> None:
        """Make what was put into these indices visible."""
        kinds = set(touched)
        if kinds:
            self._state.change(lambda before: replace(before, pending=True))
            self._indices.refresh(kinds)

        def done(before: Commit) -> Commit:
            number = before.number + 1
            marks = {**before.marks, **dict.fromkeys(kinds, number)}
            return replace(before, number=number, pending=False, marks=marks)

        self._state.change(done)

    def snapshot(self, last: Snapshot | None) -> Snapshot:
        """The last commit; ``last`` itself when there was none since, or another is being made."""
        pauses = Pauses(_PATIENCE)
        before = self._state.read()
        while True:
            if last is not None and (before.generation == last.generation or before.pending):
                return last
            pits = {kind: self._pit(kind, before, last) for kind in KINDS}
            after = self._state.read()
            waited = not pauses.wait() if before.pending else False
            if after == before and (not before.pending or waited):
                return Snapshot(self._client, self._layout, before, pits, self._shards, self._reopened)
            before = after

    def _pit(self, kind: Kind, commit: Commit, last: Snapshot | None) -> Pit:
        """A point in time; that of an earlier commit that left the index as it was."""
        if last is not None and _same(kind, commit, last.commit):
            return last.pits[kind]
        return self._opened(kind)

    def _opened(self, kind: Kind) -> Pit:
        path = f"/{self._indices.name(kind)}/_search/point_in_time"
        answer = self._client.call("POST", path, keep_alive=KEEP_ALIVE, allow_partial_pit_creation="false")
        return Pit(answer["pit_id"], self._unused.append)

    def _reopened(self, commit: Commit, kind: Kind) -> Pit:
        """Another point in time of a commit. Raises CursorExpiredError when it is no longer the last one."""
        pit = self._opened(kind)
        now = self._state.read()
        if now.pending or not _same(kind, now, commit):
            raise CursorExpiredError("the server has let go of the commit that was looked at; begin again")
        return pit

    def let_go(self) -> None:
        """Tell the server of points in time that nobody uses any more."""
        names = [self._unused.popleft() for _ in range(len(self._unused))]
        if names:
            self._client.call("DELETE", "/_search/point_in_time", {"pit_id": names}, allowed=(404,))


def _same(kind: Kind, one: Commit, other: Commit) -> bool:
    marks: tuple[Mapping[Kind, int], ...] = (one.marks, other.marks)
    return one.lake == other.lake and marks[0].get(kind) == marks[1].get(kind)

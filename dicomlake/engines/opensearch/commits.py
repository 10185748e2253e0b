"""Commits made and seen: what readers look at is one whole commit of the only writer, or of several that take turns.

Whoever commits says so before the indices are refreshed and again when all of them are. A reader takes points in time
between two looks at what the server says: when both say the same, and no commit was being made, they are one commit.

Where several write at a time, one's refresh shows what the others have put so far, and there may always be one that
commits. So a reader waits for a quiet moment only for a while; then it takes what is there, which is that commit and
parts of later ones.
"""

import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final
from uuid import uuid4

from dicomlake.engines.opensearch.client import Client, Pauses
from dicomlake.engines.opensearch.indices import KINDS, Indices, Kind
from dicomlake.engines.opensearch.schema import Layout
from dicomlake.engines.opensearch.snapshot import KEEP_ALIVE, Pit, Snapshot
from dicomlake.engines.opensearch.state import Commit, State
from dicomlake.errors import CursorExpiredError

_PATIENCE: Final = 5.0
"""Seconds that a reader waits for a commit that is being made; a writer may have died over it, or another follows."""

_FORGOTTEN: Final = 600.0
"""Seconds after which whoever commits takes it that another, whose commit has not ended, has died over it."""


class Commits:
    """The commits of one lake."""

    def __init__(self, client: Client, indices: Indices, state: State, layout: Layout) -> None:
        self._client = client
        self._indices = indices
        self._state = state
        self._layout = layout
        self._shards = indices.shards()
        self._unused: deque[str] = deque()
        self._behind: float | None = None
        """Since when there was another commit, and never a quiet moment."""
        self._met: dict[str, float] = {}
        """When each commit that has not ended was first met."""

    def make(self, touched: Iterable[Kind]) -> None:
        """Make what was put into these indices visible."""
        kinds, name = set(touched), uuid4().hex[:8]
        if kinds:
            self._state.change(lambda before: replace(before, pending=(*before.pending, name)))
            self._indices.refresh(kinds)

        def done(before: Commit) -> Commit:
            number = before.number + 1
            marks = {**before.marks, **dict.fromkeys(kinds, number)}
            pending = self._alive(one for one in before.pending if one != name)
            return replace(before, number=number, pending=pending, marks=marks)

        self._state.change(done)

    def _alive(self, pending: Iterable[str]) -> tuple[str, ...]:
        now = time.monotonic()
        self._met = {one: self._met.get(one, now) for one in pending}
        return tuple(one for one, since in self._met.items() if now - since < _FORGOTTEN)

    def snapshot(self, last: Snapshot | None, *, at_once: bool = False) -> Snapshot:
        """The last commit; ``last`` itself when there was none since, or others are being made. ``at_once``: the last
        commit in any case, with whatever else is there, as a writer needs it that has its part for itself."""
        pauses, until = Pauses(_PATIENCE), time.monotonic() + _PATIENCE
        before = self._state.read()
        while True:
            if last is not None and before.generation == last.generation:
                self._behind = None
                return last
            waits = bool(before.pending) and not at_once
            if waits and last is not None and not self._late():
                return last
            pits = {kind: self._pit(kind, before, last) for kind in KINDS}
            after = self._state.read()
            quiet = after == before and not before.pending
            if quiet or at_once or (last is not None and waits) or time.monotonic() >= until:
                self._behind = None
                return Snapshot(self._client, self._layout, before, pits, self._shards, self._reopened)
            if before.pending:
                pauses.wait()
            before = after

    def _late(self) -> bool:
        """Whether there has been no quiet moment for long enough."""
        now = time.monotonic()
        if self._behind is None:
            self._behind = now
        return now - self._behind >= _PATIENCE

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

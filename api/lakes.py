"""The lake behind the service: opened when it appears, opened again when it was replaced."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from dicomlake.catalog import Catalog
from dicomlake.errors import LakeError
from dicomlake.lake import BUDGET, Choice, Lake
from dicomlake.messages import Message
from dicomlake.search import Limits, Searcher

Mark = tuple[int, int, int]


@dataclass(slots=True)
class _Held:
    """An open lake, the identity of its folder, and how many requests are using it."""

    lake: Lake
    searcher: Searcher
    mark: Mark | None
    users: int = 0
    retired: bool = False


class LakeKeeper:
    """Lends the searcher of one data folder to many threads; its searches keep to the limits.

    The folder need not exist yet. When it is deleted and made anew, the next request sees the new one, and the old is
    let go when its last request has ended.
    """

    def __init__(
        self, path: Path, limits: Limits | None = None, tables: int = BUDGET, choice: Choice | None = None
    ) -> None:
        self.path = path
        self._choice = choice
        self._tables = tables
        self._limits = limits
        self._lock = threading.Lock()
        self._held: _Held | None = None

    @contextmanager
    def searcher(self) -> Iterator[Searcher]:
        """The searcher, for the time of one request. Raises LakeError when the folder cannot be read."""
        with self.marked() as (searcher, _):
            yield searcher

    @contextmanager
    def marked(self) -> Iterator[tuple[Searcher, Mark | None]]:
        """The searcher and what tells its index from others in this place, as :meth:`searcher` does."""
        held = self._take()
        try:
            yield held.searcher, held.mark
        finally:
            self._give_back(held)

    @contextmanager
    def catalog(self) -> Iterator[Catalog]:
        """The catalogue, for the time of one request. Raises LakeError when the folder cannot be read."""
        held = self._take()
        try:
            yield held.lake.catalog
        finally:
            self._give_back(held)

    def begin(self) -> None:
        """Open the lake if it is there, so that what people ask for first is being made ready."""
        with suppress(LakeError), self.searcher():
            pass

    def close(self) -> None:
        """Let go of the lake as soon as nobody uses it."""
        with self._lock:
            self._retire()

    def _take(self) -> _Held:
        with self._lock:
            mark = self._mark()
            if self._held is None or mark is None or self._held.mark != mark:
                self._retire()
                self._held = self._open(mark)
            self._held.users += 1
            return self._held

    def _give_back(self, held: _Held) -> None:
        with self._lock:
            held.users -= 1
            if held.retired and not held.users:
                held.lake.close()

    def _retire(self) -> None:
        if self._held is None:
            return
        self._held.retired = True
        if not self._held.users:
            self._held.lake.close()
        self._held = None

    def _open(self, mark: Mark | None) -> _Held:
        try:
            lake = Lake.open(self.path, tables=self._tables, choice=self._choice)
            try:
                searcher = Searcher(lake, self._limits)
                searcher.warm()
                return _Held(lake, searcher, mark)
            except BaseException:
                lake.close()
                raise
        except OSError as error:
            raise LakeError(
                Message(
                    "{path} cannot be read ({strerror}); check its permissions", path=self.path, strerror=error.strerror
                )
            ) from error

    def _mark(self) -> Mark | None:
        """What tells one lake in this place from the next, and one index of a lake from the next: ``format.json`` is
        written when a lake is made and when a migration puts a new index in its place."""
        try:
            status = (self.path / "format.json").stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino, status.st_mtime_ns


async def _keeper(request: Request) -> LakeKeeper:
    keeper: LakeKeeper = request.app.state.lake
    return keeper


TheLake = Annotated[LakeKeeper, Depends(_keeper)]
"""What an endpoint takes to get at the lake."""

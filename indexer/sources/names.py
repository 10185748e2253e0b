"""The names in a folder in their order, however many there are.

Files of one series should come together: a series that comes in parts is written once a part. In a flat folder, only
the order of all its names puts them together, and that of the system has nothing to do with it. So that a folder of a
million files takes the memory of one of some thousands, what is sorted goes to a temporary file, part by part.
"""

import heapq
import os
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from dicomlake import disk

_HELD = 10_000
"""Names that are held and sorted in memory."""

_TOGETHER = 100
"""Names that are written and read back together."""


class Names:
    """Takes names in any order and gives them in theirs. Raises DiskFullError when the temporary folder is full."""

    def __init__(self) -> None:
        self._held: list[str] = []
        self._parts: list[list[tuple[int, int]]] = []
        self._file: BinaryIO | None = None

    def add(self, name: str) -> None:
        """Take one in."""
        self._held.append(name)
        if len(self._held) == _HELD:
            self._put_down()

    def __iter__(self) -> Iterator[str]:
        """All of them, once."""
        held, self._held = sorted(self._held, reverse=True), []
        if self._parts:
            yield from heapq.merge(reversed(held), *map(self._part, self._parts))
        while not self._parts and held:
            yield held.pop()

    def _put_down(self) -> None:
        names, self._held = sorted(self._held), []
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with what it belongs to
            places = []
            for start in range(0, len(names), _TOGETHER):
                written = pickle.dumps(names[start : start + _TOGETHER])
                places.append((self._file.tell(), len(written)))
                self._file.write(written)
            self._file.flush()
        except OSError as error:
            raise disk.full(Path(tempfile.gettempdir()), error) or error from error
        self._parts.append(places)

    def _part(self, places: list[tuple[int, int]]) -> Iterator[str]:
        assert self._file is not None
        for place, length in places:
            yield from pickle.loads(os.pread(self._file.fileno(), length, place))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

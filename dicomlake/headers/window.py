"""Bytes of a file, or of a deflated data set in it, read as they are needed and hashed as they are left behind."""

import hashlib
import math
import zlib
from collections.abc import Callable
from typing import Final

Read = Callable[[int, int], bytes]
"""``read(offset, length)``: up to ``length`` bytes from ``offset`` on, fewer only at the end."""

FIRST_READ: Final = 32_768
"""Bytes of the first read: more than most headers have (measured: one read of 16 to 32 KB is the fastest)."""
_GROWTH: Final = 16
"""The first window grows by this, a larger one fourfold, a large one twofold: what it cut off in the middle of a
sequence is read again from the start of that."""
_CHUNK: Final = 1 << 20
_PIECE: Final = 1 << 14

INFLATED_LIMIT: Final = 1 << 29
"""Bytes of a deflated data set, once inflated, that are read at most."""
HELD_LIMIT: Final = 1 << 21
HELD_RATIO: Final = 32
"""So many bytes of an inflated data set, and so many times those of the file, may come into the window: a bomb of
empty items is a hundred times as much in objects. Long binary values only pass by."""


class Window:
    """The part of a stream that is in memory: ``data``, from offset ``base`` on. ``total``: bytes from ``base`` to the
    end of the stream, infinite while unknown. ``prefix`` goes before the stream in length and hash; ``data`` of the
    constructor is what has been read of it already. Of what is to be held, no more than ``room`` bytes come in: the
    stream is then ``cut``."""

    __slots__ = ("_hash", "_prefix", "_read", "_room", "base", "cut", "data", "total")

    def __init__(
        self, read: Read, size: float = math.inf, prefix: bytes = b"", data: bytes = b"", room: float = math.inf
    ) -> None:
        self._read = read
        self._room = room
        self.cut = False
        self._hash = hashlib.sha256(prefix)
        self._prefix = len(prefix)
        self.base = 0
        self.total = size
        self.data = data
        if len(data) < FIRST_READ:
            self._extend(int(min(FIRST_READ, size)))

    def offset(self, position: int) -> int:
        """Offset in prefix and stream of an index of ``data``."""
        return self._prefix + self.base + position

    def grow(self, position: int, wanted: int) -> None:
        """Leave the bytes before ``position`` behind, and have those up to ``wanted`` if there are so many."""
        self._leave(position)
        before = len(self.data)
        wanted -= position
        growth = _GROWTH if before <= FIRST_READ else 4 if before < _CHUNK else 2
        self._extend(int(min(max(wanted, growth * before, FIRST_READ), before + self._room)))
        self._room -= len(self.data) - before
        if not self._room and len(self.data) < min(wanted, self.total):
            self.total = len(self.data)
            self.cut = True

    def digest(self, start: int, stop: int) -> tuple[str, int]:
        """SHA-256 of the bytes from ``data[start]`` up to index ``stop``, which may be far beyond the window, and how
        many of them the stream does not have. They are left behind: the window begins at ``stop``."""
        self._leave(start)
        digest = hashlib.sha256()
        left = stop - start
        while left > 0:
            self._extend(min(_CHUNK, max(left, FIRST_READ)))
            part = self.data[:left]
            if not part:
                break
            digest.update(part)
            left -= len(part)
            self._leave(len(part))
        return digest.hexdigest(), left

    def finish(self, position: int) -> tuple[int, str]:
        """Length and SHA-256 of the prefix and the stream up to ``position``."""
        self._hash.update(memoryview(self.data)[:position])
        return self.offset(position), self._hash.hexdigest()

    def _leave(self, position: int) -> None:
        self._hash.update(memoryview(self.data)[:position])
        self.data = self.data[position:]
        self.base += position
        self.total -= position

    def _extend(self, length: int) -> None:
        """Have ``length`` bytes in the window, or all to the end of the stream."""
        while (missing := int(min(length, self.total)) - len(self.data)) > 0:
            more = self._read(self.base + len(self.data), missing)[:missing]
            self.data += more
            if not more:
                self.total = len(self.data)


class Inflater:
    """A deflated data set (PS3.5 A.5) as a stream that is read from its start to its end, once.

    Raises zlib.error from the constructor when the bytes are not deflated at all. ``damaged`` tells whether the stream
    ended without its end mark, broke off, or was too long.
    """

    def __init__(self, read: Read, offset: int, size: int) -> None:
        self._read = read
        self._offset = offset
        self._size = size
        start = read(offset, min(512, size - offset))
        try:
            zlib.decompressobj(-zlib.MAX_WBITS).decompress(start, 1)
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        except zlib.error:  # some writers add the zlib header
            zlib.decompressobj().decompress(start, 1)
            self._stream = zlib.decompressobj()
        self._given = 0
        self._waiting = b""
        self._ready = b""
        self.damaged = False

    def read(self, offset: int, length: int) -> bytes:
        """The next bytes of the data set; ``offset`` is where the last read ended."""
        parts = [self._ready]
        have = len(self._ready)
        while have < length and not self.damaged and not self._stream.eof:
            part = self._piece()
            have += len(part)
            parts.append(part)
        whole = b"".join(parts)
        self._ready = whole[length:]
        return whole[:length]

    def _piece(self) -> bytes:
        """A piece of at most 16 KB, always the same for the same stream: so is what is saved of a damaged one."""
        if not self._waiting:
            self._waiting = self._read(self._offset, min(_CHUNK, self._size - self._offset))
            self._offset += len(self._waiting)
            self.damaged = not self._waiting
        before = self._stream.copy()
        try:
            part = self._stream.decompress(self._waiting, _PIECE)
        except zlib.error:
            self.damaged = True
            return _salvage(before, self._waiting)
        self._waiting = self._stream.unconsumed_tail
        self._given += len(part)
        self.damaged = self.damaged or self._given > INFLATED_LIMIT
        return part


def _salvage(stream: "zlib._Decompress", waiting: bytes) -> bytes:
    """What a deflated stream gives before it breaks."""
    parts = []
    try:
        while waiting:
            parts.append(stream.decompress(waiting, 16))
            waiting = stream.unconsumed_tail
    except zlib.error:
        pass
    return b"".join(parts)

"""Bytes that can be read at any place: of a file, of a part of one, in memory, inflated on the way."""

import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final, Protocol

import zstandard

from dicomlake.errors import ArchiveError

HELD_LIMIT: Final = 1 << 28
"""Bytes of a zip file inside a compressed one: its directory is at its end, so it is held in memory."""
RATIO_LIMIT: Final = 200
"""Times that a compressed file or member may grow beyond :data:`FREE`: more is a bomb. Pixel data gains 2 to 20."""
FREE: Final = 1 << 29
"""Bytes that any archive or member may inflate to."""

_FAULTS: Final = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, zstandard.ZstdError, EOFError),
    *(ValueError, NotImplementedError, RuntimeError, OverflowError, struct.error),
)
_ADVICE = "get it from its source again, or unpack it and index what comes out"


class Bytes(Protocol):
    """Random access to bytes that nobody changes; ``size`` in bytes. ``random``: no read costs more than another."""

    @property
    def size(self) -> int: ...
    @property
    def random(self) -> bool: ...

    def read(self, offset: int, length: int) -> bytes:
        """``length`` bytes from ``offset``, fewer at the end. Raises ArchiveError and OSError."""

    def close(self) -> None:
        """Let go of it."""


@contextmanager
def typed(offset: int = 0) -> Iterator[None]:
    """What the libraries say of a damaged archive, as ArchiveError; what the system says stays OSError."""
    try:
        yield
    except (OSError, *_FAULTS) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ArchiveError(
            f"the archive is damaged ({str(error) or type(error).__name__}); {_ADVICE}",
            offset=offset,
            reason="damaged-archive",
        ) from error


def bomb(offset: int) -> ArchiveError:
    """The error of what inflates beyond its limit."""
    return ArchiveError(
        "this inflates beyond all measure, as only a bomb does; if it is none, unpack it and index what comes out",
        offset=offset,
        reason="archive-bomb",
    )


class OnDisk:
    """A file. Raises OSError where it cannot be read."""

    random = True

    def __init__(self, path: str) -> None:
        # Non-blocking: a pipe that stands where a file was must not hold the reader up.
        flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags)
        state = os.fstat(self._descriptor)
        self.size = state.st_size
        self.mtime_ns = state.st_mtime_ns

    def read(self, offset: int, length: int) -> bytes:
        parts = []
        while length > 0 and (part := os.pread(self._descriptor, length, offset)):
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        os.close(self._descriptor)


class Slice:
    """A part of other bytes."""

    def __init__(self, data: Bytes, start: int, size: int) -> None:
        self._data = data
        self._start = start
        self.size = size
        self.random = data.random

    def read(self, offset: int, length: int) -> bytes:
        return self._data.read(self._start + offset, max(0, min(length, self.size - offset)))

    def close(self) -> None:
        """The archive keeps its bytes."""


class Held:
    """Bytes in memory."""

    random = True

    def __init__(self, data: Bytes) -> None:
        if data.size > HELD_LIMIT:
            raise ArchiveError(
                f"a zip file of {data.size:,} bytes inside a compressed archive is too large to be looked into; "
                "unpack the outer one and index what comes out",
                reason="archive-too-large",
            )
        self._content = data.read(0, data.size)
        self.size = len(self._content)

    def read(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length]

    def close(self) -> None:
        self._content = b""


class Streamed:
    """A member that is inflated on the way. ``limit``: offset that nothing is read beyond."""

    random = False

    def __init__(self, stream: IO[bytes], size: int, limit: float) -> None:
        self._stream = stream
        self._limit = limit
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        with typed(offset):
            if offset + min(length, self.size - offset) > self._limit:
                raise bomb(offset)
            if self._stream.tell() != offset:
                self._stream.seek(offset)
            parts = []
            while length > 0 and (part := self._stream.read(length)):
                parts.append(part)
                length -= len(part)
            return b"".join(parts)

    def close(self) -> None:
        self._stream.close()


class AsFile(io.RawIOBase):
    """Bytes as a file that libraries can read."""

    def __init__(self, data: Bytes) -> None:
        self._data = data
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        start = (0, self._position, self._data.size)[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        part = self._data.read(self._position, len(buffer))
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

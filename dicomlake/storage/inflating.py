"""Compressed streams inflated forward only, within bounds."""

import bz2
import gzip
import io
import lzma
from typing import IO, Final, Literal, cast

import zstandard

from dicomlake.storage.content import FREE, RATIO_LIMIT, AsFile, Bytes, bomb

Compression = Literal["gzip", "bzip2", "xz", "zstd"]

_AT_ONCE: Final = 1 << 26
"""Bytes of one read: a tar header may claim any length for a name."""


def inflated(data: Bytes, compression: Compression) -> IO[bytes]:
    """What compressed bytes inflate to; seeking back begins anew. Raises ArchiveError beyond the limits, before it
    inflates what lies there."""
    raw = cast(IO[bytes], io.BufferedReader(AsFile(data), 1 << 16))
    stream: object
    match compression:
        case "gzip":
            stream = gzip.GzipFile(fileobj=raw)
        case "bzip2":
            stream = bz2.BZ2File(raw)
        case "xz":
            stream = lzma.LZMAFile(raw)  # noqa: SIM115
        case "zstd":
            stream = _Zstd(raw)
    return cast(IO[bytes], _Forward(cast(IO[bytes], stream), FREE + RATIO_LIMIT * data.size))


class _Forward(io.RawIOBase):
    """An inflating stream that says when it grows beyond all measure, and inflates nothing to find that out."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def read(self, length: int = -1) -> bytes:
        if length < 0 or length > _AT_ONCE or self._position + length > self._limit:
            raise bomb(self._position)
        parts = []
        while length > 0 and (part := self._stream.read(length)):
            parts.append(part)
            length -= len(part)
            self._position += len(part)
        return b"".join(parts)

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 1:
            offset += self._position
        if offset > self._limit:
            raise bomb(self._position)
        if offset < self._position:
            self._stream.seek(0)
            self._position = 0
        while self._position < offset and self.read(min(1 << 20, offset - self._position)):
            pass
        return self._position


class _Zstd(io.RawIOBase):
    """A zstd file, which its library lets be read once only: going back begins anew."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._stream = self._begin()

    def _begin(self) -> zstandard.ZstdDecompressionReader:
        self._raw.seek(0)
        return zstandard.ZstdDecompressor().stream_reader(self._raw, read_across_frames=True, closefd=False)

    def read(self, length: int = -1) -> bytes:
        return self._stream.read(length)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._stream = self._begin()
        return 0

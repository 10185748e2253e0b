"""Zip and tar files as places with members, told by their content; nothing is unpacked to disk.

Whatever a damaged or hostile archive does ends in :class:`~dicomlake.errors.ArchiveError`, within bounds.
"""

import tarfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from dicomlake.errors import ArchiveError
from dicomlake.storage.content import Bytes, typed
from dicomlake.storage.inflating import Compression, inflated

Kind = Literal["zip", "tar"] | Compression
"""Compressed files count as archives only with a tar file inside."""

MOST_MEMBERS: Final = 1_000_000
"""Members of one archive that are listed; the rest is given up, with a word."""

_COMPRESSIONS: Final[tuple[tuple[bytes, Compression], ...]] = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)


class Member(NamedTuple):
    """A member: its name, which one of that name it is, its place in the archive, its size once inflated; whether it is
    a file rather than a link or a device."""

    name: str
    number: int
    place: int
    size: int
    regular: bool = True


class Archive(ABC):
    """An open archive. For one thread."""

    @abstractmethod
    def members(self) -> Iterator[Member]:
        """Its members, folders left out. Raises ArchiveError where it cannot go on."""

    @abstractmethod
    def open(self, name: str, number: int, place: int = -1) -> Bytes:
        """A member, good until the next one is opened; ``place``, where it is known, spares the search by name.

        Raises ArchiveError when it cannot be opened, FileNotFoundError when there is none of that name.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of it."""


def kind_of(data: Bytes) -> Kind | None:
    """What kind of archive the bytes are, whatever they are called; None for anything else."""
    head = data.read(0, tarfile.BLOCKSIZE)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    compression = next((kind for magic, kind in _COMPRESSIONS if head.startswith(magic)), None)
    if compression is None:
        return "tar" if _is_tar(head) else None
    try:
        with typed():
            return compression if _is_tar(inflated(data, compression).read(tarfile.BLOCKSIZE)) else None
    except ArchiveError:
        return None


def count(listed: int) -> None:
    """Raise ArchiveError when so many members were listed that no more are."""
    if listed >= MOST_MEMBERS:
        raise ArchiveError(
            f"the archive has more than {MOST_MEMBERS:,} members; unpack it and index what comes out",
            reason="archive-bomb",
        )


def _is_tar(block: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True

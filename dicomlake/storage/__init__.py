"""The bytes of a location: a file, or a member of a zip or tar file, however deep."""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from dicomlake.errors import ArchiveError
from dicomlake.storage.archives import Archive, Kind, Member, kind_of
from dicomlake.storage.content import Bytes, OnDisk, typed
from dicomlake.storage.locations import location_of, member_location, members_of, path_of, split
from dicomlake.storage.readable import check_readable
from dicomlake.storage.tars import TarArchive
from dicomlake.storage.zips import ZipArchive

__all__ = [
    "Archive",
    "Bytes",
    "Kind",
    "Member",
    "check_readable",
    "gone",
    "kind_of",
    "location_of",
    "member_location",
    "members_of",
    "open_archive",
    "opened",
    "path_of",
    "split",
]

MOST_DEPTH: Final = 5
"""Archives within one another."""
_OPEN: Final = 8
"""Archives that a thread keeps open: most members are asked for in their order."""


def gone(location: str) -> bool:
    """Whether nothing is there any more; ``False`` too where the system does not tell."""
    try:
        os.stat(path_of(location))
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


class _Shelf(threading.local):
    """Archives that this thread has open, by location, with size and time of the file they lie in."""

    def __init__(self) -> None:
        self.archives: OrderedDict[str, tuple[tuple[int, int], Archive]] = OrderedDict()


_SHELF: Final = _Shelf()


@contextmanager
def opened(location: str, place: int = -1) -> Iterator[Bytes]:
    """The bytes of a location, good until the block ends or another member of the same archive is opened.

    ``place``: the member's place in its archive where that is known, which spares a search by name. Raises OSError
    when there is no such file or member, or it cannot be read, and ArchiveError.
    """
    data = _open(location, place)
    try:
        yield data
    finally:
        data.close()


def _open(location: str, place: int = -1) -> Bytes:
    archive, name, number = split(location)
    return _archive(archive).open(name, number, place) if archive else OnDisk(path_of(location))


def _archive(location: str) -> Archive:
    outer = split(location)[0]
    if outer:
        _archive(outer)  # in use: it must not be the oldest on the shelf
    state = os.stat(path_of(location))
    identity = state.st_size, state.st_mtime_ns
    shelf = _SHELF.archives
    held, archive = shelf.pop(location, (None, None))
    if archive is None or held != identity:
        if archive is not None:
            archive.close()
        archive = open_archive(location)
    shelf[location] = identity, archive
    while len(shelf) > _OPEN:
        _, (_, oldest) = shelf.popitem(last=False)
        oldest.close()
    return archive


def open_archive(location: str) -> Archive:
    """The archive at a location, apart from those that :func:`opened` keeps. Raises ArchiveError and OSError."""
    if location.count("!/") >= MOST_DEPTH:
        raise ArchiveError(
            f"archives are looked into {MOST_DEPTH} deep; unpack the outer ones and index what comes out",
            reason="nested-too-deep",
        )
    data = _open(location)
    try:
        kind = kind_of(data)
        if kind is None:
            raise ArchiveError("this is no zip or tar file any more; index it again", reason="damaged-archive")
        with typed():
            return ZipArchive(data) if kind == "zip" else TarArchive(data, kind)
    except BaseException:
        data.close()
        raise

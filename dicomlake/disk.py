"""Files that outlast a power cut, and what to say of a disk that is full."""

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

from dicomlake.errors import DiskFullError
from dicomlake.messages import Message

_FULL = 1 << 16
"""Bytes: a disk with less room than this is full to whoever was refused."""


_SAID = ("No space left", "Disk quota exceeded", "disk is full")
"""How libraries pass on what the system told them."""


def write(path: Path, content: bytes) -> None:
    """Whole or not at all, and on the disk, name included, when this returns. The owner alone may read it."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """Make what was created, renamed and removed in a folder last: a file's own sync does not cover its name."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def size(folder: Path) -> int:
    """Bytes of the files in a folder, which may come and go meanwhile, as an index's do."""
    found = 0
    with suppress(FileNotFoundError):
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):
                found += entry.stat().st_size
    return found


def full(path: Path, error: Exception) -> DiskFullError | None:
    """The error to raise when ``error`` came of a disk without room; ``path`` is on that disk."""
    no_room = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if not no_room and not any(said in str(error) for said in _SAID):
        try:
            if shutil.disk_usage(path).free >= _FULL:
                return None
        except OSError:
            return None
    return DiskFullError(
        Message(
            "the disk of {path} is full; make room and run this again, it goes on with what is committed and loses "
            "nothing",
            path=path,
        )
    )

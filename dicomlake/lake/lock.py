"""The lock of a data folder whose index is on a server: one process at a time writes from it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Final
from uuid import uuid4

from dicomlake.errors import LakeBusyError

LOCK: Final = "writer.lock"


@contextmanager
def locked(lake: Path) -> Iterator[None]:
    """Hold the lock. Raises LakeBusyError when another process does."""
    descriptor = os.open(lake / LOCK, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LakeBusyError(
                f"another process is indexing into {lake} or migrating it; wait until it ends and run this again"
            ) from error
        yield
    finally:
        os.close(descriptor)


def who(lake: Path) -> str:
    """What tells whoever holds this lock from the holders of others, that of a copy of the folder included."""
    path = lake / LOCK
    if not path.exists() or not path.stat().st_size:
        path.write_text(uuid4().hex)
    return blake2b(f"{path.read_text()} {path.stat().st_ino}".encode(), digest_size=8).hexdigest()

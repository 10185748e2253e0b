"""Tantivy's own writer lock, held without a writer."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dicomlake.errors import LakeBusyError
from dicomlake.messages import Message

_NAME = ".tantivy-writer.lock"


def busy(folder: Path) -> LakeBusyError:
    """What to raise when somebody else holds the lock of an index."""
    return LakeBusyError(
        Message(
            "another process is indexing into {parent} or migrating it; wait until it ends and run this again",
            parent=folder.parent,
        )
    )


@contextmanager
def unwritten(folder: Path) -> Iterator[None]:
    """Nobody writes to the index in ``folder`` meanwhile. Raises LakeBusyError when somebody does.

    The same lock as a writer's, taken the same way, so that indexers of other versions of Dicomlake respect it too.
    """
    descriptor = os.open(folder / _NAME, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise busy(folder) from error
        yield
    finally:
        os.close(descriptor)

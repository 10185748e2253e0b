"""One file to its outcome: what a worker process does."""

import threading
from typing import Final

from dicomlake.documents.instance import Origin, build
from dicomlake.errors import HeaderError, NotDicomError
from dicomlake.headers import Reader
from dicomlake.storage import path_of
from indexer.items import CRASHED, Found, Outcome, unreadable

Task = tuple[Found, Origin]


class _Local(threading.local):
    """What this thread has learnt of the files before."""

    def __init__(self) -> None:
        self.reader = Reader()


_LOCAL: Final = _Local()


def read(task: Task) -> Outcome:
    """The outcome of reading a file. Never raises: this is the boundary behind which a file cannot hurt the run."""
    found, origin = task
    try:
        header = _LOCAL.reader.read_file(path_of(found.location))
        document = build(header, found.location, origin)
        return Outcome(found, "indexed", document, length=header.length)
    except NotDicomError as error:
        return Outcome(found, "ignored", reason=error.reason, detail=error.message)
    except HeaderError as error:
        return Outcome(found, "quarantined", reason=error.reason, offset=error.offset, detail=error.message)
    except OSError as error:
        return unreadable(found.location, error)
    except Exception as error:  # noqa: BLE001  (a fault of ours must cost one file, not the archive)
        return lost(task, f"{type(error).__name__}: {error}")


def lost(task: Task, how: str) -> Outcome:
    """The outcome of a file that ended its reader."""
    return Outcome(task[0], "quarantined", reason=CRASHED, detail=how)

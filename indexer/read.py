"""Files to their outcomes: what a worker process does."""

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from dicomlake.documents.instance import Origin, build
from dicomlake.documents.sharing import share
from dicomlake.engines.base import Encoder
from dicomlake.errors import ArchiveError, HeaderError, NotDicomError
from dicomlake.headers import Header, Reader
from dicomlake.site import Site, current, use
from dicomlake.storage import kind_of, opened, path_of, split
from indexer.items import ARCHIVE, CRASHED, Found, Outcome, Reading, unreadable
from mappings import dictionary, registry

Task = tuple[Found, Origin]


class _Local(threading.local):
    """What this thread has learnt of the files before."""

    def __init__(self) -> None:
        self.reader = Reader()
        self.built_ns = 0


_LOCAL: Final = _Local()


@dataclass(frozen=True)
class ReadAll:
    """Reads batches of files, their documents ready for the engine. Sent to a worker it takes the site's tables along:
    whoever edits their files meanwhile, all workers of a run build documents alike."""

    encoder: Encoder
    site: Site = field(default_factory=current)

    def __call__(self, tasks: Sequence[Task]) -> Reading:
        """The outcomes of a batch of files."""
        use(self.site)
        started, built = time.thread_time_ns(), _LOCAL.built_ns
        outcomes = [read(task) for task in tasks]
        began = time.thread_time_ns()
        shared = iter(share([one.document for one in outcomes if one.document is not None], self.encoder))
        outcomes = [one if one.document is None else replace(one, document=next(shared)) for one in outcomes]
        ended = time.thread_time_ns()
        build_ns = _LOCAL.built_ns - built + ended - began
        return Reading(outcomes, {"read": (ended - started - build_ns) / 1e9, "build": build_ns / 1e9}, os.getpid())


def get_ready() -> None:
    """Load what reading any file takes."""
    registry.load()
    dictionary.load()


def read(task: Task) -> Outcome:
    """The outcome of reading a file. Never raises: this is the boundary behind which a file cannot hurt the run."""
    found, origin = task
    try:
        header = _header(found)
        began = time.thread_time_ns()
        document = build(header, found.location, origin)
        _LOCAL.built_ns += time.thread_time_ns() - began
        return Outcome(found, "indexed", document, length=header.length)
    except NotDicomError as error:
        if _is_archive(found):
            return Outcome(found, "ignored", reason=ARCHIVE, detail="a zip or tar file; its members stand on their own")
        return Outcome(found, "ignored", reason=error.reason, detail=error.message)
    except HeaderError as error:
        return Outcome(found, "quarantined", reason=error.reason, offset=error.offset, detail=error.message)
    except OSError as error:
        return unreadable(found.location, error)
    except Exception as error:  # noqa: BLE001  (a fault of ours must cost one file, not the archive)
        return _crashed(task, f"{type(error).__name__}: {error}")


def _header(found: Found) -> Header:
    if not split(found.location)[0]:
        return _LOCAL.reader.read_file(path_of(found.location))
    with opened(found.location, found.place) as data:
        return _LOCAL.reader.read(data.read, data.size)


def _is_archive(found: Found) -> bool:
    """Whether what is no DICOM holds other files."""
    try:
        with opened(found.location, found.place) as data:
            return kind_of(data) is not None
    except (ArchiveError, OSError):
        return False


def lost(task: Task, how: str) -> Reading:
    """What there is of a file that ended its reader."""
    return Reading([_crashed(task, how)])


def _crashed(task: Task, how: str) -> Outcome:
    return Outcome(task[0], "quarantined", reason=CRASHED, detail=how)

"""What travels through the indexer: a file that was found, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dicomlake.catalog import Seen, Status
from dicomlake.documents.instance import InstanceDocument


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a source. ``size`` (bytes) and ``mtime_ns`` were asked before it is read. ``place``: a member's in its
    archive."""

    location: str
    size: int
    mtime_ns: int
    place: int = -1

    def __reduce__(self) -> tuple[type["Found"], tuple[Any, ...]]:
        """Between processes as its values, which is quicker than what a frozen class with slots does by itself."""
        return Found, (self.location, self.size, self.mtime_ns, self.place)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a location turned out to be: an instance document, or the reason why there is none. ``length``: header
    bytes."""

    found: Found
    status: Status
    document: InstanceDocument | None = None
    reason: str = ""
    offset: int = 0
    detail: str = ""
    length: int = 0

    def __reduce__(self) -> tuple[type["Outcome"], tuple[Any, ...]]:
        """As that of :class:`Found`."""
        return Outcome, (self.found, self.status, self.document, self.reason, self.offset, self.detail, self.length)

    def seen(self, source: str, run: int) -> Seen:
        """The outcome as the catalogue records it."""
        document = self.document
        return Seen(
            location=self.found.location,
            size=self.found.size,
            mtime_ns=self.found.mtime_ns,
            status=self.status,
            uid=document.uid if document else "",
            header_hash=document.header_hash if document else "",
            reason=self.reason,
            offset=self.offset,
            detail=self.detail,
            source=source,
            run=run,
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcomes of a batch of files, in its order; the CPU seconds they took by stage, and the process's id."""

    outcomes: Sequence[Outcome]
    seconds: Mapping[str, float] = field(default_factory=dict)
    process: int = 0


UNREADABLE = "unreadable"
"""Reason of what the operating system refuses to show."""

NO_FILE = "no-regular-file"
"""Reason of pipes, sockets and devices, which are never opened."""

ARCHIVE = "archive"
"""Reason of zip and tar files: not they are counted, but their members."""

MISSING = "missing-file"
"""Reason of what a DICOMDIR names and nobody finds."""

CRASHED = "crashed"
"""Reason of a file that ended the process that read it, or met a fault of ours."""

REFUSED = "refused"
"""Reason of what the search engine takes no document of; its own words are the detail."""

PASSING = frozenset({UNREADABLE, MISSING, CRASHED})
"""Reasons that may not lie in the file: it is tried again at every run, changed or not."""


def unreadable(location: str, error: OSError) -> Outcome:
    """The outcome of a file or folder that cannot be read."""
    return Outcome(Found(location, -1, -1), "quarantined", reason=UNREADABLE, detail=error.strerror or str(error))

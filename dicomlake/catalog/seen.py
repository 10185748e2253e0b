"""One row of the catalogue."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["indexed", "ignored", "quarantined"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A location as a run found it.

    ``size`` (bytes) and ``mtime_ns`` are those of the file before it was read, -1 where there was no file to ask.
    ``uid`` and ``header_hash`` are of the instance that the lake has of it: empty unless it is indexed, or was before
    it became unreadable. ``reason``, ``offset`` (bytes) and ``detail`` say why it is not indexed. ``run`` is the run
    that recorded it last.
    """

    location: str
    size: int
    mtime_ns: int
    status: Status
    uid: str = ""
    header_hash: str = ""
    reason: str = ""
    offset: int = 0
    detail: str = ""
    source: str = ""
    run: int = 0

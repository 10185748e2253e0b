"""DICOMDIR media: the files that a directory names (PS3.3 F.3.2.2, PS3.10 8.5, PS3.12)."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dicomlake.documents.instance import Origin
from dicomlake.errors import HeaderError
from dicomlake.headers import read_file
from dicomlake.storage import location_of
from indexer.items import MISSING, Found, Outcome
from indexer.sources import Source
from indexer.sources.folder import Folder, look

DIRECTORY: Final = "1.2.840.10008.1.3.10"
"""Media Storage Directory Storage, the SOP Class of a DICOMDIR."""


def is_directory(path: str) -> bool:
    """Whether a file is a DICOMDIR, by its content."""
    try:
        return "DirectoryRecordSequence" in read_file(path).attributes
    except (HeaderError, OSError):
        return False


def with_media(sources: Iterable[Folder]) -> list[Source]:
    """The sources, those that are a DICOMDIR replaced by the files that it names."""
    return [
        Media(one.path, one.origin, one.again) if os.path.isfile(one.path) and is_directory(one.path) else one
        for one in sources
    ]


@dataclass
class Media:
    """The files that a DICOMDIR names, below its folder."""

    path: str
    origin: Origin
    again: bool = False
    roots: Sequence[str] = ()

    def files(self) -> Iterator[Found | Outcome]:
        top = os.path.dirname(self.path)
        listings: dict[str, dict[str, str]] = {}
        met: set[str] = set()
        for parts in _named(read_file(self.path).attributes):
            path = _resolve(top, parts, listings)
            if path is None:
                missing = location_of(os.path.join(top, *parts))
                if missing not in met:
                    met.add(missing)
                    yield Outcome(
                        Found(missing, -1, -1),
                        "quarantined",
                        reason=MISSING,
                        detail="the DICOMDIR names it, it is not there",
                    )
            elif path not in met:
                met.add(path)
                yield look(path)

    def count(self) -> int:
        """Files that the directory names."""
        return sum(1 for _ in _named(read_file(self.path).attributes))


def _named(attributes: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The Referenced File IDs (0004,1500) of the directory's records, in their order."""
    for record in attributes.get("DirectoryRecordSequence") or ():
        named = record.get("ReferencedFileID")
        if named:
            yield tuple(str(part) for part in (named if isinstance(named, list) else [named]))


def _resolve(top: str, parts: tuple[str, ...], listings: dict[str, dict[str, str]]) -> str | None:
    """The path of a file: ISO 9660 names come in either case, with a version (``;1``) or a closing dot."""
    path = top
    for part in parts:
        if part in {"", os.curdir, os.pardir} or os.sep in part:
            return None
        name = part
        if not os.path.lexists(os.path.join(path, part)):
            if path not in listings:
                listings[path] = _listing(path)
            name = listings[path].get(_plain(part), "")
            if not name:
                return None
        path = os.path.join(path, name)
    return path if os.path.exists(path) else None


def _listing(folder: str) -> dict[str, str]:
    try:
        return {_plain(name): name for name in sorted(os.listdir(folder), reverse=True)}
    except OSError:
        return {}


def _plain(name: str) -> str:
    return name.partition(";")[0].rstrip(".").upper()

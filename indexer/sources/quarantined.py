"""What is in quarantine, as sources: to be read again, though it has not changed."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from dicomlake.catalog import Seen
from dicomlake.documents.instance import Origin
from dicomlake.storage import path_of
from indexer.items import Found, Outcome
from indexer.sources.folder import Folder, within


@dataclass(frozen=True)
class Quarantined:
    """Files, and folders with all below them, in which something is in quarantine."""

    folders: Sequence[Folder]
    origin: Origin
    again: bool = True

    @property
    def roots(self) -> Sequence[str]:
        return [root for folder in self.folders for root in folder.roots]

    def files(self) -> Iterator[Found | Outcome]:
        for folder in self.folders:
            yield from folder.files()

    def count(self) -> int:
        """Files, and what is below folders."""
        return sum(folder.count() for folder in self.folders)


def quarantined(rows: Iterable[Seen], *, skipped: Path, issuer: str = "") -> list[Quarantined]:
    """The sources that these rows of a catalogue came from, as far as the rows go."""
    sources = []
    left_out = frozenset({os.path.realpath(skipped)})
    for source, members in groupby(sorted(rows, key=lambda row: (row.source, row.location)), lambda row: row.source):
        origin = Origin(source, issuer=issuer)
        listed = dict.fromkeys(path_of(row.location) for row in members)
        tops = [path for path in listed if os.path.isdir(path)]
        paths = [path for path in listed if not any(within(path, top) for top in tops if top != path)]
        sources.append(Quarantined([Folder(path, origin, left_out) for path in paths], origin))
    return sources

"""The members of a zip or tar file, as the files of a source."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dicomlake.documents.instance import Origin
from dicomlake.errors import ArchiveError
from dicomlake.storage import member_location, open_archive
from indexer.items import ARCHIVE, NO_FILE, Found, Outcome, unreadable
from indexer.read import read


@dataclass(frozen=True)
class Members:
    """What lies in the archive ``found``. Its members have its time, so that all are read again when it was written
    again. Trouble with the archive itself stands at a member without a name, beside what was sound."""

    found: Found
    origin: Origin
    again: bool = False
    roots: Sequence[str] = ()

    def files(self) -> Iterator[Found | Outcome]:
        location, mtime_ns = self.found.location, self.found.mtime_ns
        try:
            archive = open_archive(location)
            try:
                for member in archive.members():
                    place = member_location(location, member.name, member.number)
                    found = Found(place, member.size, mtime_ns, member.place)
                    yield (
                        found
                        if member.regular
                        else Outcome(found, "ignored", reason=NO_FILE, detail="a link or device, not a file")
                    )
            finally:
                archive.close()
        except ArchiveError as error:
            itself = Found(member_location(location, ""), self.found.size, mtime_ns)
            yield Outcome(itself, "quarantined", reason=error.reason, offset=error.offset, detail=error.message)
        except OSError as error:
            yield unreadable(member_location(location, ""), error)

    def count(self) -> int:
        """Nobody knows before it is opened."""
        return 0


def outcomes(files: Iterable[Found | Outcome], origin: Origin) -> Iterator[Outcome]:
    """What files are, read one by one; in place of an archive what it holds, however deep."""
    for one in files:
        outcome = read((one, origin)) if isinstance(one, Found) else one
        if outcome.reason == ARCHIVE:
            yield from outcomes(Members(outcome.found, origin).files(), origin)
        else:
            yield outcome

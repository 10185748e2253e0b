"""Back to the lake as it was before a migration or a copy that kept it, in ``old-<n>`` inside the data folder."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicomlake import disk
from dicomlake.catalog import Catalog
from dicomlake.errors import LakeError
from dicomlake.lake import CATALOG, Home, Mark
from indexer import journal as journals

_OLD = re.compile(r"old-([1-9]\d*)")


@dataclass(frozen=True, slots=True)
class Rollback:
    """What was put back: the folder it was in, its format and its engine."""

    old: str
    format: int
    engine: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"old": self.old, "format": self.format, "engine": self.engine}


def rollback(lake: Path, homes: Callable[[Mark], Home]) -> Rollback:
    """Put the newest old lake in its place again; the present index goes. ``homes`` gives where a mark's index is.

    What was indexed since is read again by the next run. Killed anywhere, one of the two is there, whole; the same call
    again goes on. Raises LakeError and LakeBusyError.
    """
    try:
        now = Mark.read(lake)
        old = _newest(lake)
        before = Mark.read(old)
        if (lake / journals.NAME).exists():
            raise LakeError(f"a migration of {lake} has not ended; run it again, then this")
        present, past = homes(now), homes(before)
        with present.unwritten(now.index):
            if now != before:
                past.bring_back(before.index, old)
                past.check(before.index)
                present.retire(now.index)
                _put_back(old / CATALOG, lake / CATALOG)
                before.write(lake)
                past.publish(before.index)
                present.remove(now.index)
            shutil.rmtree(old)
    except OSError as error:
        raise disk.full(lake, error) or LakeError(
            f"{lake} cannot be written ({error.strerror}); change its permissions and run this again"
        ) from error
    return Rollback(old.name, before.format, before.engine)


def _newest(lake: Path) -> Path:
    found = {int(match[1]): entry for entry in lake.iterdir() if (match := _OLD.fullmatch(entry.name))}
    if not found:
        raise LakeError(f"{lake} keeps no lake as it was: only a copy, or a migration with --keep-old, leaves one")
    return found[max(found)]


def _put_back(old: Path, place: Path) -> None:
    new = place.with_name(f"{place.name}.new")
    new.unlink(missing_ok=True)
    catalog = Catalog(old, write=False)
    catalog.copy_to(new)
    catalog.close()
    for ending in ("-wal", "-shm"):
        place.with_name(place.name + ending).unlink(missing_ok=True)
    new.replace(place)
    disk.sync(place.parent)

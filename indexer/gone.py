"""What is gone from the sources: told, or taken out of the lake.

A run notes which recorded locations it met again. What is left within its roots is gone: a run that prunes takes it
out, any other counts it. Two things leave with every run: trouble in quarantine that would have been met again, and
locations that a killed run announced and that hold nothing any more.
"""

from collections.abc import Iterator, Sequence

from dicomlake.catalog import Seen
from dicomlake.errors import PruneError
from dicomlake.storage import gone
from indexer.items import PASSING
from indexer.load import Loader
from indexer.sources import Source

MOST_LOSS = 0.2
"""The share of a root's indexed files that is pruned without force: an archive that is partly unmounted lacks more."""


class Gone:
    """What a run did not meet again. Make it before the run begins."""

    def __init__(self, loader: Loader, sources: Sequence[Source], *, prune: bool, force: bool) -> None:
        self._loader = loader
        self._prune = prune
        self._force = force
        self._catalog = loader.lake.catalog
        self._roots = [root for source in sources for root in source.roots]
        self._had = {root: self._catalog.within(root) for root in self._roots} if prune and not force else {}

    def settle(self) -> PruneError | None:
        """Take out what is gone, or count it, and commit. An error comes back, and nothing is pruned, when more is
        gone than may leave without force."""
        refused = self._refused()
        for root in self._roots:
            for one in self._absent(root):
                if (self._prune and refused is None) or (one.reason in PASSING and not one.uid):
                    self._leave(one.location, {one.uid} - {""})
                elif one.uid:
                    self._loader.summary.gone += 1
        for location, uids in self._catalog.announced().items():
            if gone(location):
                self._leave(location, uids)
        self._loader.commit()
        return refused

    def _refused(self) -> PruneError | None:
        for root, had in self._had.items():
            lost = sum(one.uid != "" for one in self._absent(root))
            if lost > MOST_LOSS * had:
                return PruneError(
                    f"{lost} of the {had} files that the lake has of {root} are gone, and nothing was removed; "
                    "mount what they are on, or remove them with --prune --force",
                    source=root,
                    gone=lost,
                    files=had,
                )
        return None

    def _absent(self, root: str) -> Iterator[Seen]:
        return self._catalog.absent(root, self._loader.run)

    def _leave(self, location: str, uids: set[str] | frozenset[str]) -> None:
        self._loader.leave(location, uids)
        if self._loader.due:
            self._loader.commit()

"""The documents that match a query, as numbers of the tables."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import tantivy
from numpy.typing import NDArray

from dicomlake.engines.embedded.columns import Small

if TYPE_CHECKING:
    from dicomlake.engines.embedded.tables import Tables

SORTED = 300
"""Documents that are read and put in order; for more of them Tantivy is quicker."""


@dataclass(frozen=True, slots=True)
class Matching:
    """The documents that match: for each of the tables whether it does, and the numbers of those that do."""

    tables: "Tables"
    chosen: NDArray[np.bool_]
    ids: NDArray[np.intp]
    others: NDArray[np.intp] | None
    """The documents that do not match, where these are fewer: sums over them are taken from those over everything."""

    def total(self, of: Small) -> int:
        """The sum of a number of each document."""
        if self.others is not None:
            return int(of.sum(dtype=np.int64)) - int(of.take(self.others).sum(dtype=np.int64))
        return int(of.take(self.ids).sum(dtype=np.int64))

    def distinct(self, name: str) -> int:
        """How many different ones they have: ``series``, ``study`` or ``patient``."""
        numbers, of = self.tables.identities[name]
        seen = np.zeros(of, dtype=np.bool_)
        seen[numbers.take(self.ids)] = True
        return int(np.count_nonzero(seen))

    @property
    def instances(self) -> int:
        """Their instances."""
        return self.total(self.tables.instances)

    @property
    def size(self) -> int:
        """Their bytes."""
        return self.total(self.tables.size)

    def first(self, number: int) -> list[tuple[str, tantivy.DocAddress]] | None:
        """So many of them in order of uid; None when they do not stand among the first that are known."""
        if len(self.ids) <= SORTED:
            return self.tables.by_uid(self.ids)[:number]
        if self.tables.level == "series":
            return None  # Tables.order knows them all
        head = self.tables.head
        found = head[self.chosen[head]][:number]
        if len(found) < min(number, len(self.ids)):
            return None
        return self.tables.by_uid(found)

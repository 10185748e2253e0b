"""Sums and totals, as Tantivy tells them without the tables that searches are answered from.

What only writes ends with the totals of everything, and loading all that searching takes would be a tenth of a second.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import tantivy
from tantivy import Query

from dicomlake.engines.base import Totals
from dicomlake.engines.embedded.compile import Compiler

FEW = 5_000
"""Series of which the distinct studies and patients are counted one by one."""

SUMS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "documents": {"value_count": {"field": "instances"}},
    "instances": {"sum": {"field": "instances"}},
    "size": {"sum": {"field": "size"}},
}
"""Aggregations for :class:`Sums`: every instance and series has one number of instances."""


@dataclass(frozen=True, slots=True)
class Sums:
    """How many documents match, and the instances and bytes of them all."""

    documents: int
    instances: int
    size: int

    @classmethod
    def of(cls, aggregate: Callable[[Query, Mapping[str, Any]], Mapping[str, Any]], query: Query) -> "Sums":
        """Those of what matches."""
        return cls(**{name: int(found["value"] or 0) for name, found in aggregate(query, SUMS).items()})


def totals(searcher: tantivy.Searcher, compiler: Compiler) -> Totals | None:
    """The totals of everything; None where there is too much to count it so."""
    query = compiler.term("level", "series")
    sums = Sums.of(lambda query, wanted: searcher.aggregate(query, dict(wanted)), query)
    if sums.documents > FEW:
        return None
    if not sums.documents:
        return Totals()
    addresses = [address for _, address in searcher.search(query, limit=sums.documents, count=False).hits]
    patients, studies = (
        len(set(searcher.fast_field_values(field, addresses))) for field in ("patient_hash", "study_hash")
    )
    return Totals(patients, studies, sums.documents, sums.instances, sums.size)

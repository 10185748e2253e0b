"""What the wildcards of a search will cost, told before they are run: each walks the dictionary of its field.

The terms of one path stand together in a slot and in ``w``, so that a pattern over them walks no others.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from dicomlake.engines import budget
from dicomlake.engines.opensearch.compile import EVERYTHING
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.lines import Line, aggregating, counting, total
from dicomlake.engines.opensearch.snapshot import Snapshot
from dicomlake.query.resolved import Has, Like, Resolved, WordLike, leaves

DOCUMENTS_PER_WORD: Final = 20
"""Documents for each distinct word, about."""


def refuse_costly(snapshot: Snapshot, kind: Kind, queries: Iterable[Resolved]) -> None:
    """Raise CostError for queries whose wildcards look through more values than the search may."""
    allowed = budget.allowed_values()
    patterns = [leaf for query in queries for leaf in leaves(query) if isinstance(leaf, Like | WordLike)]
    if allowed is None or not patterns:
        return
    documents = total(snapshot.ask([Line(kind, counting(EVERYTHING))])[0])
    if len(patterns) * documents <= allowed:
        return
    words = sum(documents // DOCUMENTS_PER_WORD for leaf in patterns if isinstance(leaf, WordLike))
    times = Counter(leaf.path for leaf in patterns if isinstance(leaf, Like))
    walked = words + sum(number * _distinct(snapshot, kind, path) for path, number in times.items())
    budget.refuse_walk(walked, allowed)


def _distinct(snapshot: Snapshot, kind: Kind, path: str) -> int:
    """At most about so many distinct values of a path."""
    field, before = snapshot.place(path)
    wanted = {"x": {"cardinality": {"field": field}}}
    found, present = snapshot.ask(
        [Line(kind, aggregating(EVERYTHING, wanted)), Line(kind, counting(snapshot.compile(Has(path))))]
    )
    values = int(found["aggregations"]["x"]["value"])
    return min(values, total(present)) if before else values

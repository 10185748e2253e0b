"""Counts of more values than one aggregation holds: the documents are counted in parts, and the parts added up."""

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from tantivy import Query

from dicomlake.engines.embedded.compile import Compiler, every

TERMS_LIMIT = 65_000
"""Buckets of one terms aggregation; Tantivy refuses more than 65,535."""

PART = 40_000
"""Documents of a part to begin with; a part that still has too many values is halved."""

Aggregate = Callable[[Query, dict[str, Any]], Mapping[str, Any]]


def many_counts(aggregate: Aggregate, compiler: Compiler, query: Query, field: str, documents: int) -> dict[str, int]:
    """Documents by value of a field, of however many values. Parts are ranges of the hash of the series, so they are
    of a size; ``documents`` match. Raises OverflowError when one series has too many values by itself."""
    parts = max(2, documents // PART + 1)
    edges = [2**64 * number // parts for number in range(parts + 1)]
    ranges = [(low, high - 1) for low, high in pairwise(edges)]
    wanted = {"terms": {"field": field, "size": TERMS_LIMIT, "segment_size": TERMS_LIMIT}}
    found: Counter[str] = Counter()
    while ranges:
        low, high = ranges.pop()
        within = every([query, compiler.numbers_between("series_hash", low, high)])
        buckets = aggregate(within, wanted)["buckets"]
        if len(buckets) < TERMS_LIMIT:
            found.update({bucket["key"]: bucket["doc_count"] for bucket in buckets})
        elif low == high:
            raise OverflowError("one series has more values than an aggregation holds")
        else:
            middle = (low + high) // 2
            ranges += [(low, middle), (middle + 1, high)]
    return found

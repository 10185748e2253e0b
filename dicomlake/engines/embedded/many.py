"""More than one aggregation holds: values counted in parts of the documents, and tuples of values page by page."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tantivy import Query

from dicomlake.engines.embedded.compile import Compiler, every

TERMS_LIMIT = 65_000
"""Buckets of one terms aggregation; Tantivy refuses more than 65,535."""

PART = 40_000
"""Documents of a part to begin with; a part that still has too many values is halved."""

Aggregate = Callable[[Query, dict[str, Any]], Mapping[str, Any]]
"""Gives the answer to one aggregation."""

Place = tuple[str | None, ...]
"""Values by which things are in order, and so where one of them stands."""


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


def composite(
    aggregate: Aggregate, query: Query, sources: Sequence[tuple[str, bool]], after: Place | None, size: int
) -> Iterator[tuple[Place, int]]:
    """Distinct value tuples in order with their counts, missing last, from behind ``after`` on, page by page."""
    names = [f"s{i:02}" for i in range(len(sources))]
    wanted: dict[str, Any] = {
        "size": size,
        "sources": [
            {
                name: {
                    "terms": {
                        "field": field,
                        "order": "desc" if descending else "asc",
                        "missing_bucket": True,
                        "missing_order": "last",
                    }
                }
            }
            for name, (field, descending) in zip(names, sources, strict=True)
        ],
    }
    if after is not None:
        # Tantivy's own form of a key: its type, a colon, the text.
        wanted["after"] = {
            name: "null:" if value is None else f"str:{value}" for name, value in zip(names, after, strict=True)
        }
    while True:
        answer = aggregate(query, {"composite": wanted})
        for bucket in answer["buckets"]:
            yield tuple(bucket["key"][name] for name in names), bucket["doc_count"]
        if len(answer["buckets"]) < size or "after_key" not in answer:
            return
        wanted["after"] = answer["after_key"]

"""Distinct values in order, however many there are, page by page."""

from collections.abc import Sequence
from typing import Any, Final

from dicomlake.engines.base import Sort
from dicomlake.engines.opensearch.compile import Dsl
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.lines import Job, Line, aggregating
from dicomlake.engines.opensearch.schema import Place

Count = tuple[str, int]

_BEHIND: Final = "{"
"""Behind every token, which begin with letters."""

PAGE: Final = 50_000
"""Buckets of a page; the server refuses more than 65,535."""


def distinct(
    kind: Kind, query: Dsl, fields: Sequence[str], before: str = "", page: int = PAGE
) -> Job[list[tuple[tuple[Any, ...], int]]]:
    """The distinct value tuples of fields among matching documents, in order, with the documents of each. ``before``:
    only values of the one field that begin with it, which is cut off."""
    sources = [{f"s{number}": {"terms": {"field": field}}} for number, field in enumerate(fields)]
    wanted: dict[str, Any] = {"size": page, "sources": sources}
    if before:
        wanted["after"] = {"s0": before}
    found: list[tuple[tuple[Any, ...], int]] = []
    while True:
        (answer,) = yield [Line(kind, aggregating(query, {"x": {"composite": wanted}}))]
        composite = answer["aggregations"]["x"]
        for bucket in composite["buckets"]:
            key = tuple(bucket["key"].values())
            if before:
                if not key[0].startswith(before):
                    return found
                key = (key[0][len(before) :],)
            found.append((key, bucket["doc_count"]))
        if len(composite["buckets"]) < page or "after_key" not in composite:
            return found
        wanted = {**wanted, "after": composite["after_key"]}


def following(kind: Kind, query: Dsl, place: Place, sort: Sort, token: str | None, size: int) -> Job[list[Count]]:
    """The next so many distinct tokens of a path that count, behind one or from the first, in order, with the matching
    documents that have each; fewer when there are no more. ``place``: where they are."""
    letter = sort.letter or ""
    start = letter + (_BEHIND if sort.descending else "") if token is None else token
    source = {"s0": {"terms": {"field": place.field, "order": "desc" if sort.descending else "asc"}}}
    wanted = {"size": size, "sources": [source], "after": {"s0": place.before + start}}
    (answer,) = yield [Line(kind, aggregating(query, {"x": {"composite": wanted}}))]
    buckets = [(bucket["key"]["s0"], bucket["doc_count"]) for bucket in answer["aggregations"]["x"]["buckets"]]
    return [(key[len(place.before) :], number) for key, number in buckets if key.startswith(place.before + letter)]

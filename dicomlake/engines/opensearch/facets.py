"""Facet counts: exact on any number of shards, or counted again in a way that is."""

from collections.abc import Sequence
from typing import Any, Final

from dicomlake.engines.base import Facet, FacetCount, FacetPlan
from dicomlake.engines.opensearch.compile import EVERYTHING, Dsl, every, term
from dicomlake.engines.opensearch.composite import distinct
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.lines import Answer, Job, Line, aggregating, counting, total
from dicomlake.engines.opensearch.schema import path_key
from dicomlake.engines.opensearch.snapshot import Snapshot

BUCKETS: Final = 60_000
"""Values of one aggregation; the server refuses more than 65,535."""


def facet(snapshot: Snapshot, kind: Kind, plan: FacetPlan) -> Job[Facet]:
    """Count the documents by token."""
    query = snapshot.compile(plan.query)
    field, before = snapshot.place(plan.path)
    size = min(plan.limit + 1, BUCKETS)
    has = term("e", path_key(plan.path))
    lines = [
        Line(kind, aggregating(query, {"x": most_frequent(snapshot, plan.path, size)})),
        Line(kind, counting(query)),
    ]
    selected = [token for token in plan.selected if token is not None]
    if selected:
        named = {"field": field, "size": len(selected), "include": [before + token for token in selected]}
        lines.append(Line(kind, aggregating(query, {"x": {"terms": named}})))
    whole = [
        Line(kind, aggregating(EVERYTHING, {"x": {"terms": {"field": field, "size": 1}}})),
        Line(kind, counting({"exists": {"field": field}})),
        Line(kind, counting(has)),
    ]
    answers = yield [*lines, *([] if before else whole)]
    ranked = counts_of(answers[0], before)
    if not before and _values(answers[-3]) == total(answers[-2]) == total(answers[-1]):
        # Every document that has the path has one token: those without are those that were not counted.
        missing = total(answers[1]) - _values(answers[0])
    else:
        (present,) = yield [Line(kind, counting(every([query, has])))]
        missing = total(answers[1]) - total(present)
    if inexact(answers[0], size, plan.limit):
        found = yield from distinct(kind, query, (field,), before)
        ranked = sorted(((key[0], number) for key, number in found), key=lambda one: (-one[1], one[0]))
    known = dict(counts_of(answers[2], before)) if selected else {}
    return made(plan, ranked, missing, known)


def most_frequent(snapshot: Snapshot, path: str, size: int, prefix: str = "") -> dict[str, Any]:
    """The aggregation of the most frequent tokens of a path, those that begin with ``prefix`` (of letters, digits and
    escaped signs)."""
    field, before = snapshot.place(path)
    wanted: dict[str, Any] = {"field": field, "size": size}
    if snapshot.shards > 1:
        wanted["shard_size"] = max(size, BUCKETS)
    if before or prefix:
        wanted["include"] = f"{before}{prefix}.*"
    return {"terms": wanted}


def counts_of(answer: Answer, before: str) -> list[tuple[str, int]]:
    """Tokens with their counts, in the order of the answer."""
    start = len(before)
    return [(bucket["key"][start:], bucket["doc_count"]) for bucket in answer["aggregations"]["x"]["buckets"]]


def _values(answer: Answer) -> int:
    """How many values of documents were counted, those that are not listed among them."""
    found = answer["aggregations"]["x"]
    listed: int = sum(bucket["doc_count"] for bucket in found["buckets"])
    return listed + int(found["sum_other_doc_count"])


def inexact(answer: Answer, size: int, limit: int) -> bool:
    """Whether values were left out that were asked for, or a shard may have left out a part of a count."""
    found = answer["aggregations"]["x"]
    return bool(found["doc_count_error_upper_bound"]) or (len(found["buckets"]) == size <= limit)


def made(plan: FacetPlan, ranked: Sequence[tuple[str, int]], missing: int, known: dict[str, int]) -> Facet:
    """The facet from ranked counts. ``known``: counts of selected tokens."""
    ordered: list[tuple[str | None, int]] = [*ranked]
    if missing:
        at = next((place for place, (_, number) in enumerate(ordered) if number < missing), len(ordered))
        ordered.insert(at, (None, missing))
    shown = ordered[: plan.limit]
    listed = {token for token, _ in shown}
    for token in plan.selected:
        if token not in listed:
            shown.append((token, missing if token is None else known.get(token, 0)))
            listed.add(token)
    return Facet(plan.path, tuple(FacetCount(*one) for one in shown), more=len(ordered) > plan.limit)


def letter_bound(snapshot: Snapshot, kind: Kind, query: Dsl, path: str, letter: str, descending: bool) -> Line:
    """The search for the first token of a letter from one end."""
    wanted = most_frequent(snapshot, path, 1, letter)
    wanted["terms"]["order"] = {"_key": "desc" if descending else "asc"}
    return Line(kind, aggregating(query, {"x": wanted}))

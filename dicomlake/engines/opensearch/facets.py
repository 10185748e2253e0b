"""Facet counts: exact on any number of shards, or counted again in a way that is."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dicomlake.engines.base import Facet, FacetCount, FacetPlan
from dicomlake.engines.opensearch.compile import EVERYTHING, Dsl, differs, every, term
from dicomlake.engines.opensearch.composite import distinct
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.lines import Answer, Job, Line, aggregating, counting, total
from dicomlake.engines.opensearch.schema import path_key
from dicomlake.engines.opensearch.snapshot import Snapshot

BUCKETS: Final = 60_000
"""Values of one aggregation; the server refuses more than 65,535."""

TABLE: Final = 20_000
"""Values of a path that are remembered with their counts."""


def facet(snapshot: Snapshot, kind: Kind, plan: FacetPlan) -> Job[Facet]:
    """Count the documents by token."""
    query = snapshot.compile(plan.query)
    field, before = snapshot.place(plan.path)
    has = term("e", path_key(plan.path))
    whole = [
        Line(kind, aggregating(EVERYTHING, {"x": {"terms": {"field": field, "size": 1}}})),
        Line(kind, counting({"exists": {"field": field}})),
        Line(kind, counting(has)),
    ]
    answers = yield [*(Line(kind, counting(one)) for one in (query, EVERYTHING)), *([] if before else whole)]
    matching, documents = map(total, answers[:2])
    if not matching:
        return made(plan, (), 0, {})
    # Where every document that has the path has one token, those without are those that were not counted.
    single = not before and _values(answers[2]) == total(answers[3]) == total(answers[4])
    table: Mapping[str, int] = {}
    if most(query, matching, documents):
        table = yield from _table(snapshot, kind, plan.path)
    if table:
        size, counted, number = len(table), differs(query), documents - matching
    else:
        size, counted, number = min(plan.limit + 1, BUCKETS), query, matching
    lines = [Line(kind, aggregating(counted, {"x": most_frequent(snapshot, plan.path, size)}), number)]
    if not single:
        lines.append(Line(kind, counting(every([query, has]))))
    selected = [token for token in plan.selected if token is not None]
    if selected and not table:
        named = {"field": field, "size": len(selected), "include": [before + token for token in selected]}
        lines.append(Line(kind, aggregating(query, {"x": {"terms": named}}), matching))
    answers = yield lines
    ranked = counts_of(answers[0], before)
    valued = _values(answers[0])
    if table:
        others = dict(ranked)
        left = ((token, number - others.get(token, 0)) for token, number in table.items())
        ranked = in_order([one for one in left if one[1]])
        valued = sum(number for _, number in ranked)
    elif inexact(answers[0], size, plan.limit):
        found = yield from distinct(kind, query, (field,), before)
        ranked = in_order([(key[0], number) for key, number in found])
    missing = matching - (valued if single else total(answers[1]))
    known = dict(ranked if table else counts_of(answers[-1], before)) if selected else {}
    return made(plan, ranked, missing, known)


def most(query: Dsl, matching: int, documents: int) -> bool:
    """Whether so many of all documents match that it is quicker to count those that do not, and subtract."""
    return query != EVERYTHING and matching > documents - matching


def _table(snapshot: Snapshot, kind: Kind, path: str) -> Job[Mapping[str, int]]:
    """How many documents have each token of a path, most first; nothing where there are too many tokens."""
    table = snapshot.tables.get((kind, path))
    if table is None:
        wanted = {"x": most_frequent(snapshot, path, TABLE + 1)}
        (answer,) = yield [Line(kind, aggregating(EVERYTHING, wanted))]
        whole = not inexact(answer, TABLE + 1, TABLE + 1)
        table = dict(counts_of(answer, snapshot.place(path).before)) if whole else {}
        snapshot.tables.put((kind, path), table, len(table))
    return table


def in_order(counts: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Most first, ties by token."""
    return sorted(counts, key=lambda one: (-one[1], one[0]))


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

"""Totals: sums, and how many different patients, studies and series there are."""

from collections.abc import Mapping
from typing import Any, Final

from dicomlake.engines.base import EXACT_UP_TO, Plan, Totals
from dicomlake.engines.opensearch.compile import Dsl
from dicomlake.engines.opensearch.facets import BUCKETS
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.lines import Job, Line, aggregating, total
from dicomlake.engines.opensearch.snapshot import Snapshot

_PRECISION: Final = 40_000
"""The most that the server takes: its estimate is off by less than one in a hundred."""

PART: Final = 40_000
"""Different ones that are counted at a time."""


def totals(snapshot: Snapshot, kind: Kind, plan: Plan) -> Job[tuple[Totals, tuple[str, ...]]]:
    """The totals, and which of them are estimates."""
    query = snapshot.compile(plan.query)
    sums = {"x_instances": {"sum": {"field": "instances"}}, "x_size": {"sum": {"field": "size"}}}
    (answer,) = yield [Line(kind, {**aggregating(query, sums), "track_total_hits": True})]
    documents = total(answer)
    found = answer["aggregations"]
    instances, size = (int(found[name]["value"]) for name in ("x_instances", "x_size"))
    names = ["patient", "study", *(["series"] if kind == "instances" else [])]
    counts = {"series": documents}
    estimated = plan.fast and documents > EXACT_UP_TO
    if documents > PART:
        answers = yield [Line(kind, aggregating(query, _estimate(name))) for name in names]
        counts |= {name: _value(answer) for name, answer in zip(names, answers, strict=True)}
    else:
        counts |= dict.fromkeys(names, documents)
    exact = {name: counts[name] for name in names if documents and (name == "series" or not estimated)}
    counts |= yield from _exact(kind, query, exact)
    result = Totals(counts["patient"], counts["study"], counts["series"], instances, size)
    return result, (("patients", "studies") if estimated else ())


def _estimate(field: str) -> dict[str, Any]:
    return {"x": {"cardinality": {"field": field, "precision_threshold": _PRECISION}}}


def _value(answer: dict[str, Any]) -> int:
    return int(answer["aggregations"]["x"]["value"])


def _exact(kind: Kind, query: Dsl, about: Mapping[str, int]) -> Job[dict[str, int]]:
    """How many different values of each field there are; the server keeps their names to itself. They are counted in
    parts by their hash, since it refuses more than so many buckets."""
    found: dict[str, int] = {}
    parts = {field: number // PART + 1 for field, number in about.items()}
    while parts:
        wanted = [(field, part) for field, number in parts.items() for part in range(number)]
        answers = yield [Line(kind, aggregating(query, _part(field, part, parts[field]))) for field, part in wanted]
        counts: dict[str, list[int]] = {field: [] for field in parts}
        for (field, _), answer in zip(wanted, answers, strict=True):
            counts[field].append(int(answer["aggregations"]["x"]["count"]))
        found |= {field: sum(numbers) for field, numbers in counts.items() if max(numbers) < BUCKETS}
        parts = {field: 2 * number for field, number in parts.items() if field not in found}
    return found


def _part(field: str, number: int, parts: int) -> dict[str, Any]:
    terms: dict[str, Any] = {"field": field, "size": BUCKETS, "shard_size": BUCKETS}
    if parts > 1:
        terms["include"] = {"partition": number, "num_partitions": parts}
    return {"names": {"terms": terms}, "x": {"stats_bucket": {"buckets_path": "names>_count"}}}

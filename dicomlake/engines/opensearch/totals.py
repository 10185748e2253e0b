"""Totals: sums, and how many different patients, studies and series there are."""

from typing import Any, Final

from dicomlake.engines.base import EXACT_UP_TO, Plan, Totals
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.lines import Job, Line, aggregating, total
from dicomlake.engines.opensearch.snapshot import Snapshot

_PRECISION: Final = 40_000
"""The most that the server takes: its estimate is off by less than one in a hundred."""

PART: Final = 1_000_000
"""Documents whose different hashes are held in memory at a time, some 50 bytes each."""

_SUMS: Final = {"x_instances": {"sum": {"field": "instances"}}, "x_size": {"sum": {"field": "size"}}}

_MAP: Final = "state.found.add(doc[params.field].value);"

_MAP_PART: Final = (
    "long hash = doc[params.field].value; if (Math.abs(hash % params.parts) == params.part) { state.found.add(hash); }"
)

_REDUCE: Final = (
    "def found = new HashSet(); for (one in states) { if (one != null) { found.addAll(one); } } return found.size();"
)

_REDUCE_ONE: Final = "long found = 0; for (one in states) { if (one != null) { found += one; } } return found;"


def totals(snapshot: Snapshot, kind: Kind, plan: Plan) -> Job[tuple[Totals, tuple[str, ...]]]:
    """The totals, and which of them are estimates."""
    query = snapshot.compile(plan.query)
    names = ["patient", "study", *(["series"] if kind == "instances" else [])]
    guessed = names[:2] if plan.fast else []
    answer, *guesses = yield [
        Line(kind, {**aggregating(query, _SUMS), "track_total_hits": True}),
        *(Line(kind, aggregating(query, _estimate(name))) for name in guessed),
    ]
    documents = total(answer)
    found = answer["aggregations"]
    instances, size = (int(found[name]["value"]) for name in ("x_instances", "x_size"))
    estimated = plan.fast and documents > EXACT_UP_TO
    counts = {"series": documents} | dict.fromkeys(names, 0)
    if estimated:
        counts |= {name: _value(guess) for name, guess in zip(guessed, guesses, strict=True)}
    exact = [name for name in names if documents and not (estimated and name in guessed)]
    parts = documents // PART + 1
    wanted = [(name, part) for name in exact for part in range(parts)]
    if wanted:
        answers = yield [
            Line(kind, aggregating(query, _distinct(name, part, parts, snapshot.shards))) for name, part in wanted
        ]
        for (name, _), one in zip(wanted, answers, strict=True):
            counts[name] += _value(one)
    result = Totals(counts["patient"], counts["study"], counts["series"], instances, size)
    return result, (("patients", "studies") if estimated else ())


def _estimate(name: str) -> dict[str, Any]:
    return {"x": {"cardinality": {"field": f"{name}_hash", "precision_threshold": _PRECISION}}}


def _distinct(name: str, part: int, parts: int, shards: int) -> dict[str, Any]:
    """The aggregation that counts the different hashes of a part; only several shards have to tell which they are."""
    alone = shards == 1
    script = {
        "init_script": "state.found = new HashSet();",
        "map_script": _MAP if parts == 1 else _MAP_PART,
        "combine_script": "return state.found.size();" if alone else "return new ArrayList(state.found);",
        "reduce_script": _REDUCE_ONE if alone else _REDUCE,
        "params": {"field": f"{name}_hash", "part": part, "parts": parts},
    }
    return {"x": {"scripted_metric": script}}


def _value(answer: dict[str, Any]) -> int:
    return int(answer["aggregations"]["x"]["value"])

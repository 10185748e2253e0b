"""Totals: sums, and how many different patients, studies and series there are."""

from typing import Any, Final

from dicomlake.engines.base import EXACT_UP_TO, Plan, Totals
from dicomlake.engines.opensearch.compile import EVERYTHING, Dsl, differs
from dicomlake.engines.opensearch.facets import most
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.lines import Answer, Job, Line, aggregating, counting, total
from dicomlake.engines.opensearch.snapshot import Snapshot

_PRECISION: Final = 40_000
"""The most that the server takes: its estimate is off by less than one in a hundred."""

PART: Final = 1_000_000
"""Documents whose different hashes are held in memory at a time, at most 32 bytes each."""

_SUMS: Final = {"x_instances": {"sum": {"field": "instances"}}, "x_size": {"sum": {"field": "size"}}}

_INIT: Final = "state.table = new long[params.room]; state.number = new int[2]; state.names = new ArrayList();"

_MAP: Final = """
    long hash = doc[params.field].value;
    if (params.parts > 1 && Math.abs(hash % params.parts) != params.part) { return; }
    int[] number = (int[]) state.get('number');
    if (hash == 0) {
        if (number[1] == 0) { number[0]++; number[1] = 1; if (params.named) { state.names.add(hash); } }
        return;
    }
    long[] table = (long[]) state.get('table');
    int last = table.length - 1;
    int place = (int) (hash >>> 20) & last;
    long there = table[place];
    while (there != hash) {
        if (there == 0) {
            table[place] = hash;
            number[0]++;
            if (params.named) { state.names.add(hash); }
            return;
        }
        place = (place + 1) & last;
        there = table[place];
    }
"""
"""A hash table of whole numbers in an array, 0 where there is none: objects of Java's own sets cost twice the time."""

_REDUCE: Final = (
    "def found = new HashSet(); for (one in states) { if (one != null) { found.addAll(one); } } return found.size();"
)

_REDUCE_ONE: Final = "long found = 0; for (one in states) { if (one != null) { found += one; } } return found;"


def totals(snapshot: Snapshot, kind: Kind, plan: Plan) -> Job[tuple[Totals, tuple[str, ...]]]:
    """The totals, and which of them are estimates."""
    query = snapshot.compile(plan.query)
    matching, documents = map(total, (yield [Line(kind, counting(one)) for one in (query, EVERYTHING)]))
    if not matching:
        return Totals(), ()
    names = ["patient", "study", *(["series"] if kind == "instances" else [])]
    estimated = plan.fast and matching > EXACT_UP_TO
    guessed = names[:2] if estimated else []
    parts = matching // PART + 1
    wanted = [(name, part) for name in names if name not in guessed for part in range(parts)]
    rest = most(query, matching, documents)
    summed = [(EVERYTHING, documents), (differs(query), documents - matching)] if rest else [(query, matching)]
    answers = yield [
        *(Line(kind, aggregating(one, _SUMS), number) for one, number in summed),
        *(Line(kind, aggregating(query, _estimate(name)), matching) for name in guessed),
        *(
            Line(kind, aggregating(query, _distinct(name, part, parts, matching, snapshot.shards)), matching)
            for name, part in wanted
        ),
    ]
    sums, others = answers[: len(summed)], answers[len(summed) :]
    instances, size = (_sum(sums[0], name) - (_sum(sums[1], name) if rest else 0) for name in ("x_instances", "x_size"))
    counts = {"series": matching} | dict.fromkeys(names, 0)
    for name, answer in zip([*guessed, *(name for name, _ in wanted)], others, strict=True):
        counts[name] += _sum(answer, "x")
    result = Totals(counts["patient"], counts["study"], counts["series"], instances, size)
    return result, (("patients", "studies") if estimated else ())


def different(kind: Kind, query: Dsl, name: str, documents: int, shards: int) -> Job[int]:
    """How many different ones the matching documents have, of which there are so many: ``study``, ``patient``."""
    parts = documents // PART + 1
    wanted = (_distinct(name, part, parts, documents, shards) for part in range(parts if documents else 0))
    answers = (yield lines) if (lines := [Line(kind, aggregating(query, one), documents) for one in wanted]) else []
    return sum(_sum(answer, "x") for answer in answers)


def _estimate(name: str) -> dict[str, Any]:
    """The aggregation that estimates how many there are. A patient has so many documents that it is quicker to mark
    those that were met and read the names of these; studies are told by their hashes."""
    if name == "patient":
        return {"x": {"cardinality": {"field": name, "execution_hint": "ordinals", "precision_threshold": _PRECISION}}}
    return {"x": {"cardinality": {"field": f"{name}_hash", "precision_threshold": _PRECISION}}}


def _distinct(name: str, part: int, parts: int, documents: int, shards: int) -> dict[str, Any]:
    """The aggregation that counts the different hashes of a part; only several shards have to tell which they are."""
    alone = shards == 1
    room = 2 << min(documents, PART).bit_length()  # of the table: more than twice what may be in it
    params = {"field": f"{name}_hash", "part": part, "parts": parts, "room": room, "named": not alone}
    script = {
        "init_script": _INIT,
        "map_script": _MAP,
        "combine_script": "return (long) state.number[0];" if alone else "return state.names;",
        "reduce_script": _REDUCE_ONE if alone else _REDUCE,
        "params": params,
    }
    return {"x": {"scripted_metric": script}}


def _sum(answer: Answer, name: str) -> int:
    return int(answer["aggregations"][name]["value"])

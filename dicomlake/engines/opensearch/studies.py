"""``in_study``: the documents that have another series in their study with a condition."""

from collections.abc import Sequence
from typing import Any, Final

from dicomlake.engines.opensearch.compile import NOTHING, Dsl, differs, every
from dicomlake.engines.opensearch.lines import Job, Line, aggregating, counting, total

PART: Final = 1_000_000
"""Matching series whose studies are held in the server's memory at a time, some 80 bytes each."""

_INIT: Final = """
    state.table = new long[params.room];
    state.places = new int[params.room];
    state.studies = new ArrayList();
    state.series = new ArrayList();
"""

_MAP: Final = """
    long study = doc['study_hash'].value;
    if (params.parts > 1 && Math.abs(study % params.parts) != params.part) { return; }
    long[] table = (long[]) state.get('table');
    int[] places = (int[]) state.get('places');
    int last = table.length - 1;
    int place = (int) (study >>> 20) & last;
    while (places[place] != 0) {
        if (table[place] == study) { state.series.set(places[place] - 1, null); return; }
        place = (place + 1) & last;
    }
    table[place] = study;
    state.studies.add(study);
    state.series.add(doc['series_hash'].value);
    places[place] = state.studies.size();
"""
"""Each study once, and its series while it is the only one: one document is one series. ``places`` says where a study
of the table is in the lists, counted from 1."""


def beside(condition: Dsl) -> Job[Dsl]:
    """The documents of the studies of all matching series, but for the one series of a study that alone does. Studies
    and series are told by their hashes, a third as long as their uids."""
    (answer,) = yield [Line("series", counting(condition))]
    parts = total(answer) // PART + 1
    answers = yield [
        Line("series", aggregating(condition, _studies(part, parts, total(answer)))) for part in range(parts)
    ]
    alone: dict[int, int | None] = {}
    for one in answers:
        for studies, series in one["aggregations"]["x"]["value"]:
            if alone:
                for study, single in zip(studies, series, strict=True):
                    alone[study] = None if study in alone else single
            else:
                alone = dict(zip(studies, series, strict=True))
    among = _any_of("study_hash", list(alone))
    return every([among, differs(_any_of("series_hash", [one for one in alone.values() if one is not None]))])


def _studies(part: int, parts: int, documents: int) -> dict[str, Any]:
    """The aggregation that gives the studies of a part and their series, of each shard."""
    room = 2 << min(documents, PART).bit_length()  # of the table: more than twice what may be in it
    script = {
        "init_script": _INIT,
        "map_script": _MAP,
        "combine_script": "return [state.studies, state.series];",
        "reduce_script": "def found = []; for (one in states) { if (one != null) { found.add(one); } } return found;",
        "params": {"part": part, "parts": parts, "room": room},
    }
    return {"x": {"scripted_metric": script}}


def _any_of(field: str, numbers: Sequence[int]) -> Dsl:
    return {"terms": {field: numbers}} if numbers else NOTHING

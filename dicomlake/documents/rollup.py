"""The roll-up of a series: a pure function of its instances, whatever happened before.

``shown`` is what hits are drawn from: ``{"common": {...}, "varied": {key: {"values": [...], "count": n, ...}},
"instanceCount": n, "bytes": n}``. Every distinct value is indexed; only what is shown of them is capped.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from dicomlake.documents.kept import KeptSeries, common_part, without
from dicomlake.documents.leaves import Leaves, leaves
from dicomlake.engines.base import Record

SHOWN_VALUES = 16
"""Distinct values of a varying attribute that a hit shows."""


def records(series: str, kept: KeptSeries, touched: Iterable[str]) -> list[Record]:
    """The series' record and those of the touched instances it still has."""
    bodies = {uid: kept.body(uid) for uid in sorted(kept.instances)}
    common = common_part(list(bodies.values()))
    vrs: dict[str, str] = {}
    for body in bodies.values():
        vrs |= body.get("vr", {})
    of_common = leaves(common, vrs)
    whole = Leaves()
    whole.merge(of_common)
    wanted = set(touched)
    found = []
    for document in kept.documents():
        own = leaves(without(bodies[document.uid], common), bodies[document.uid].get("vr", {}))
        whole.merge(own)
        if document.uid in wanted:
            own.merge(of_common)
            found.append(
                Record(
                    "instance",
                    document.uid,
                    series,
                    document.study,
                    document.patient,
                    size=document.size,
                    tokens=own.sorted_tokens(),
                    words=own.sorted_words(),
                    present=frozenset(own.present),
                )
            )
    return [_series_record(series, kept, bodies, common, whole), *found]


def _series_record(
    series: str,
    kept: KeptSeries,
    bodies: Mapping[str, Mapping[str, Any]],
    common: Mapping[str, Any],
    whole: Leaves,
) -> Record:
    documents = list(kept.documents())
    first = documents[0]
    own = {"instanceCount": len(documents), "bytes": sum(document.size for document in documents)}
    whole.merge(leaves(own, {}))
    shown = {
        "common": {key: value for key, value in common.items() if not _is_sequence(value)},
        "varied": varied([without(body, common) for body in bodies.values()]),
        **own,
    }
    return Record(
        "series",
        series,
        series,
        # Instances of one series in two studies, or of two patients, are a fault of the data: the first instance by
        # uid decides, so that the answer does not depend on the order of arrival.
        first.study,
        first.patient,
        instances=own["instanceCount"],
        size=own["bytes"],
        tokens=whole.sorted_tokens(),
        words=whole.sorted_words(),
        present=frozenset(whole.present),
        shown=orjson.dumps(shown),
        kept=kept.encode(),
    )


def varied(bodies: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Attributes that vary: the first distinct values in order, how many there are, and the bounds of numbers."""
    distinct: dict[str, dict[bytes, Any]] = {}
    for body in bodies:
        for key, value in body.items():
            if not _is_sequence(value) and not isinstance(value, dict):
                for one in value if isinstance(value, list) else [value]:
                    if one is not None and one != "":
                        distinct.setdefault(key, {}).setdefault(orjson.dumps(one), one)
    return {key: _summary(list(values.values())) for key, values in distinct.items()}


def _summary(values: list[Any]) -> dict[str, Any]:
    values.sort(key=lambda value: (isinstance(value, str), value))
    summary: dict[str, Any] = {"values": values[:SHOWN_VALUES], "count": len(values)}
    if all(isinstance(value, int | float) for value in values):
        summary |= {"min": values[0], "max": values[-1]}
    return summary


def _is_sequence(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)

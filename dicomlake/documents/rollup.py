"""The roll-up of a series: a pure function of its instances, whatever happened before.

``shown`` is what hits are drawn from: ``{"common": {...}, "varied": {key: {"values": [...], "count": n, ...}},
"instanceCount": n, "bytes": n}``. Every distinct value is indexed; only what is shown of them is capped.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from dicomlake.documents.kept import KeptSeries
from dicomlake.documents.leaves import Leaves, leaves
from dicomlake.engines.base import Record
from mappings import registry

SHOWN_VALUES = 16
"""Distinct values of a varying attribute that a hit shows."""


def records(series: str, kept: KeptSeries, touched: Iterable[str]) -> list[Record]:
    """The series' record and those of the touched instances it still has."""
    common, differs = kept.split()
    vrs: dict[str, str] = dict(common.get("vr", {}))
    for own in differs.values():
        vrs |= own.get("vr", {})
    of_common = leaves(common, vrs)
    whole = Leaves()
    whole.merge(of_common)
    shared = of_common.sorted_tokens(), of_common.sorted_words()
    wanted = set(touched)
    found = []
    for document in kept.documents():
        own = differs[document.uid]
        of_own = leaves(own, own.get("vr", vrs))
        whole.merge(of_own)
        if document.uid in wanted:
            # An attribute is common or it differs, so the paths of the two have nothing in common.
            found.append(
                Record(
                    "instance",
                    document.uid,
                    series,
                    document.study,
                    document.patient,
                    size=document.size,
                    tokens=shared[0] | of_own.sorted_tokens(),
                    words=shared[1] | of_own.sorted_words(),
                    present=frozenset(of_common.present | of_own.present),
                )
            )
    return [_series_record(series, kept, common, list(differs.values()), whole), *found]


def _series_record(
    series: str, kept: KeptSeries, common: Mapping[str, Any], differs: Sequence[Mapping[str, Any]], whole: Leaves
) -> Record:
    documents = list(kept.documents())
    own = {"instanceCount": len(documents), "bytes": sum(document.size for document in documents)}
    whole.merge(leaves(own, {}))
    shown = {
        "common": {key: value for key, value in common.items() if not _is_sequence(value)},
        "varied": varied(differs) | _nested([common, *differs]),
        **own,
    }
    # Instances of one series in two studies, or of two patients, are a fault of the data: the first instance by uid
    # decides, so that the answer does not depend on the order of arrival.
    first = documents[0]
    return Record(
        "series",
        series,
        series,
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


def dig(body: Mapping[str, Any], path: str) -> list[Any]:
    """All values at a dotted path: through every item of the sequences on the way."""
    if path in body:
        value = body[path]
        return value if isinstance(value, list) else [value]
    if "." not in path or path[0] == "(":
        return []
    head, _, rest = path.partition(".")
    items = body.get(head)
    return [v for item in items for v in dig(item, rest)] if isinstance(items, list) and _is_sequence(items) else []


def _nested(bodies: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Sequences are not shown in hits, but the registry's fields inside them are."""
    wanted = [f.keyword for f in registry.load().fields if "." in f.keyword]
    return varied([{path: values for path in wanted if (values := dig(body, path))} for body in bodies])


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

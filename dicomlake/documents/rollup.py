"""The roll-up of a series: a pure function of its instances, whatever happened before.

``shown`` is what hits are drawn from: ``{"common": {...}, "varied": {key: {"values": [...], "count": n, ...}},
"instanceCount": n, "bytes": n}``. Every distinct value is indexed; only what is shown of them is capped.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson

from dicomlake.documents.instance import InstanceDocument
from dicomlake.documents.kept import KeptSeries, in_order
from dicomlake.documents.leaves import Leaves, leaves
from dicomlake.documents.sharing import common_part, groups, without
from dicomlake.engines.base import Record
from mappings import registry

SHOWN_VALUES = 16
"""Distinct values of a varying attribute that a hit shows."""


def records(series: str, kept: KeptSeries, touched: Iterable[str], issues: Iterable[str] = ()) -> list[Record]:
    """The series' record and those of the touched instances it still has. ``issues``: quality codes of the series."""
    return [
        _series_record(series, kept, sorted(issues)),
        *(_instance_record(series, kept.document(uid)) for uid in sorted(touched) if uid in kept.instances),
    ]


def _instance_record(series: str, document: InstanceDocument) -> Record:
    found = Leaves() if document.encoded else leaves(document.body, document.vrs)
    return Record(
        "instance",
        document.uid,
        series,
        document.study,
        document.patient,
        size=document.size,
        tokens=found.tokens,
        words=found.words,
        present=found.present,
        encoded=document.encoded,
    )


def _series_record(series: str, kept: KeptSeries, issues: Sequence[str]) -> Record:
    documents = kept.documents()
    own = {"instanceCount": len(documents), "bytes": sum(document.size for document in documents)}
    found = leaves({**own, "quality": [{"code": code} for code in issues]}, {})
    common = common_part(documents)
    differs: list[Mapping[str, Any]] = []
    for shared, group in groups(documents):
        for vrs in _distinct([document.vrs for document in group]):
            found.add(shared, vrs)
        differs.append(without(shared, common))
        for document in group:
            found.add(document.own, document.vrs)
            differs.append(without(document.own, common))
    codes = {issue["code"] for document in documents for issue in document.quality}
    differs.append({"quality": [*issues, *codes]})
    shown = {
        "common": {key: value for key, value in in_order(common).items() if not _is_sequence(value)},
        "varied": in_order({**varied(differs), **_nested([common, *differs])}),
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
        tokens=found.tokens,
        words=found.words,
        present=found.present,
        shown=orjson.dumps(shown),
        kept=kept.encode(),
    )


def _distinct(found: Iterable[Mapping[str, str]]) -> Iterable[Mapping[str, str]]:
    """Each of the mappings once."""
    by_identity = {id(one): one for one in found}.values()
    return {orjson.dumps(one): one for one in by_identity}.values()


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
    wanted = nested_fields()
    found = (
        {path: values for head in wanted.keys() & body.keys() for path in wanted[head] if (values := dig(body, path))}
        for body in bodies
    )
    return varied([body for body in found if body])


@cache
def nested_fields() -> dict[str, list[str]]:
    """The registry's fields inside sequences, by the sequence at the top."""
    found: dict[str, list[str]] = {}
    for keyword in (f.keyword for f in registry.load().fields if "." in f.keyword):
        found.setdefault(keyword.partition(".")[0], []).append(keyword)
    return found


def varied(bodies: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Attributes that vary: the first distinct values in order, how many there are, and the bounds of numbers."""
    distinct: dict[str, dict[str | bytes, Any]] = {}
    for body in bodies:
        for key, value in body.items():
            if not _is_sequence(value) and not isinstance(value, dict):
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, str):
                        if one:
                            distinct.setdefault(key, {})[one] = one
                    elif one is not None:
                        distinct.setdefault(key, {}).setdefault(orjson.dumps(one), one)  # 1 and 1.0 differ
    return {key: _summary(values) for key, values in distinct.items()}


def _summary(distinct: Mapping[str | bytes, Any]) -> dict[str, Any]:
    values = [one for _, one in sorted(distinct.items(), key=lambda item: (isinstance(item[1], str), item[1], item[0]))]
    summary: dict[str, Any] = {"values": values[:SHOWN_VALUES], "count": len(values)}
    if all(isinstance(value, int | float) for value in values):
        summary |= {"min": values[0], "max": values[-1]}
    return summary


def _is_sequence(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)

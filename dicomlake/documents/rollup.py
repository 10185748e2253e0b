"""The roll-up of a series: a pure function of its instances, whatever happened before.

``shown`` is what hits are drawn from: ``{"common": {...}, "varied": {key: {"values": [...], "count": n, ...}},
"instanceCount": n, "bytes": n}``. Every distinct value is indexed; only what is shown of them is capped.
"""

from collections import defaultdict
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
    differs: dict[str, list[Any]] = defaultdict(list)
    parts = [(without(shared, common), _by_vrs(group)) for shared, group in groups(documents)]
    for vrs in {text: vrs for _, by_vrs in parts for text, (vrs, _) in by_vrs.items()}.values():
        found.add(common, vrs)
    for rest, by_vrs in parts:
        for key, value in rest.items():
            differs[key].append(value)
        for vrs, alike in by_vrs.values():
            found.add(rest, vrs)
            columns = _columns([document.own for document in alike])
            found.add_columns(columns, vrs)
            for key, values in without(columns, common).items():
                differs[key] += values
    codes = {issue["code"] for document in documents for issue in document.quality}
    differs["quality"] += [[*issues, *codes]]
    nested = _nested(_columns([common]), differs)
    shown = {
        "common": {key: value for key, value in in_order(common).items() if not _is_sequence(value)},
        "varied": in_order({**varied(differs), **varied(nested)}),
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
        kept=kept.encode(common),
    )


def _by_vrs(documents: Iterable[InstanceDocument]) -> dict[bytes, tuple[Mapping[str, str], list[InstanceDocument]]]:
    """The documents by their VRs, as text. Most have these as the same object, so that they are seldom compared."""
    by_identity: dict[int, tuple[Mapping[str, str], list[InstanceDocument]]] = {}
    for document in documents:
        vrs = document.vrs
        by_identity.setdefault(id(vrs), (vrs, []))[1].append(document)
    found: dict[bytes, tuple[Mapping[str, str], list[InstanceDocument]]] = {}
    for vrs, alike in by_identity.values():
        found.setdefault(orjson.dumps(vrs), (vrs, []))[1].extend(alike)
    return found


def _columns(bodies: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The values of each attribute, in the order of the bodies."""
    found: dict[str, list[Any]] = defaultdict(list)
    for body in bodies:
        for key, value in body.items():
            found[key].append(value)
    return found


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


def _nested(*columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Sequences are not shown in hits, but the values of the registry's fields inside them are."""
    wanted = nested_fields()
    found: dict[str, list[Any]] = defaultdict(list)
    for head, values in ((head, some[head]) for some in columns for head in wanted.keys() & some.keys()):
        for path in wanted[head]:
            found[path] += (one for value in values for one in dig({head: value}, path))
    return found


@cache
def nested_fields() -> dict[str, list[str]]:
    """The registry's fields inside sequences, by the sequence at the top."""
    found: dict[str, list[str]] = {}
    for keyword in (f.keyword for f in registry.load().fields if "." in f.keyword):
        found.setdefault(keyword.partition(".")[0], []).append(keyword)
    return found


def varied(columns: Mapping[str, Iterable[Any]]) -> dict[str, Any]:
    """Attributes that vary: the first distinct values in order, how many there are, and the bounds of numbers."""
    found = {key: _distinct(values) for key, values in columns.items()}
    return {key: _summary(values) for key, values in found.items() if values}


def _distinct(values: Iterable[Any]) -> list[Any]:
    """The values, those in lists one by one, each once and in order, numbers before texts."""
    flat: list[Any] = []
    for value in values:
        if isinstance(value, list):
            flat += () if _is_sequence(value) else value
        elif not isinstance(value, dict):
            flat.append(value)
    texts = {value for value in flat if isinstance(value, str)}
    others = (
        [value for value in flat if value is not None and not isinstance(value, str)] if len(texts) < len(flat) else []
    )
    texts.discard("")
    return [*_numbers(others), *sorted(texts)]


def _numbers(values: list[Any]) -> list[Any]:
    """Each number once, in order: 1 and 1.0 differ, as 0.0 and -0.0 do."""
    kinds = set(map(type, values))
    distinct = set(values)
    if len(kinds) <= 1 and (0 not in distinct or int in kinds):
        return sorted(distinct)
    by_text = {orjson.dumps(value): value for value in values}
    return [value for _, value in sorted(by_text.items(), key=lambda item: (item[1], item[0]))]


def _summary(values: list[Any]) -> dict[str, Any]:
    summary: dict[str, Any] = {"values": values[:SHOWN_VALUES], "count": len(values)}
    if all(isinstance(value, int | float) for value in (values[0], values[-1])):
        summary |= {"min": values[0], "max": values[-1]}
    return summary


def _is_sequence(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)

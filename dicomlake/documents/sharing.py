"""What the instances of a series have in common is held, compared and written once."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, count, repeat
from operator import is_not
from typing import Any

import orjson

from dicomlake.documents.instance import InstanceDocument
from dicomlake.documents.leaves import Leaves, leaves
from dicomlake.engines.base import Encoded, Encoder

_MISSING = object()

Group = tuple[Mapping[str, Any], Sequence[InstanceDocument]]
"""Documents with the same ``common``, and that."""


def share(documents: Iterable[InstanceDocument], encoder: Encoder) -> list[InstanceDocument]:
    """The same documents in their order: those of one series with one ``common``, and encoded for the engine."""
    listed = list(documents)
    by_series: dict[str, list[list[InstanceDocument]]] = {}
    for document in listed:
        same_types, vrs = by_series.setdefault(document.series, []), document.vrs
        # What a value is indexed as depends on its VR, so instances of other VRs have nothing in common.
        group = next((one for one in same_types if one[0].vrs is vrs or one[0].vrs == vrs), None)
        if group is None:
            same_types.append([document])
        else:
            group.append(document)
    shared: dict[int, InstanceDocument] = {}
    for group in (group for same_types in by_series.values() for group in same_types):
        common = common_part(group)
        once = encoded(leaves(common, group[0].vrs), encoder)
        for document in group:
            own = without(document.body if document.common else document.own, common)
            parts = (once, encoded(leaves(own, document.vrs), encoder)) if own else (once,)
            shared[id(document)] = document.sharing(own, common, parts)
    return [shared[id(document)] for document in listed]


def encoded(found: Leaves, encoder: Encoder) -> Encoded:
    """Leaves as the engine takes them."""
    return encoder.encode(found.tokens, found.words, found.present)


def groups(documents: Iterable[InstanceDocument]) -> list[Group]:
    """The documents by what they share."""
    found: dict[int, tuple[Mapping[str, Any], list[InstanceDocument]]] = {}
    for document in documents:
        found.setdefault(id(document.common), (document.common, []))[1].append(document)
    return list(found.values())


def common_part(documents: Sequence[InstanceDocument]) -> dict[str, Any]:
    """The attributes that all documents have with the same value, in the first one's order."""
    if not documents:
        return {}
    found = dict(documents[0].body)
    for common, group in groups(documents):
        owned: set[str] = set().union(*(document.own for document in group))
        for key in [k for k, v in found.items() if k not in owned and not same(v, common.get(k, _MISSING))]:
            del found[key]
        doubtful = {key: value for key, value in found.items() if key in owned}
        keys, values = list(doubtful), list(doubtful.values())
        for document in group:
            own = document.own
            # In fresh documents most values are the object of the one before, and in this loop the time goes.
            for place in compress(count(), map(is_not, values, map(own.get, keys, repeat(_MISSING)))):
                key = keys[place]
                if key in found:
                    value = own.get(key, common.get(key, _MISSING))
                    if same(found[key], value):
                        values[place] = value
                    else:
                        del found[key]
    return found


def without(body: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    """What a body has besides the common part."""
    return {key: value for key, value in body.items() if key not in common}


def same(value: Any, other: Any) -> bool:
    """Whether two JSON values would be written alike: 1 and 1.0 differ, as 0.0 and -0.0 do."""
    if value is other:
        return True
    if isinstance(value, str) or isinstance(other, str) or value != other:
        return bool(value == other)
    return orjson.dumps(value) == orjson.dumps(other)

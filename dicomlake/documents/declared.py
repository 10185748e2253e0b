"""Series that an index declares: a series document without instances, by the same rules as those of indexed files.

A declared series has ``declared``, the name of its index, and no kept headers. So files that are indexed later under
its SeriesInstanceUID simply take its place: the roll-up of a series reads kept headers and finds none. All there is of
a declared series stands in what it shows; nothing else has to be kept of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from dicomlake.documents.instance import Origin, add_companions, patients
from dicomlake.documents.kept import in_order
from dicomlake.documents.leaves import leaves
from dicomlake.documents.rollup import varied
from dicomlake.documents.sharing import encoded
from dicomlake.engines.base import Encoded, Encoder, Record
from dicomlake.headers.typed import from_text
from dicomlake.site import current
from mappings import dictionary

DECLARED = "declared"
"""Own field of every declared series, and of nothing else."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some attributes of a series, which other series may share: values with companions, ``issues`` with the values
    (quality codes by path), and what they are found by. ``several``: the keys of lists."""

    body: Mapping[str, Any]
    issues: Sequence[Mapping[str, str]]
    encoded: Encoded
    several: Sequence[str]


@dataclass(frozen=True, slots=True)
class Single:
    """The attributes of one series alone. They are encoded with its counts, since encoding costs by the call."""

    body: Mapping[str, Any]
    issues: Sequence[Mapping[str, str]]


def single(attributes: Mapping[str, str], own: Mapping[str, str | int]) -> Single:
    """DICOM attributes as text, several values between backslashes, and own fields."""
    body: dict[str, Any] = {}
    issues = []
    for keyword, text in attributes.items():
        body[keyword], code, detail = from_text(_vr(keyword), text)
        if code:
            issues.append({"code": code, "path": keyword, "detail": detail})
    add_companions(body, current())
    body |= own
    return Single(body, issues)


def part(attributes: Mapping[str, str], own: Mapping[str, str | int], encoder: Encoder) -> Part:
    """The same for a part that other series may share."""
    made = single(attributes, own)
    several = [key for key, value in made.body.items() if isinstance(value, list)]
    return Part(made.body, made.issues, encoded(leaves(made.body, {}), encoder), several)


def record(parts: Sequence[Part], alone: Single, origin: Origin, instances: int, size: int, encoder: Encoder) -> Record:
    """The record of a series from its parts, of which no two have a path in common; ``size`` in bytes.

    Raises ValueError when SeriesInstanceUID or StudyInstanceUID is missing.
    """
    body: dict[str, Any] = {}
    issues: list[Mapping[str, str]] = []
    several: dict[str, Any] = {}
    for one in parts:
        body |= one.body
        issues += one.issues
        several |= {key: one.body[key] for key in one.several}
    body |= alone.body
    issues += alone.issues
    several |= {key: value for key, value in alone.body.items() if isinstance(value, list)}
    series, study = body.get("SeriesInstanceUID"), body.get("StudyInstanceUID")
    if not isinstance(series, str) or not isinstance(study, str):
        raise ValueError("a series without SeriesInstanceUID or StudyInstanceUID")
    _, patient = patients(current(), origin.issuer, str(body.get("PatientID") or ""), study)
    counts = {"instanceCount": instances, "bytes": size}
    found = leaves(alone.body, {})
    found.add({**counts, "quality": issues} if issues else counts, {})
    if issues:
        several["quality"] = list(dict.fromkeys(issue["code"] for issue in issues))
    shown = {
        "common": in_order({key: value for key, value in body.items() if value is not None and key not in several}),
        "varied": in_order(varied({key: [value] for key, value in several.items()})) if several else {},
        **counts,
    }
    return Record(
        "series",
        series,
        series,
        study,
        patient,
        instances=instances,
        size=size,
        encoded=(*(one.encoded for one in parts), encoded(found, encoder)),
        shown=orjson.dumps(shown),
    )


def rebuild(shown: bytes, issuer: str, encoder: Encoder) -> Record:
    """The record of a declared series again, by the rules and tables of this process, from what it shows; ``issuer`` is
    that of its index. Of an element with more values than hits show, those that they show remain."""
    content = orjson.loads(shown)
    body = content["common"] | {key: found["values"] for key, found in content["varied"].items()}
    issues = [{"code": code} for code in body.pop("quality", ())]
    body = {key: value for key, value in body.items() if "." not in key}  # without companions
    add_companions(body, current())
    counts = content["instanceCount"], content["bytes"]
    return record([], Single(body, issues), Origin(body["source"], issuer=issuer), *counts, encoder)


def is_declared(shown: bytes) -> bool:
    """Whether the series that shows this is declared, and has no instances."""
    return DECLARED in orjson.loads(shown)["common"]


@cache
def _vr(keyword: str) -> str:
    tag = dictionary.tag_of(keyword)
    entry = dictionary.lookup(tag) if tag is not None else None
    if entry is None:
        raise KeyError(f"{keyword} is no keyword of the data dictionary")
    return entry.vr

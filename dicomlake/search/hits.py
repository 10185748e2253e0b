"""Hits as people and programs see them: flat objects with values in DICOM form."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from dicomlake.documents.rollup import SHOWN_VALUES, dig
from dicomlake.engines.base import Hit, Level, Member
from mappings import registry

OWN_COUNTS = ("instanceCount", "bytes")


def default_fields(level: Level) -> tuple[str, ...]:
    """The fields every hit has: identities of its level and above, and columns with their companions."""
    left_out = {*OWN_COUNTS, *(() if level == "instance" else ("SOPInstanceUID",))}
    fields = [f for f in registry.load().fields if (f.identity or f.column) and f.keyword not in left_out]
    return tuple(path for f in fields for path in (f.keyword, *(f"{f.keyword}.{name}" for name in _beside(f))))


def _beside(field: registry.Field) -> tuple[str, ...]:
    return (*(("canonical",) if field.canonical else ()), *field.companions)


def from_members(hit: Hit, level: Level, fields: Iterable[str]) -> dict[str, Any]:
    """A hit at series, study or patient level, drawn from the roll-ups of its matching series."""
    shown = [orjson.loads(member.shown) for member in hit.members]
    first = hit.members[0]
    found: dict[str, Any] = {"level": level}
    common, varied = shown[0]["common"], shown[0]["varied"]
    for path in fields:
        # Most hits are of one series, and most of its values are one.
        if len(shown) == 1 and path not in varied and isinstance(common.get(path), str | int | float):
            if common[path] != "":
                found[path] = common[path]
        else:
            put(found, path, [value for one in shown for value in _values(one, path)])
    if level != "patient":
        found["StudyInstanceUID"] = first.study
    if level == "series":
        found["SeriesInstanceUID"] = first.series
    else:
        found.pop("SeriesInstanceUID", None)
        found["seriesCount"] = len(hit.members)
    if level == "patient":
        found.pop("StudyInstanceUID", None)
        found["studyCount"] = len({member.study for member in hit.members})
    for name in OWN_COUNTS:
        found[name] = sum(one[name] for one in shown)
    return found


def from_body(member: Member, body: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """A hit at instance level, drawn from the whole document."""
    found: dict[str, Any] = {"level": "instance"}
    for path in fields:
        put(found, path, dig(body, path))
    found |= {
        "SOPInstanceUID": member.uid,
        "SeriesInstanceUID": member.series,
        "StudyInstanceUID": member.study,
        "location": body["location"],
        "instanceCount": 1,
        "bytes": body["fileSize"],
    }
    return found


def everything_shown(member: Member) -> dict[str, Any]:
    """All that the roll-up of a series shows, as one flat object."""
    shown = orjson.loads(member.shown)
    found: dict[str, Any] = {"level": "series"}
    for path in [*shown["common"], *shown["varied"]]:
        put(found, path, _values(shown, path))
    return found | {name: shown[name] for name in OWN_COUNTS}


def put(found: dict[str, Any], path: str, values: Sequence[Any]) -> None:
    """One distinct value as itself, several as a list, none not at all."""
    distinct = list({orjson.dumps(value): value for value in values if value is not None and value != ""}.values())
    if distinct:
        found[path] = distinct[0] if len(distinct) == 1 else distinct[:SHOWN_VALUES]


def _values(shown: Mapping[str, Any], path: str) -> list[Any]:
    varied = shown["varied"].get(path)
    if varied is not None:
        return list(varied["values"])
    return dig(shown["common"], path)

"""Details of hits as the data that the detail component paints. Pure functions, like those of ``ui.views``."""

from collections.abc import Mapping, Sequence
from typing import Any

from ui import format as shown_as
from ui import tree
from ui.labels import page
from ui.views import cell, open_id, units

_ALL = 20
"""Distinct values of a field that a summary lists."""


def summary(kind: str, hit: Mapping[str, Any], more: Sequence[tuple[str, str | None]] = ()) -> list[dict[str, Any]]:
    """The lines of ``page.yml`` that the hit can fill, raw beside canonical values, then ``more`` in code type."""
    found: list[dict[str, Any]] = []
    for label, paths in page()["summary"][kind].items():
        parts = [text for path in paths if (text := cell(hit, path, _ALL, unit=True))]
        raw = [
            text
            for path in paths
            if path.endswith(".canonical")
            and (text := cell(hit, path.removesuffix(".canonical"), _ALL))
            and text not in parts
        ]
        if parts:
            found.append({"label": label, "value": " · ".join(parts), "raw": ", ".join(raw) or None})
    return found + [{"label": label, "value": value, "code": True} for label, value in more if value]


def _tags(hit: Mapping[str, Any], *others: str | None) -> list[str]:
    listed = [cell(hit, "Modality"), cell(hit, "BodyPartExamined.canonical"), *others]
    return [text for text in listed if text]


def _title(hit: Mapping[str, Any], *paths: str) -> str:
    return next((text for path in paths if (text := cell(hit, path))), "No description")


def of_series(answer: Mapping[str, Any], place: int, instance: Mapping[str, Any] | None, asked: str) -> dict[str, Any]:
    """A series, and the header of its instance number ``place`` (from 0); without one, what the index knows."""
    hit, instances = answer["series"], answer["instances"]
    header, note, issues = None, None, []
    more = [("Series UID", hit["SeriesInstanceUID"])]
    if instance is not None:
        nodes = tree.nodes(instance)
        header = {
            "nodes": nodes,
            "count": tree.count(nodes),
            "place": {
                "text": f"Instance {place + 1:,} of {len(instances):,}",
                "previous": f"instance:{instances[place - 1]['SOPInstanceUID']}" if place else None,
                "next": f"instance:{instances[place + 1]['SOPInstanceUID']}" if place + 1 < len(instances) else None,
            },
        }
        issues = [_issue(issue) for issue in instance.get("quality") or []]
        more.append(("File", instance.get("location")))
    elif answer.get("common"):
        nodes = tree.nodes(answer["common"])
        header = {"nodes": nodes, "count": tree.count(nodes), "place": None}
        note = "The instances of this series are not in the lake; the header shows what its index says."
    return {
        "id": asked,
        "kind": "Series",
        "title": _title(hit, "SeriesDescription", "ProtocolName", "StudyDescription"),
        "tags": _tags(hit, units("instance", hit["instanceCount"]), shown_as.size(hit["bytes"])),
        "summary": summary("series", hit, more),
        "issues": issues,
        "list": None,
        "header": header,
        "note": note,
    }


def of_study(answer: Mapping[str, Any], asked: str) -> dict[str, Any]:
    """A study with its series."""
    hit = answer["study"]
    return _with_list(
        "Study",
        _title(hit, "StudyDescription"),
        hit,
        _tags(hit, units("series", len(answer["series"])), units("instance", hit["instanceCount"])),
        [("Study UID", hit["StudyInstanceUID"])],
        {
            "label": units("series", len(answer["series"])),
            "items": [
                {
                    "id": open_id("series", one),
                    "text": " · ".join(
                        text for text in (cell(one, "Modality"), _title(one, "SeriesDescription")) if text
                    ),
                    "aside": units("instance", one["instanceCount"]),
                }
                for one in answer["series"]
            ],
        },
        asked,
    )


def of_patient(uid: str, answer: Mapping[str, Any], asked: str) -> dict[str, Any]:
    """A patient by ID, with the studies that a search at study level found."""
    studies = answer["hits"]
    hit = merged(studies)
    rest = answer["totals"]["studies"] - len(studies)
    detail = _with_list(
        "Patient",
        cell(hit, "PatientName") or uid,
        hit,
        _tags(hit, units("study", answer["totals"]["studies"]), units("series", answer["totals"]["series"])),
        [],
        {
            "label": units("study", answer["totals"]["studies"]),
            "items": [
                {
                    "id": open_id("study", one),
                    "text": " · ".join(
                        text
                        for text in (cell(one, "StudyDate"), cell(one, "Modality"), _title(one, "StudyDescription"))
                        if text
                    ),
                    "aside": units("series", one["seriesCount"]),
                }
                for one in studies
            ],
        },
        asked,
    )
    return detail | {"note": f"{rest:,} more studies" if rest > 0 else None}


def merged(hits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several hits as one: of each field the distinct values."""
    found: dict[str, list[Any]] = {}
    for hit in hits:
        for name, value in hit.items():
            kept = found.setdefault(name, [])
            kept.extend(one for one in (value if isinstance(value, list) else [value]) if one not in kept)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _with_list(
    kind: str,
    title: str,
    hit: Mapping[str, Any],
    tags: list[str],
    more: Sequence[tuple[str, str | None]],
    listed: dict[str, Any],
    asked: str,
) -> dict[str, Any]:
    return {
        "id": asked,
        "kind": kind,
        "title": title,
        "tags": tags,
        "summary": summary(kind.lower(), hit, more),
        "issues": [],
        "list": listed,
        "header": None,
        "note": None,
    }


def _issue(issue: Mapping[str, str]) -> dict[str, str]:
    return {"path": issue["path"], "text": issue["detail"] or issue["code"].replace("-", " ")}


def failed(kind: str, uid: str, title: str, text: str, asked: str) -> dict[str, Any]:
    """A detail that cannot be shown, in words."""
    return {
        "id": asked,
        "kind": kind.capitalize(),
        "title": title,
        "tags": [],
        "summary": [{"label": "UID" if kind != "patient" else "ID", "value": uid, "code": True}],
        "issues": [],
        "list": None,
        "header": None,
        "note": text,
    }

"""Details of hits as the data that the detail component paints. Pure functions, like those of ``ui.views``."""

from collections.abc import Mapping, Sequence
from typing import Any

from ui import format as shown_as
from ui import tree
from ui.labels import page
from ui.refusals import formed_in_words, in_words
from ui.state import PageState
from ui.views import cell, open_id, units
from ui.words import say

_ALL = 20
"""Distinct values of a field that a summary lists."""
_NEIGHBOURS = 60
"""Series of a study that are listed beside one of them."""


def summary(kind: str, hit: Mapping[str, Any], more: Sequence[tuple[str, str | None]] = ()) -> list[dict[str, Any]]:
    """The lines of ``page.yml`` that the hit can fill, raw beside canonical values, then ``more`` to be copied."""
    found: list[dict[str, Any]] = []
    for name, paths in page()["summary"][kind].items():
        parts = [text for path in paths if (text := cell(hit, path, _ALL, unit=True))]
        raw = [
            text
            for path in paths
            if path.endswith(".canonical")
            and (text := cell(hit, path.removesuffix(".canonical"), _ALL))
            and text not in parts
        ]
        if parts:
            label = say(f"detail.{name}")
            found.append({"label": label, "value": " · ".join(parts), "raw": ", ".join(raw) or None})
    return found + [{"label": say(f"detail.{name}"), "value": value, "code": True} for name, value in more if value]


def _tags(hit: Mapping[str, Any], *others: str | None) -> list[str]:
    listed = [cell(hit, "Modality"), cell(hit, "BodyPartExamined.canonical"), *others]
    return [text for text in listed if text]


def _title(hit: Mapping[str, Any], *paths: str) -> str:
    return next((text for path in paths if (text := cell(hit, path))), say("detail.untitled"))


def _detail(kind: str, title: str, asked: str, **parts: Any) -> dict[str, Any]:
    """The parts of a detail; those that it does not have are empty."""
    none = dict.fromkeys(("list", "header", "note", "lang", "similar", "viewer", "around", "study"))
    named = {"id": asked, "kind": say(f"detail.{kind}"), "title": title}
    return {**none, "tags": [], "summary": [], "issues": [], **named, **parts}


def of_series(
    answer: Mapping[str, Any],
    place: int,
    instance: Mapping[str, Any] | None,
    asked: str,
    study: Mapping[str, Any] | None = None,
    codes: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """A series, and the header of its instance number ``place`` (from 0); without one, what the index knows.

    ``study``: the one it belongs to, with its series; ``codes``: what is known of quality codes, by code.
    """
    hit, instances = answer["series"], answer["instances"]
    header, note, issues = None, None, []
    uid = hit["SeriesInstanceUID"]
    more = [("series_uid", uid)]
    if instance is not None:
        nodes = tree.nodes(instance)
        at, of = shown_as.count(place + 1), shown_as.count(len(instances))
        header = {
            "nodes": nodes,
            "count": tree.count(nodes),
            "place": {
                "text": say("detail.place", at=at, of=of),
                "previous": f"instance:{instances[place - 1]['SOPInstanceUID']}" if place else None,
                "next": f"instance:{instances[place + 1]['SOPInstanceUID']}" if place + 1 < len(instances) else None,
            },
        }
        issues = [_issue(issue, codes or {}) for issue in instance.get("quality") or []]
        more.append(("file", instance.get("location")))
    elif answer.get("common"):
        nodes = tree.nodes(answer["common"])
        header = {"nodes": nodes, "count": tree.count(nodes), "place": None}
        note = say("detail.index_only")
    return _detail(
        "series",
        _title(hit, "SeriesDescription", "ProtocolName", "StudyDescription"),
        asked,
        tags=_tags(hit, units("instance", hit["instanceCount"]), shown_as.size(hit["bytes"])),
        summary=summary("series", hit, more),
        issues=issues,
        header=header,
        note=note,
        similar=_similar(hit),
        list=_neighbours(study, uid) if study else None,
        study=f"study:{hit['StudyInstanceUID']}",
        viewer={"series": uid, "instance": instance["SOPInstanceUID"] if instance else None, "opened": asked},
    )


def similar(state: PageState, hit: Mapping[str, Any]) -> PageState:
    """The search for series of the same maker, model, body part and protocol."""
    filters = {path: (value,) for path, value in _alike(hit).items()}
    return PageState(filters=filters, columns=state.columns if state.level == "series" else (), view=state.view)


def _alike(hit: Mapping[str, Any]) -> dict[str, str]:
    """What of a series makes others similar, by path: what it has one value of."""
    found: dict[str, str] = {}
    for path in page()["similar"]:
        named = path
        value = hit.get(path)
        if value is None and path.endswith(".canonical"):
            named = path.removesuffix(".canonical")
            value = hit.get(named)
        if isinstance(value, str) and value:
            found[named] = value
    return found


def _similar(hit: Mapping[str, Any]) -> str | None:
    values = ", ".join(_alike(hit).values())
    return say("detail.similar_title", values=values) if values else None


def _neighbours(study: Mapping[str, Any], uid: str) -> dict[str, Any] | None:
    """The series of the study, with pictures."""
    if len(study["series"]) < 2:
        return None
    series = units("series", len(study["series"]))
    return {"label": say("detail.neighbours", series=series), "items": [_series(one, uid) for one in study["series"]]}


def _series(one: Mapping[str, Any], current: str | None = None) -> dict[str, Any]:
    return {
        "id": open_id("series", one),
        "picture": one["SeriesInstanceUID"],
        "modality": cell(one, "Modality"),
        "current": one["SeriesInstanceUID"] == current,
        "text": _title(one, "SeriesDescription", "ProtocolName"),
        "aside": units("instance", one["instanceCount"]),
    }


def pictured(detail: Mapping[str, Any] | None) -> list[str]:
    """The series that a detail shows pictures of."""
    listed = (detail or {}).get("list") or {"items": []}
    return [item["picture"] for item in listed["items"] if item.get("picture")][:_NEIGHBOURS]


def of_study(answer: Mapping[str, Any], asked: str) -> dict[str, Any]:
    """A study with its series."""
    hit, series = answer["study"], answer["series"]
    return _detail(
        "study",
        _title(hit, "StudyDescription"),
        asked,
        tags=_tags(hit, units("series", len(series)), units("instance", hit["instanceCount"])),
        summary=summary("study", hit, [("study_uid", hit["StudyInstanceUID"])]),
        list={"label": units("series", len(series)), "items": [_series(one) for one in series]},
    )


def of_patient(uid: str, answer: Mapping[str, Any], asked: str) -> dict[str, Any]:
    """A patient by ID, with the studies that a search at study level found."""
    studies, totals = answer["hits"], answer["totals"]
    hit = merged(studies)
    rest = totals["studies"] - len(studies)
    return _detail(
        "patient",
        cell(hit, "PatientName") or uid,
        asked,
        tags=_tags(hit, units("study", totals["studies"]), units("series", totals["series"])),
        summary=summary("patient", hit),
        list={"label": units("study", totals["studies"]), "items": [_study(one) for one in studies]},
        note=say("detail.more_studies", rest) if rest > 0 else None,
    )


def _study(one: Mapping[str, Any]) -> dict[str, Any]:
    said = (cell(one, "StudyDate"), cell(one, "Modality"), _title(one, "StudyDescription"))
    return {
        "id": open_id("study", one),
        "text": " · ".join(text for text in said if text),
        "aside": units("series", one["seriesCount"]),
    }


def merged(hits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several hits as one: of each field the distinct values."""
    found: dict[str, list[Any]] = {}
    for hit in hits:
        for name, value in hit.items():
            kept = found.setdefault(name, [])
            kept.extend(one for one in (value if isinstance(value, list) else [value]) if one not in kept)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _issue(issue: Mapping[str, str], codes: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    about = codes.get(issue["code"], {})
    named = str(about.get("title") or issue["code"].replace("-", " "))
    title = in_words(named) or named
    text = formed_in_words(issue["detail"]) or issue["detail"]
    return {"path": issue["path"], "title": title, "text": text, "rule": about.get("standard") or ""}


def around(asked: str, ids: Sequence[str | None], first: int, total: int) -> dict[str, Any] | None:
    """The place of the open hit among those of the page, the hits before and behind it, and whether there are others on
    the pages before and behind; ``first``: the number of the page's first one. None for what is not on this page."""
    if asked not in ids:
        return None
    place = ids.index(asked)
    return {
        "text": say("detail.hit_of", at=shown_as.count(first + place), of=shown_as.count(total)),
        "previous": next((id for id in reversed(ids[:place]) if id), None),
        "next": next((id for id in ids[place + 1 :] if id), None),
        "before": first > 1,
        "behind": first + len(ids) <= total,
    }


def failed(kind: str, uid: str, title: str, text: str, asked: str, lang: str | None = None) -> dict[str, Any]:
    """A detail that cannot be shown, in words; ``lang``: the language of ``text`` where it is not the one in force."""
    label = say("detail.id" if kind == "patient" else "detail.uid")
    return _detail(kind, title, asked, summary=[{"label": label, "value": uid, "code": True}], note=text, lang=lang)

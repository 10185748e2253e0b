"""Answers of the API as the data that the page's components paint. Pure functions: no Streamlit, no HTTP."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ui import format as shown_as
from ui.columns import BARS, width
from ui.labels import head, page, shown
from ui.language import pointed
from ui.state import Bounds, PageState
from ui.words import say

ROWS: Final = 50
"""Hits of a page."""
UNITS: Final = {
    "series": ("series", "series"),
    "study": ("study", "studies"),
    "patient": ("patient", "patients"),
    "instance": ("instance", "instances"),
}
TOTALS: Final = ("patients", "studies", "series", "instances", "bytes")
IDENTITY: Final = {
    "series": "SeriesInstanceUID",
    "study": "StudyInstanceUID",
    "patient": "PatientID",
    "instance": "SOPInstanceUID",
}
CARD_TITLES: Final = {
    "series": ("SeriesDescription", "ProtocolName", "StudyDescription"),
    "study": ("StudyDescription", "SeriesDescription"),
    "patient": ("PatientName", "PatientID"),
    "instance": ("SeriesDescription", "SOPInstanceUID"),
}
CARD_FACTS: Final = ("BodyPartExamined.canonical", "PatientID", "StudyDate")
CARD: Final = ("Modality", "ProtocolName", *(path for paths in CARD_TITLES.values() for path in paths), *CARD_FACTS)
"""What a card of the gallery says."""


def units(level: str, number: int) -> str:
    """``1 study``, ``2,400 studies``."""
    return say(f"units.{level}", number)


def value_label(path: str, value: Any) -> str:
    """A filter's or facet's value as people read it."""
    field = shown(path)
    return say("search.missing") if value is None else shown_as.one(value, field.vr, field.unit)


def range_label(path: str, bounds: Bounds) -> str:
    """A range as people read it: ``0 – 1.5 mm``, ``from 2019``, ``up to 63 y``."""
    field = shown(path)
    low, high = (None if bound is None else bound_label(path, str(bound)) for bound in bounds)
    unit = f" {field.unit}" if field.number and field.unit and field.unit not in ("By", "1") else ""
    if low is None and high is None:
        return say("search.any_value")
    if low == high:
        return f"{low}{unit}"
    if low is None:
        return say("search.up_to", value=f"{high}{unit}")
    return say("search.from", value=f"{low}{unit}") if high is None else f"{low} – {high}{unit}"


def bound_label(path: str, text: str) -> str:
    """An end of a range as people read it, without its unit."""
    field = shown(path)
    if field.unit == "By" and text.isdigit():
        return shown_as.size(int(text))
    if field.number:
        return pointed(text)
    return shown_as.one(f"{text:0>3}Y" if field.vr == "AS" and text.isdigit() else text, field.vr)


def order(state: PageState) -> list[str]:
    """The order of hits: what the address says, else the level's own."""
    return list(state.sort) or list(page()["levels"][state.level]["sort"])


def table(state: PageState, answer: Mapping[str, Any], columns: Sequence[str], widths: Any = None) -> dict[str, Any]:
    """The results component's data, as a table and as a gallery; ``widths``: the user's, in pixels by path."""
    total = total_of(state.level, answer["totals"])
    first = (state.page - 1) * ROWS + 1
    last = first - 1 + len(answer["hits"])
    sorts = order(state)
    largest = {path: max((_number(hit, path) for hit in answer["hits"]), default=0) for path in BARS}
    search = [state.q, state.level, state.filters, state.exclude, state.ranges]
    return {
        "view": state.view,
        "level": state.level,
        "columns": [_column(path, sorts[0], width(path, widths)) for path in columns],
        "rows": [_row(state, hit, number, columns, largest) for number, hit in enumerate(answer["hits"], first)],
        "range": say(
            "results.range",
            first=shown_as.count(first),
            last=shown_as.count(last),
            units=units(state.level, total),
            took=f"{answer['took_ms']:.0f}",
        ),
        "page": state.page,
        "pages": pages_of(total),
        "total": total,
        "identity": IDENTITY[state.level],
        "search": json.dumps(search, sort_keys=True),
        "turn": json.dumps([*search, sorts, state.page, state.view], sort_keys=True),
    }


def _number(hit: Mapping[str, Any], path: str) -> float:
    value = hit.get(path)
    return value if isinstance(value, int | float) else 0


def total_of(level: str, totals: Mapping[str, int]) -> int:
    """How many hits there are."""
    return totals[UNITS[level][1]]


def pages_of(total: int) -> int:
    """Pages that so many hits fill."""
    return max(1, -(-total // ROWS))


def _column(path: str, sort: str, wide: int) -> dict[str, Any]:
    name = sort.lstrip("-")
    sorted_ = ("descending" if sort.startswith("-") else "ascending") if name == path else None
    field = shown(path)
    sortable = path not in page()["counts"]
    return {
        "name": path,
        "label": head(path),
        "title": field.label if path == field.label else f"{field.label} ({path})",
        "number": field.number,
        "sorted": sorted_,
        "sortable": sortable,
        "width": wide,
    }


def _row(
    state: PageState, hit: Mapping[str, Any], number: int, columns: Sequence[str], largest: Mapping[str, float]
) -> dict[str, Any]:
    cells = [cell(hit, path) for path in columns]
    opened = open_id(state.level, hit)
    uid = hit.get(IDENTITY[state.level])
    described = _first(hit, *CARD_TITLES[state.level])
    said = ", ".join(text for text in (described, *cells[:3]) if text) or say("results.undescribed")
    return {
        "id": opened,
        "uid": uid,
        "open": state.open is not None and opened == str(state.open),
        "label": say("results.open", kind=say(f"results.{state.level}"), number=shown_as.count(number), said=said),
        "cells": cells,
        "bars": {
            str(place): round(100 * _number(hit, path) / largest[path], 1)
            for place, path in enumerate(columns)
            if path in BARS and largest[path]
        },
        "picture": uid if state.level in ("series", "instance") else opened,
        "modality": cell(hit, "Modality"),
        **(_card(hit, described) if state.view == "gallery" else {}),
    }


def _card(hit: Mapping[str, Any], described: str | None) -> dict[str, Any]:
    """What only a card of the gallery says."""
    return {
        "title": described,
        "facts": [text for path in CARD_FACTS if (text := cell(hit, path, 1))],
        "aside": units("instance", hit["instanceCount"]) if hit.get("instanceCount", 1) > 1 else None,
    }


def _first(hit: Mapping[str, Any], *paths: str) -> str | None:
    return next((text for path in paths if (text := cell(hit, path, 1))), None)


def open_id(level: str, hit: Mapping[str, Any]) -> str | None:
    """What ``open=`` says for a hit; None for a patient without an ID, who has no address."""
    uid = hit.get(IDENTITY[level])
    return None if uid is None or isinstance(uid, list) else f"{level}:{uid}"


def cell(hit: Mapping[str, Any], path: str, most: int = 2, unit: bool = False) -> str | None:
    """A field of a hit in one line, the raw value where there is no canonical one; with its unit, or without."""
    field = shown(path)
    value = hit.get(path)
    if value is None and path.endswith(".canonical"):
        value = hit.get(path.removesuffix(".canonical"))
    return shown_as.values(value, field.vr, field.unit if unit or field.unit == "By" else None, most)


def counts(totals: Mapping[str, int] | None, whole: Mapping[str, int] | None) -> list[dict[str, Any]]:
    """The tiles of the counts row: number, name, share of the whole lake in words and per cent."""
    tiles = []
    for name in TOTALS:
        label = say("units.total_series" if name == "series" else f"units.{name}")
        if totals is None:
            tiles.append({"label": label, "number": "–", "share": "", "percent": 0.0, "title": ""})
            continue
        part, all_ = totals[name], (whole or totals)[name]
        text = shown_as.size if name == "bytes" else shown_as.count
        share = shown_as.share(part, all_)
        tiles.append(
            {
                "label": label,
                "number": text(part),
                "share": "" if part == all_ else say("units.share_of", share=share, whole=text(all_)),
                "percent": 100 * part / all_ if all_ else 0.0,
                "title": say("units.of_lake", part=text(part), whole=text(all_)),
            }
        )
    return tiles


def fields_of(paths: Iterable[str]) -> list[str]:
    """The registry fields and companions a hit must carry to fill these columns."""
    wanted: dict[str, None] = {}
    for path in paths:
        if path not in page()["counts"]:
            wanted |= dict.fromkeys((path, path.removesuffix(".canonical")))
    return list(wanted)

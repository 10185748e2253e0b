"""Answers of the API as the data that the page's components paint. Pure functions: no Streamlit, no HTTP."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ui import format as shown_as
from ui.labels import head, page, shown
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
_IDENTITY: Final = {
    "series": "SeriesInstanceUID",
    "study": "StudyInstanceUID",
    "patient": "PatientID",
    "instance": "SOPInstanceUID",
}


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
        return shown_as.pointed(text)
    return shown_as.one(f"{text:0>3}Y" if field.vr == "AS" and text.isdigit() else text, field.vr)


def columns(level: str) -> list[str]:
    """Paths of a level's columns."""
    return list(page()["levels"][level]["columns"])


def order(state: PageState) -> list[str]:
    """The order of hits: what the address says, else the level's own."""
    return list(state.sort) or list(page()["levels"][state.level]["sort"])


def table(state: PageState, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The results component's data."""
    total = total_of(state.level, answer["totals"])
    first = (state.page - 1) * ROWS + 1
    last = first - 1 + len(answer["hits"])
    sorts = order(state)
    unit = UNITS[state.level][total != 1]
    rows = [_row(state, hit, number) for number, hit in enumerate(answer["hits"], first)]
    return {
        "caption": f"{unit.capitalize()} that match",
        "columns": [_column(path, sorts[0]) for path in columns(state.level)],
        "rows": rows,
        "range": f"{first:,}–{last:,} of {total:,} {unit} · {answer['took_ms']:.0f} ms",
        "page": state.page,
        "pages": pages_of(total),
        "more": answer["cursor"] is not None,
        "turn": json.dumps(
            [state.q, state.level, state.filters, state.exclude, state.ranges, sorts, state.page], sort_keys=True
        ),
    }


def total_of(level: str, totals: Mapping[str, int]) -> int:
    """How many hits there are."""
    return totals[UNITS[level][1]]


def pages_of(total: int) -> int:
    """Pages that so many hits fill."""
    return max(1, -(-total // ROWS))


def _column(path: str, sort: str) -> dict[str, Any]:
    name = sort.lstrip("-")
    sorted_ = ("descending" if sort.startswith("-") else "ascending") if name == path else None
    field = shown(path)
    sortable = path not in page()["counts"]
    return {
        "name": path,
        "label": head(path),
        "title": f"Sort by {field.label.lower()}" if sortable else field.label,
        "number": field.number,
        "sorted": sorted_,
        "sortable": sortable,
    }


def _row(state: PageState, hit: Mapping[str, Any], number: int) -> dict[str, Any]:
    cells = [cell(hit, path) for path in columns(state.level)]
    said = ", ".join(text for text in cells[:4] if text) or "no description"
    opened = open_id(state.level, hit)
    return {
        "id": opened,
        "open": state.open is not None and opened == str(state.open),
        "label": f"Open {state.level} {number}: {said}",
        "cells": cells,
    }


def open_id(level: str, hit: Mapping[str, Any]) -> str | None:
    """What ``open=`` says for a hit; None for a patient without an ID, who has no address."""
    uid = hit.get(_IDENTITY[level])
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

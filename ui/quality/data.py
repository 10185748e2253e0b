"""Answers about quality as the data that the page's components paint. Pure functions: no Streamlit, no HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any

from ui import format as shown_as
from ui.labels import shown
from ui.language import language
from ui.refusals import formed_in_words, in_words
from ui.state import PageState
from ui.views import value_label
from ui.words import of, say


def codes(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The codes component's data."""
    listed = answer["codes"]
    most = max((one["instances"] for one in listed), default=1)
    return {
        "codes": [
            {
                "code": one["code"],
                "title": in_words(one["title"]) or one["title"],
                "description": in_words(one["description"]) or one["description"],
                "standard": one["standard"],
                "counts": f"{say('units.instance', one['instances'])} · {say('units.series', one['series'])}",
                "percent": 100 * one["instances"] / most,
                "example": _example(one["example"]),
            }
            for one in listed
        ]
    }


def _example(example: Mapping[str, Any] | None) -> dict[str, str] | None:
    if example is None:
        return None
    detail = formed_in_words(example["detail"]) or example["detail"]
    where = ": ".join(filter(None, (example["path"], detail)))
    return {"open": f"instance:{example['SOPInstanceUID']}", "where": where, "location": example["location"]}


def heat(answer: Mapping[str, Any], level: str) -> dict[str, Any]:
    """The heat map of fields by the values of another."""
    columns = [value_label(answer["by"], column["value"]) for column in answer["columns"]]
    totals = [column["count"] for column in answer["columns"]]
    rows = []
    for number, row in enumerate(answer["rows"]):
        label = shown(row["field"]).label
        everywhere = _cell(f"{number}:", label, say("quality.everything"), row["whole"], answer["count"], level)
        cells = [
            _cell(f"{number}:{place}", label, columns[place], valued, totals[place], level)
            for place, valued in enumerate(row["valued"])
        ]
        rows.append({"label": label, "name": row["field"], "cells": [everywhere, *cells]})
    heads = [{"label": say("quality.everything"), "count": shown_as.count(answer["count"])}]
    heads += [{"label": label, "count": shown_as.count(n)} for label, n in zip(columns, totals, strict=True)]
    return {"rows": rows, "columns": heads, "caption": say("quality.heat_caption", by=shown(answer["by"]).label)}


def yearly(answer: Mapping[str, Any], level: str) -> dict[str, Any]:
    """The heat map of one field, the values of another by year."""
    row = answer["rows"][0]
    label = shown(row["field"]).label
    rows = []
    for place, column in enumerate(answer["columns"]):
        name = value_label(answer["by"], column["value"])
        cells = [
            _cell(f"{place}:{year}", label, f"{name} {year}", valued, count, level)
            for year, valued, count in zip(answer["years"], row["yearly"][place], column["counts"], strict=True)
        ]
        rows.append({"label": name, "name": None, "cells": cells})
    heads = [{"label": str(year), "count": ""} for year in answer["years"]]
    return {"rows": rows, "columns": heads, "caption": say("quality.years_caption", field=label)}


def _cell(id: str, field: str, column: str, valued: int, count: int, level: str) -> dict[str, Any]:
    share = shown_as.share(valued, count) if count else ""
    words = say("quality.cell", field=field, column=column, share=share, count=shown_as.count(valued),
                whole=say(f"units.{level}", count))  # fmt: skip
    return {"id": id, "share": share, "percent": 100 * valued / count if count else None, "label": words}


def search_behind(answer: Mapping[str, Any], within: PageState, id: str) -> PageState | None:
    """The documents of a cell that have no value: what somebody who sees a gap wants to look at."""
    first, _, second = id.partition(":")
    if not first.isdigit():
        return None
    if answer.get("years") is not None:
        column = _at(answer["columns"], first)
        row = answer["rows"][0]
        year = f"StudyDate:{second}" if second.isdigit() else ""
    else:
        column = _at(answer["columns"], second) if second else None
        row, year = _at(answer["rows"], first), ""
    if row is None or (column is None and second and not year):
        return None
    filters: dict[str, Sequence[str | None]] = {**within.filters, row["field"]: (None,)}
    if column is not None:
        value = column["value"]
        filters[answer["by"]] = (None if value is None else str(value),)
    q = " AND ".join(part for part in (f"({within.q})" if within.q and year else within.q, year) if part)
    return within.asking(q=q, filters=filters, open=None)


def _at(listed: Sequence[Mapping[str, Any]], place: str) -> Mapping[str, Any] | None:
    number = int(place) if place.isdigit() else len(listed)
    return listed[number] if number < len(listed) else None


def unmapped(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A table a field, of its values that no rule knows."""
    return [
        {
            "field": one["field"],
            "title": shown(one["field"]).label,
            "columns": [
                {"label": say("quality.value")},
                {"label": say("units.total_series"), "number": True},
                {"label": say("units.instances"), "number": True},
            ],
            "rows": [
                {
                    "id": value["value"],
                    "cells": [value["value"], shown_as.count(value["series"]), shown_as.count(value["instances"])],
                }
                for value in one["values"]
            ],
        }
        for one in answer["fields"]
        if one["values"]
    ]


def rules(answer: Mapping[str, Any]) -> int:
    """How many values have no rule."""
    return sum(len(one["values"]) for one in answer["fields"])


def quarantined(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The table of what could not be indexed."""
    names = ("location", "code", "reason", "offset")
    return {
        "title": say("quality.in_quarantine", answer["total"]),
        "columns": [
            {"label": say(f"quality.{name}"), "number": name == "offset", "whole": name == "code"} for name in names
        ],
        "rows": [
            {"cells": [_why(one) if name == "reason" else str(one[name]) for name in names]} for one in answer["files"]
        ],
    }


def _why(file: Mapping[str, Any]) -> str:
    """Why a file is in quarantine: in English what the indexer said of it, else what its code means."""
    key = f"quarantined_{str(file['code']).replace('-', '_')}"
    return say(f"quality.{key}") if language.get() != "en" and key in of("quality") else str(file["reason"])

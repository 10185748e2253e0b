"""Saved searches, and two of them side by side, as components paint them. Pure functions: no Streamlit, no HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs

from ui import format as shown_as
from ui import queries
from ui.conditions import conditions
from ui.labels import shown
from ui.state import PageState, QueryError
from ui.views import TOTALS, value_label
from ui.words import say

VALUES: Final = 8
"""Values of a distribution that are shown."""
YEARS: Final = "StudyDate"
"""The date whose years are compared."""


def state_of(kept: Mapping[str, Any]) -> PageState:
    """The search that is kept. Raises QueryError for one of another version."""
    return PageState.parse(parse_qs(kept["state"], keep_blank_values=True))


def saved(listed: Sequence[Mapping[str, Any]], ticked: Sequence[str]) -> dict[str, Any]:
    """The list of saved searches."""
    return {"searches": [_search(one, one["id"] in ticked) for one in listed], "ticked": len(ticked)}


def _search(kept: Mapping[str, Any], is_ticked: bool) -> dict[str, Any]:
    return {
        "id": kept["id"],
        "name": kept["name"] or "",
        "conditions": _conditions(kept),
        "shared": kept["shared"],
        "when": kept["created"][:10],
        "ticked": is_ticked,
    }


def _conditions(kept: Mapping[str, Any]) -> list[dict[str, str]]:
    try:
        state = state_of(kept)
    except QueryError as error:
        return [{"label": say("search.link_broken"), "value": queries.told(error)}]
    level = {"label": say("search.hits_are"), "value": say(f"search.{state.level}")}
    return [level, *({"label": one.label, "value": one.value} for one in conditions(state))]


def compared(kept: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]],
             years: Sequence[Mapping[int, int]]) -> dict[str, Any]:  # fmt: skip
    """Two searches side by side: totals, and distributions as shares of what each found.

    ``answers`` are those of the API with the same facets; ``years`` counts of both by year.
    """
    states = [state_of(one) for one in kept]
    fields = [_distribution(path, [_own(answer["facets"][path], path, state)
                                   for answer, state in zip(answers, states, strict=True)], answers)
              for path in answers[0]["facets"]]  # fmt: skip
    if any(years):
        fields.append(_yearly(years, answers))
    return {
        "names": [one["name"] or say("saved.unnamed") for one in kept],
        "ids": [one["id"] for one in kept],
        "conditions": [_conditions(one) for one in kept],
        "totals": [_total(name, [answer["totals"][name] for answer in answers]) for name in TOTALS],
        "fields": [field for field in fields if field["values"]],
    }


def _own(facet: Sequence[Mapping[str, Any]], path: str, state: PageState) -> list[Mapping[str, Any]]:
    """The values that a search found. A facet also counts those that its own filter leaves out, so that people can
    choose them too; here they would be values of what was not found."""
    narrowed = path in state.filters
    return [one for one in facet if not one.get("excluded") and (one["selected"] or not narrowed)]


def _total(name: str, numbers: Sequence[int]) -> dict[str, Any]:
    text = shown_as.size if name == "bytes" else shown_as.count
    most = max(*numbers, 1)
    return {
        "label": say("units.total_series" if name == "series" else f"units.{name}"),
        "numbers": [text(number) for number in numbers],
        "percents": [100 * number / most for number in numbers],
    }


def _distribution(
    path: str, facets: Sequence[Sequence[Mapping[str, Any]]], answers: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The values that make up most of either, the most frequent first."""
    counts = [{entry["value"]: entry["count"] for entry in facet} for facet in facets]
    label = shown(path).label
    return {"label": label, "values": _values(counts, answers, lambda value: value_label(path, value), by_share=True)}


def _yearly(years: Sequence[Mapping[int, int]], answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    values = _values(years, answers, str, by_share=False)
    return {"label": say("saved.year"), "values": values}


def _values(
    counts: Sequence[Mapping[Any, int]], answers: Sequence[Mapping[str, Any]], label: Any, *, by_share: bool
) -> list[dict[str, Any]]:
    wholes = [max(1, answer["totals"]["series"]) for answer in answers]
    shares = {
        value: [100 * one.get(value, 0) / whole for one, whole in zip(counts, wholes, strict=True)]
        for value in dict.fromkeys(value for one in counts for value in one)
    }
    kept = (
        sorted(shares, key=lambda value: -max(shares[value]))[:VALUES]
        if by_share
        else sorted(value for value in shares if any(shares[value]))
    )
    return [
        {
            "label": label(value),
            "counts": [shown_as.count(one.get(value, 0)) for one in counts],
            "shares": [shown_as.share(one.get(value, 0), whole) for one, whole in zip(counts, wholes, strict=True)],
            "percents": shares[value],
        }
        for value in kept
    ]

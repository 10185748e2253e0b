"""The conditions of a search one by one, each with the search without it. Pure functions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ui import queries
from ui.labels import shown
from ui.state import PageState
from ui.views import range_label, value_label
from ui.words import say


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a search: what it says, and the state without it. ``field`` is the path of the field whose
    values it is about, None for a part of the query."""

    id: str
    label: str
    value: str
    missing: bool
    without: PageState
    kind: Literal["query", "value", "not", "range"] = "value"
    field: str | None = None

    def chip(self) -> dict[str, Any]:
        """What the component of conditions paints."""
        names = ("id", "label", "value", "missing", "kind", "field")
        return {name: getattr(self, name) for name in names}


def conditions(state: PageState) -> list[Condition]:
    """The parts of the query, then every value of every filter, every range, every value that is excluded."""
    found = []
    if state.q:
        for number, part in enumerate(queries.parts(state.q)):
            rest = state.asking(q=queries.without(state.q, number))
            found.append(Condition(f"q{number}", say("search.query"), part, False, rest, "query"))
    for path, value, others in _each(state.filters):
        said = shown(path).label, value_label(path, value)
        rest = state.asking(filters=others)
        found.append(Condition(json.dumps([path, value]), *said, value is None, rest, "value", path))
    for path, bounds, others in _each(state.ranges):
        said = shown(path).label, range_label(path, bounds)
        rest = state.asking(ranges=others)
        found.append(Condition(json.dumps([path, str(bounds), "range"]), *said, False, rest, "range", path))
    for path, value, others in _each(state.exclude):
        said = say("search.not", label=shown(path).label), value_label(path, value)
        rest = state.asking(exclude=others)
        found.append(Condition(json.dumps([path, value, "not"]), *said, value is None, rest, "not", path))
    return found


def cleared(state: PageState) -> PageState:
    """The state without any condition."""
    return state.asking(q="", filters={}, exclude={}, ranges={})


def without(state: PageState, id: str) -> PageState:
    """The state without one condition, as it is where the condition is gone already."""
    return next((one.without for one in conditions(state) if one.id == id), state)


def _each(values: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Field, value, and everything without this value."""
    for path, listed in values.items():
        for value in listed:
            yield path, value, {**values, path: [other for other in listed if other is not value]}

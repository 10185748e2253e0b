"""The facet rail as data: which cards there are, what they count, what is chosen in them. Pure functions.

A card counts values, or the numbers, dates, times or ages of a field by ranges. Its ends are texts as a range in the
address has them, both in the range; what a bar covers is worked out here, so that the page's script has places only.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from mappings import registry
from mappings.field import ResolvedField
from ui import format as shown_as
from ui.labels import page, shown
from ui.state import Bounds, PageState
from ui.views import bound_label, range_label, value_label

LISTED: Final = 30
"""Values of a card that come with every search; more are asked for by the card."""

MOST_CARDS: Final = 30
_MEASURED: Final = ("integer", "float", "date", "datetime", "time")
_HOLLOW: Final = ("binary", "sequence")
_DIGITS: Final = 4
"""Significant digits of the last number before a bar's end."""

Preference = Mapping[str, Any]


def resolved(path: str) -> ResolvedField | None:
    """The field of a name, None for one that has no values to count."""
    try:
        field = registry.resolve(path)
    except registry.UnknownName:
        return None
    return None if field.kind in _HOLLOW else field


def by_ranges(path: str) -> bool:
    """Whether the card of a field is a histogram."""
    field = resolved(path)
    if field is None or field.companion:
        return False
    if field.vr == "AS" or (field.field is not None and field.field.histogram):
        return True
    return field.kind in _MEASURED and not (field.field is not None and field.field.facet)


def chosen_cards(preference: Any) -> list[str]:
    """The cards of the rail in order: the user's, else the usual ones."""
    listed = preference.get("cards") if isinstance(preference, dict) else None
    if not isinstance(listed, list):
        listed = page()["facets"]
    return [path for path in dict.fromkeys(map(str, listed)) if resolved(path)][:MOST_CARDS]


def folded_cards(preference: Any) -> list[str]:
    """The cards that are folded, of which nothing is asked."""
    listed = preference.get("folded") if isinstance(preference, dict) else None
    return [str(path) for path in (listed if isinstance(listed, list) else page()["folded"])]


def asked(preference: Any) -> tuple[list[str], list[str]]:
    """Fields whose values are counted, and fields that are counted by ranges."""
    folded = folded_cards(preference)
    open_ = [path for path in chosen_cards(preference) if path not in folded]
    return [path for path in open_ if not by_ranges(path)], [path for path in open_ if by_ranges(path)]


def cards(state: PageState, answer: Mapping[str, Any] | None, preference: Any = None) -> list[dict[str, Any]]:
    """The rail's cards; without counts (no answer) they hold what is selected."""
    folded = folded_cards(preference)
    facets, histograms = (answer.get(part) or {} if answer else {} for part in ("facets", "histograms"))
    found = []
    for path in chosen_cards(preference):
        card: dict[str, Any] = {"field": path, "label": shown(path).label, "folded": path in folded}
        if by_ranges(path):
            card |= range_card(state, path, histograms.get(path))
        else:
            card |= value_card(state, path, facets.get(path))
        found.append(card)
    return found


def selection(state: PageState, paths: Sequence[str]) -> dict[str, Any]:
    """What is chosen, excluded and ranged in these cards."""
    return {
        "filters": {path: list(state.filters.get(path, ())) for path in paths},
        "exclude": {path: list(state.exclude.get(path, ())) for path in paths},
        "ranges": {path: [list(bounds) for bounds in state.ranges.get(path, ())] for path in paths},
    }


def value_card(state: PageState, path: str, counted: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    """A card of values."""
    named = dict.fromkeys((*state.filters.get(path, ()), *state.exclude.get(path, ())))
    listed = counted if counted is not None else [{"value": value, "count": 0} for value in named]
    others = sum(not (entry.get("selected") or entry.get("excluded")) for entry in listed)
    return {
        "kind": "values",
        "values": entries(path, listed),
        "more": counted is not None and others >= LISTED,
        "counted": counted is not None,
    }


def entries(path: str, listed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Values with their counts, as rows of a card have them."""
    return [
        {"value": _plain(one["value"]), "count": one["count"], "label": value_label(path, one["value"])}
        for one in listed
    ]


def _plain(value: Any) -> Any:
    """A value as the address has it: always text."""
    return None if value is None else str(value)


def range_card(state: PageState, path: str, drawn: Mapping[str, Any] | None) -> dict[str, Any]:
    """A card of ranges."""
    bins = [] if drawn is None else [_bin(path, drawn["kind"], one) for one in drawn["bins"]]
    chosen = state.ranges.get(path, ())
    kind = drawn["kind"] if drawn else "number"
    low, high = _hull(kind, chosen)
    missing = {"value": None, "count": drawn["missing"] if drawn else 0, "label": value_label(path, None)}
    return {
        "kind": "range",
        "form": kind,
        "unit": _unit(path, kind),
        "bins": bins,
        "ends": _ends(path, kind, drawn["bins"]) if drawn and bins else [],
        "chosen": [low, high] if chosen else None,
        "said": ", ".join(range_label(path, bounds) for bounds in chosen),
        "at": _places(kind, drawn["bins"], low, high) if drawn and bins and chosen else None,
        "values": [missing] if drawn is None or drawn["missing"] or None in state.filters.get(path, ()) else [],
        "valued": drawn["valued"] if drawn else 0,
        "counted": drawn is not None,
    }


def _unit(path: str, kind: str) -> str:
    unit = shown(path).unit
    if kind == "age":
        return shown_as.age("001Y").partition(" ")[2]
    return unit if unit and unit not in ("1",) else ""


def _bin(path: str, kind: str, one: Mapping[str, Any]) -> dict[str, Any]:
    """A bar: its count, and its ends as texts."""
    low, high = first(kind, one["from"]), last(kind, one["from"], one["to"], whole=shown_whole(path))
    return {"low": low, "high": high, "count": one["count"], "label": range_label(path, Bounds(low, high))}


def shown_whole(path: str) -> bool:
    """Whether the numbers of a field are whole ones."""
    field = resolved(path)
    return field is not None and field.kind == "integer"


def first(kind: str, edge: Any) -> str:
    """Where a bar begins, as short as a date can be: ``2019``, ``2019-01``, ``2019-01-31``, ``0.5``."""
    if kind in ("date", "datetime") and isinstance(edge, str):
        year, month, day = edge[:4], edge[4:6], edge[6:8]
        if len(edge) > 8 and set(edge[8:]) - set("0."):
            return f"{year}-{month}-{day}T{edge[8:10]}:{edge[10:12]}:{edge[12:14]}"
        return year if month + day == "0101" else f"{year}-{month}" if day == "01" else f"{year}-{month}-{day}"
    if kind == "time" and isinstance(edge, str):
        return f"{edge[:2]}:{edge[2:4]}:{edge[4:6]}" if edge[4:6] != "00" else f"{edge[:2]}:{edge[2:4]}"
    return _text(edge)


def last(kind: str, start: Any, end: Any, *, whole: bool = False) -> str | None:
    """The last value of a bar that ends before ``end``; None where it goes on."""
    if end is None:
        return None
    if kind in ("date", "datetime") and isinstance(end, str):
        day = date(int(end[:4]), int(end[4:6]), int(end[6:8]))
        if day == date.min:
            return None
        before = day - timedelta(days=1)
        if len(str(end)) > 8 and set(end[8:]) - set("0."):
            return first(kind, end)
        if (day.month, day.day) == (1, 1):
            return f"{before.year:04}"
        return f"{before.year:04}-{before.month:02}" if day.day == 1 else before.isoformat()
    if kind == "time" and isinstance(end, str):
        seconds = int(end[:2]) * 3600 + int(end[2:4]) * 60 + int(end[4:6]) - 1
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if whole or kind == "age":
        return _text(math.ceil(float(end)) - 1)
    step = 10.0 ** (math.floor(math.log10(abs(end))) - _DIGITS + 1) if end else 0.0001
    before_end = float(f"{float(end) - step:.12g}")
    return _text(before_end if before_end > start else (start + end) / 2)


def _text(number: Any) -> str:
    value = float(number)
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def _ends(path: str, kind: str, bins: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ends of the axis."""
    start, end = bins[0]["from"], bins[-1]["to"]
    last_one = f"{first(kind, bins[-1]['from'])}+" if end is None else bound_label(path, first(kind, end))
    return [first(kind, start) if kind == "age" else bound_label(path, first(kind, start)), last_one]


_AGES: Final = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}


def place_of(kind: str, text: str | None) -> Any:
    """What an end of a range compares by; None for what is not read here."""
    if text is None:
        return None
    if kind in ("date", "datetime", "time"):
        return re.sub(r"[^\d]", "", text)
    if kind == "age" and text[-1:].upper() in _AGES and text[:-1].strip().isdigit():
        return int(text[:-1]) * _AGES[text[-1].upper()]
    try:
        return float(text)
    except ValueError:
        return None


def _hull(kind: str, chosen: Sequence[Bounds]) -> tuple[str | None, str | None]:
    """The ends of all ranges together, as texts."""
    lows = [None if one.low is None else str(one.low) for one in chosen]
    highs = [None if one.high is None else str(one.high) for one in chosen]

    def key(text: str | None) -> Any:
        place = place_of(kind, text)
        return (isinstance(place, str), place) if place is not None else (False, 0.0)

    return (
        None if None in lows or not lows else min(lows, key=key),
        None if None in highs or not highs else max(highs, key=key),
    )


def _places(kind: str, bins: Sequence[Mapping[str, Any]], low: str | None, high: str | None) -> list[int]:
    """The bars that a range covers, from the first up to the one behind the last."""

    def digits(edge: Any) -> Any:
        return re.sub(r"[^\d]", "", str(edge)) if isinstance(edge, str) else edge

    start, end, stop = 0, len(bins), len(bins)
    wanted, until = place_of(kind, low), place_of(kind, high)
    if isinstance(until, str):
        until += "99999999"[len(until) :] if kind != "time" else "999999"[len(until) :]
    if isinstance(wanted, str):
        wanted += ("000000" if kind == "time" else "00000101")[len(wanted) :]
    if kind == "age" and until is not None:
        until += 0.99
    for number, one in enumerate(bins):
        begins = digits(one["from"])
        if wanted is not None and begins <= wanted:
            start = number
        if until is not None and begins > until:
            end = min(end, number)
    return [min(start, stop - 1), max(end, min(start, stop - 1) + 1)]


def chosen_in(click: Mapping[str, Any], state: PageState) -> PageState:
    """The state that a click in the rail asks for: it carries all that is chosen, excluded and ranged in its cards."""

    def merged(before: Mapping[str, Any], given: Any) -> dict[str, Any]:
        return {path: values for path, values in {**before, **given}.items() if values}

    def texts(part: str) -> dict[str, tuple[str | None, ...]]:
        return {
            path: tuple(None if value is None else str(value) for value in values)
            for path, values in click[part].items()
        }

    ranges = {
        path: tuple(Bounds(low or None, high or None) for low, high in ends) for path, ends in click["ranges"].items()
    }
    return state.asking(
        filters=merged(state.filters, texts("filters")),
        exclude=merged(state.exclude, texts("exclude")),
        ranges=merged(state.ranges, ranges),
    )

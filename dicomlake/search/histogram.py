"""Histograms of one field under a search, over numbers, dates and times, registered or not."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from dicomlake.engines.base import Engine, Histogram, HistogramPlan, Level, Plan
from dicomlake.errors import BadValueError
from dicomlake.query.resolved import Resolved
from dicomlake.query.values import NUMBERS, token_display
from dicomlake.search.intervals import moment_edges, number_edges
from mappings.field import Kind, ResolvedField
from mappings.moments import date_text, datetime_text, time_text
from mappings.normal import moment_token, number_token, token_value

BINS: Final = 40
"""Bins that are aimed at where no interval is asked for."""

_LETTERS: Final[Mapping[Kind, str]] = {**dict.fromkeys(NUMBERS, "n"), "date": "d", "datetime": "m", "time": "t"}
_KINDS: Final = {"n": "number", "d": "date", "m": "datetime", "t": "time"}
_TEXTS: Final = {"d": date_text, "m": datetime_text, "t": time_text}


def histogram(
    engine: Engine, field: ResolvedField, query: Resolved, level: Level, interval: str | None, bins: int
) -> dict[str, Any]:
    """Bins with their counts, bounds, and how many documents have no value or one of another type.

    Raises BadValueError for fields without order and intervals that do not fit.
    """
    letter, found = _typed(engine, field, query, level)
    answer: dict[str, Any] = {
        "field": field.path,
        "label": field.label,
        "unit": field.field.unit if field.field and not field.companion else None,
        "kind": _KINDS[letter],
        "interval": None,
        "bins": [],
        "min": None if found.low is None else token_display(found.low),
        "max": None if found.high is None else token_display(found.high),
        "valued": found.valued,
        "missing": found.missing,
        "other": found.matching - found.valued - found.missing,
    }
    if found.low is None or found.high is None:
        return answer
    low, high = token_value(found.low), token_value(found.high)
    assert not isinstance(low, str)
    assert not isinstance(high, str)
    if letter == "n":
        name, numbers = number_edges(float(low), float(high), interval, bins, whole=field.kind == "integer")
        tokens = tuple(number_token(edge) for edge in numbers)
        shown: list[Any] = [int(edge) if edge.is_integer() and abs(edge) < 2**53 else edge for edge in numbers]
    else:
        name, moments = moment_edges(letter, int(low), int(high), interval, bins)
        tokens = tuple(moment_token(letter, edge) for edge in moments)
        shown = [_text(letter, edge) for edge in moments]
    plan = HistogramPlan(field.path, letter, query, tokens)
    counts = engine.search(Plan(level, histograms=(plan,), limit=0, totals=False)).histograms[0].counts
    answer["interval"] = name
    answer["bins"] = [
        {"from": start, "to": end, "count": count} for (start, end), count in zip(pairwise(shown), counts, strict=True)
    ]
    return answer


def _typed(engine: Engine, field: ResolvedField, query: Resolved, level: Level) -> tuple[str, Histogram]:
    """The type letter of the field's values, where its kind leaves it open the one that most documents have."""
    letter = _LETTERS.get(field.kind)
    if letter is None and field.kind != "any":
        raise BadValueError(
            f"{field.path} holds no numbers, dates or times, so it has no histogram; count its values as a facet",
            field=field.path,
        )
    plans = tuple(HistogramPlan(field.path, each, query) for each in ((letter,) if letter else "ndmt"))
    found = engine.search(Plan(level, histograms=plans, limit=0, totals=False)).histograms
    best = max(range(len(plans)), key=lambda place: (found[place].valued, -place))
    return plans[best].letter, found[best]


def _text(letter: str, edge: int) -> str | None:
    """An edge in DICOM form; None where it ends the day or the calendar."""
    try:
        return _TEXTS[letter](edge)
    except ValueError:
        return None

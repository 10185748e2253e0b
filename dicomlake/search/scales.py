"""Scales of histograms: the edges of their bins, over the values of one search or, to stay put, of a whole lake."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from dicomlake.engines.base import Engine, Histogram, HistogramPlan, Level, Plan
from dicomlake.errors import BadValueError
from dicomlake.messages import Message
from dicomlake.query.ages import DAYS, age_of, tokens_between
from dicomlake.query.resolved import Everything, Resolved
from dicomlake.query.values import NUMBERS
from dicomlake.search.intervals import log_edges, moment_edges, number_edges
from mappings.field import Kind, ResolvedField
from mappings.moments import date_text, datetime_text, time_text
from mappings.normal import moment_token, number_token, token_value

BINS: Final = 40
"""Bins that are aimed at where no interval is asked for."""

AGE: Final = "age"
"""In place of a type letter: ages, whose tokens are texts."""

YEARS: Final = 5.0
"""Width of a bin of ages where none is asked for."""

LETTERS: Final[Mapping[Kind, str]] = {**dict.fromkeys(NUMBERS, "n"), "date": "d", "datetime": "m", "time": "t"}
"""The type of the tokens that count, in a histogram and in an order; what breaks its VR is a text."""

_TEXTS: Final = {"d": date_text, "m": datetime_text, "t": time_text}

_TAIL: Final = 0.005
"""Share of the documents at either end that gets one bin, however far it reaches: a slice of 10 m is a mistake."""

_SKEW: Final = 12.0
"""From so many times the median on, the upper end is far away, and each bin is wider than the one before."""


@dataclass(frozen=True, slots=True)
class Scale:
    """``letter``: the type of the tokens that count, or :data:`AGE`; ``edges`` are tokens, ``shown`` what they show as.
    A scale of ages has the tokens of each bin in ``ages``. Without edges there is nothing to draw."""

    letter: str
    interval: str | None = None
    edges: tuple[str, ...] = ()
    shown: tuple[Any, ...] = ()
    ages: tuple[tuple[str, ...], ...] = ()


class Scales:
    """Scales over everything an engine has at a level, made once a generation: bins that stay while a search changes,
    and in which far-away values do not squeeze the others."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: tuple[str, dict[tuple[str, str, str | None], Scale]] = ("", {})

    def of(self, field: ResolvedField, level: Level, interval: str | None) -> Scale:
        """The scale of a field. Raises BadValueError."""
        generation = self._engine.refresh()
        if self._known[0] != generation:
            self._known = (generation, {})
        known = self._known[1]
        key = (field.path, "instance" if level == "instance" else "series", interval)
        if key not in known:
            known[key] = self._made(field, level, interval)
        return known[key]

    def _made(self, field: ResolvedField, level: Level, interval: str | None) -> Scale:
        letter, found = typed(self._engine, field, Everything(), level)
        if letter == AGE:
            return age_scale(interval) if found.valued else Scale(AGE)
        if interval is not None or found.low is None or found.high is None:
            return scale_of(field, letter, found, interval, BINS)
        if letter == "n":
            return self._numbers(field, level, found)
        return self._moments(field, level, letter, found)

    def _numbers(self, field: ResolvedField, level: Level, found: Histogram) -> Scale:
        low, high = float(token_value(found.low or "")), float(token_value(found.high or ""))
        whole = field.kind == "integer"
        fine = log_edges(low, high, whole=whole) if low >= 0 else number_edges(low, high, None, 400, whole=whole)[1]
        counts = self._counts(field, level, "n", tuple(map(number_token, fine)))
        if not any(counts):
            return scale_of(field, "n", found, None, BINS)
        first, middle, last = (_place(counts, share) for share in (_TAIL, 0.5, 1 - _TAIL))
        start, end = max(low, fine[first]), min(high, fine[last + 1])
        if low >= 0 and end > _SKEW * fine[middle + 1]:
            return _scale(
                "n", "log", _with_ends(log_edges(max(start, fine[1]), end, whole=whole, most=BINS), low, high)
            )
        name, edges = number_edges(start, end, None, BINS, whole=whole)
        return _scale("n", name, _with_ends(edges, low, high))

    def _moments(self, field: ResolvedField, level: Level, letter: str, found: Histogram) -> Scale:
        """Years (of times of day what is readable) between the tails; the first and the last bin hold them."""
        if letter == "t":
            return scale_of(field, letter, found, None, BINS)
        low, high = (int(token_value(bound or "")) for bound in (found.low, found.high))
        try:
            name, edges = moment_edges(letter, low, high, "year", BINS)
        except BadValueError:
            return scale_of(field, letter, found, None, BINS)
        counts = self._counts(field, level, letter, tuple(moment_token(letter, edge) for edge in edges))
        if any(counts) and len(counts) > BINS:
            first, last = _place(counts, _TAIL / 5), _place(counts, 1 - _TAIL / 5)
            edges = [edges[0], *edges[first + 1 : last + 1], edges[-1]]
        if len(edges) > 4 * BINS:
            return scale_of(field, letter, found, None, BINS)
        return _moment_scale(letter, name, edges)

    def _counts(self, field: ResolvedField, level: Level, letter: str, edges: tuple[str, ...]) -> Sequence[int]:
        plan = HistogramPlan(field.path, letter, Everything(), edges)
        return self._engine.search(Plan(level, histograms=(plan,), limit=0, totals=False)).histograms[0].counts


def typed(engine: Engine, field: ResolvedField, query: Resolved, level: Level) -> tuple[str, Histogram]:
    """The type letter of the field's values, where its kind leaves it open the one that most documents have, and their
    bounds. Raises BadValueError for fields without order."""
    letter = AGE if field.vr == "AS" and not field.companion else LETTERS.get(field.kind)
    if letter is None and field.kind != "any":
        raise BadValueError(
            Message(
                "{path} holds no numbers, dates or times, so it has no histogram; count its values as a facet",
                path=field.path,
            ),
            field=field.path,
        )
    letters = ("s",) if letter == AGE else (letter,) if letter else ("n", "d", "m", "t")
    plans = tuple(HistogramPlan(field.path, each, query) for each in letters)
    found = engine.search(Plan(level, histograms=plans, limit=0, totals=False)).histograms
    best = max(range(len(plans)), key=lambda place: (found[place].valued, -place))
    return letter or letters[best], found[best]


def scale_of(field: ResolvedField, letter: str, found: Histogram, interval: str | None, bins: int) -> Scale:
    """The scale around all values found. Raises BadValueError for intervals that do not fit."""
    if found.low is None or found.high is None:
        return Scale(letter)
    low, high = token_value(found.low), token_value(found.high)
    assert not isinstance(low, str)
    assert not isinstance(high, str)
    if letter == "n":
        whole = field.kind == "integer"
        if interval == "log":
            if low < 0:
                raise BadValueError(
                    Message("{path} has numbers below 0, which a log scale cannot hold; leave it out", path=field.path)
                )
            return _scale("n", "log", log_edges(float(low), float(high), whole=whole))
        return _scale("n", *number_edges(float(low), float(high), interval, bins, whole=whole))
    return _moment_scale(letter, *moment_edges(letter, int(low), int(high), interval, bins))


def age_scale(interval: str | None) -> Scale:
    """The scale of ages, in years, from birth on. Raises BadValueError."""
    name, edges = number_edges(0.0, 99.0, interval or f"{YEARS:g}", BINS, whole=False)
    bounds = [round(edge * DAYS["Y"]) for edge in edges]
    ends: list[int | None] = [*bounds[1:-1], None]  # who is older is in the last bin
    ages = tuple(tokens_between(start, end) for start, end in zip(bounds[:-1], ends, strict=True))
    return Scale(AGE, name, shown=(*map(_number, edges[:-1]), None), ages=ages)


def years(value: str) -> float | int | None:
    """An AS value in years, to two digits; None for other texts."""
    age = age_of(value)
    return None if age is None else _number(round(age / DAYS["Y"], 2))


def _scale(letter: str, interval: str, edges: Sequence[float]) -> Scale:
    return Scale(letter, interval, tuple(map(number_token, edges)), tuple(map(_number, edges)))


def _moment_scale(letter: str, interval: str, edges: Sequence[int]) -> Scale:
    return Scale(
        letter,
        interval,
        tuple(moment_token(letter, edge) for edge in edges),
        tuple(_text(letter, one) for one in edges),
    )


def _with_ends(edges: Sequence[float], low: float, high: float) -> list[float]:
    """The edges, the first and the last bin as wide as they must be to hold everything."""
    found = list(edges)
    if low < found[0]:
        found.insert(0, low)
    if high >= found[-1]:
        beyond = number_edges(high, high, None, 2, whole=False)[1][-1]
        found.append(max(beyond, found[-1] * 2))
    return found


def _place(counts: Sequence[int], share: float) -> int:
    """The bin in which this share of all is reached."""
    sums = list(accumulate(counts))
    return min(bisect_right(sums, share * sums[-1]), len(sums) - 1)


def _number(edge: float) -> float | int:
    return int(edge) if float(edge).is_integer() and abs(edge) < 2**53 else edge


def _text(letter: str, edge: int) -> str | None:
    """An edge in DICOM form; None where it ends the day or the calendar."""
    try:
        return _TEXTS[letter](edge)
    except ValueError:
        return None

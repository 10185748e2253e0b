"""Histograms of one field under a search, over numbers, dates, times and ages, registered or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from dicomlake.engines.base import Engine, Facet, FacetPlan, Histogram, HistogramPlan, Level, Plan
from dicomlake.query.resolved import All, Match, Resolved
from dicomlake.query.values import token_display
from dicomlake.search.facets import ALL_VALUES
from dicomlake.search.scales import AGE, BINS, Scale, age_scale, scale_of, typed, years
from mappings.field import ResolvedField
from mappings.normal import token_value

__all__ = ["BINS", "Drawing", "histogram"]

_KINDS: Final = {"n": "number", "d": "date", "m": "datetime", "t": "time", AGE: "age"}


@dataclass(frozen=True, slots=True)
class Drawing:
    """One histogram: what an engine must count for it, and what that comes to."""

    field: ResolvedField
    query: Resolved
    scale: Scale

    @property
    def histograms(self) -> tuple[HistogramPlan, ...]:
        """What has to be counted by ranges."""
        letter = "s" if self.scale.letter == AGE else self.scale.letter
        return (HistogramPlan(self.field.path, letter, self.query, self.scale.edges),)

    @property
    def facets(self) -> tuple[FacetPlan, ...]:
        """What has to be counted by values: ages, which are few."""
        return (FacetPlan(self.field.path, self.query, ALL_VALUES),) if self.scale.letter == AGE else ()

    def shown(
        self, engine: Engine, level: Level, histograms: Sequence[Histogram], facets: Sequence[Facet]
    ) -> dict[str, Any]:
        """Bins with their counts, bounds, and how many documents have no value or one of another type."""
        if self.scale.letter == AGE:
            return self._ages(engine, level, histograms[0], facets[0])
        found = histograms[0]
        low, high = (None if bound is None else token_display(bound) for bound in (found.low, found.high))
        return self._answer(found, found.counts, low, high, found.valued)

    def _ages(self, engine: Engine, level: Level, found: Histogram, facet: Facet) -> dict[str, Any]:
        counted = {one.token: one.count for one in facet.counts if one.token is not None}
        aged = {token: age for token in counted if (age := years(str(token_value(token)))) is not None}
        if sum(counted.values()) == found.valued:  # every document has one value
            counts = [sum(counted.get(token, 0) for token in tokens) for tokens in self.scale.ages]
            valued = sum(counted[token] for token in aged)
        else:
            parts = (*self.scale.ages, tuple(aged))
            plans = (
                HistogramPlan(self.field.path, "s", All((self.query, Match(self.field.path, part)))) for part in parts
            )
            several = engine.search(Plan(level, histograms=tuple(plans), limit=0, totals=False)).histograms
            *counts, valued = (one.matching for one in several)
        ages = aged.values()
        return self._answer(found, counts, min(ages, default=None), max(ages, default=None), valued)

    def _answer(self, found: Histogram, counts: Sequence[int], low: Any, high: Any, valued: int) -> dict[str, Any]:
        field = self.field
        unit = field.field.unit if field.field and not field.companion else None
        return {
            "field": field.path,
            "label": field.label,
            "unit": "a" if self.scale.letter == AGE else unit,
            "kind": _KINDS[self.scale.letter],
            "interval": self.scale.interval,
            "bins": [
                {"from": start, "to": end, "count": count}
                for (start, end), count in zip(pairwise(self.scale.shown), counts, strict=True)
            ],
            "min": low,
            "max": high,
            "valued": valued,
            "missing": found.missing,
            "other": found.matching - valued - found.missing,
        }


def histogram(
    engine: Engine, field: ResolvedField, query: Resolved, level: Level, interval: str | None, bins: int
) -> dict[str, Any]:
    """The histogram around all values under a query.

    Raises BadValueError for fields without order and intervals that do not fit.
    """
    letter, found = typed(engine, field, query, level)
    if letter == AGE:
        scale = age_scale(interval) if found.valued else Scale(AGE)
    else:
        scale = scale_of(field, letter, found, interval, bins)
        if not scale.edges:
            return Drawing(field, query, scale).shown(engine, level, (found,), ())
    drawing = Drawing(field, query, scale)
    counted = engine.search(Plan(level, facets=drawing.facets, histograms=drawing.histograms, limit=0, totals=False))
    return drawing.shown(engine, level, counted.histograms, counted.facets)

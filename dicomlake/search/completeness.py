"""Completeness: how many documents have a value in each of some fields, by the values of another and by year."""

from collections.abc import Sequence
from datetime import date as Date
from typing import Any, Final

from dicomlake.engines.base import FacetPlan, Found, HistogramPlan, Level, Plan
from dicomlake.errors import BadValueError, QueryError
from dicomlake.messages import Message
from dicomlake.query.names import resolve_name
from dicomlake.query.resolved import All, Has, Match, Not, Resolved
from dicomlake.query.values import token_display
from dicomlake.search.facets import countable
from dicomlake.search.request import SearchRequest
from dicomlake.search.selection import Selection
from dicomlake.search.service import Searcher
from mappings.field import ResolvedField
from mappings.moments import day_micros
from mappings.normal import moment_token

MAX_ROWS: Final = 40
"""Fields that are looked at."""
MAX_COLUMNS: Final = 40
"""Values by which they are told apart."""
MAX_CELLS: Final = 400
"""Fields times values where years are told apart, too."""
MAX_YEARS: Final = 60
"""The latest years that are told apart; what is before is left out."""
FIRST_YEAR: Final = 1900
"""Roentgen's rays are of 1895; an earlier date, or one to come, is an error and would only stretch the axis."""


def completeness(
    searcher: Searcher,
    within: SearchRequest,
    fields: Sequence[str],
    by: str,
    columns: int = 12,
    years: str | None = None,
) -> dict[str, Any]:
    """How many of the documents that a request selects have a value in each of ``fields``, told apart by the most
    frequent values of ``by``, missing among them, and by the years of the date field ``years`` where it is named.

    ``columns``: each with ``value`` and the ``count`` of its documents; ``rows``: each with ``field``, ``label``, the
    ``valued`` documents of all columns in their order, and ``whole``, those of the whole selection, which has ``count``
    documents. With years ``years`` lists them, and each column has its ``counts`` a year, each row its ``yearly``
    valued documents by column and year. Documents are series, at instance level instances. Raises QueryError and kin.
    """
    _bounded(Message("the number of fields"), len(fields), MAX_ROWS)
    _bounded(Message("the number of columns"), columns, MAX_COLUMNS)
    rows = [resolve_name(name) for name in dict.fromkeys(fields)]
    column, query, level = countable(by), Selection.of(within).whole(), within.level
    tokens, counts, count = _columns(searcher, column, query, level, columns)
    plans = [FacetPlan(column.path, _with(query, row), columns, tuple(tokens)) for row in rows]
    found = searcher.plan(Plan(level, facets=tuple(plans), limit=0, totals=False))
    answer: dict[str, Any] = {
        "by": column.path,
        "label": column.label,
        "count": count,
        "columns": [
            {"value": None if token is None else token_display(token), "count": n}
            for token, n in zip(tokens, counts, strict=True)
        ],
        "rows": [],
        "generation": found.generation,
    }
    for row, facet in zip(rows, found.facets, strict=True):
        valued = {one.token: one.count for one in facet.counts}
        answer["rows"].append({"field": row.path, "label": row.label, "valued": [valued.get(t, 0) for t in tokens]})
    for row, whole in zip(answer["rows"], _wholes(searcher, rows, query, level), strict=True):
        row["whole"] = whole
    if years is not None:
        _bounded(Message("the number of fields times columns"), len(rows) * max(1, len(tokens)), MAX_CELLS)
        parts = [All((query, _is(column, token))) for token in tokens]
        _by_year(searcher, answer, _date(years), parts, rows, query, level)
    return answer


def _columns(
    searcher: Searcher, column: ResolvedField, query: Resolved, level: Level, most: int
) -> tuple[list[str | None], list[int], int]:
    """The most frequent values, how many documents have each, and how many documents there are."""
    plan = Plan(level, query, facets=(FacetPlan(column.path, query, most),), limit=0)
    found = searcher.plan(plan)
    counted = [one for one in found.facets[0].counts if one.count][:most]
    return [one.token for one in counted], [one.count for one in counted], _documents(found, level)


def _documents(found: Found, level: Level) -> int:
    assert found.totals is not None  # asked for
    return found.totals.instances if level == "instance" else found.totals.series


def _wholes(searcher: Searcher, rows: Sequence[ResolvedField], query: Resolved, level: Level) -> list[int]:
    """How many documents have a value of each field, whatever their column."""
    return [_documents(searcher.plan(Plan(level, _with(query, row), limit=0, fast=True)), level) for row in rows]


def _by_year(
    searcher: Searcher,
    answer: dict[str, Any],
    date: ResolvedField,
    parts: Sequence[Resolved],
    rows: Sequence[ResolvedField],
    query: Resolved,
    level: Level,
) -> None:
    """Add the years to an answer."""
    first = [day_micros(year, 1, 1) for year in range(FIRST_YEAR, Date.today().year + 2)]
    every = tuple(moment_token("d", day) for day in first)
    whole = Plan(level, histograms=(HistogramPlan(date.path, "d", query, every),), limit=0, totals=False)
    yearly = searcher.plan(whole).histograms[0].counts
    filled = [place for place, count in enumerate(yearly) if count]
    start = max(filled[0], filled[-1] + 1 - MAX_YEARS) if filled else 0
    end = filled[-1] + 1 if filled else 0
    edges = every[start : end + 1] if filled else ()
    answer["years"] = [FIRST_YEAR + place for place in range(start, end)]
    asked = [*parts, *(_with(part, row) for row in rows for part in parts)]
    plans = tuple(HistogramPlan(date.path, "d", part, edges) for part in asked)
    found = searcher.plan(Plan(level, histograms=plans, limit=0, totals=False)) if edges else None
    counts = iter([list(one.counts) for one in found.histograms] if found else [[] for _ in asked])
    for column in answer["columns"]:
        column["counts"] = next(counts)
    for row in answer["rows"]:
        row["yearly"] = [next(counts) for _ in parts]


def _with(query: Resolved, row: ResolvedField) -> Resolved:
    return All((query, Has(row.path)))


def _is(column: ResolvedField, token: str | None) -> Resolved:
    return Not(Has(column.path)) if token is None else Match(column.path, (token,))


def _date(name: str) -> ResolvedField:
    field = resolve_name(name)
    if field.kind != "date":
        raise BadValueError(
            Message("{path} holds no dates, so it has no years; name a date", path=field.path), field=field.path
        )
    return field


def _bounded(what: Message, number: int, most: int) -> None:
    if not 1 <= number <= most:
        raise QueryError(
            Message("{what} is {number}; it must be from 1 to {most}", what=what, number=number, most=most)
        )

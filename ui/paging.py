"""Pages of hits in an order that the engine does not have at hand, so that it can but walk over the hits before. What
lies nearer to the end is read from there: the same search in the opposite order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ui.client import Api, Search
from ui.views import IDENTITY, ROWS, total_of

DEEPEST: Final = 20_000
"""Hits that the engine walks over to reach a page; the API refuses more."""


_BOTH_WAYS: Final = ("series", "instance")
"""Levels whose opposite order is the order read backwards. A study or a patient is placed by its first or its last
series, as the order goes."""


def reachable(level: str, page: int, total: int) -> int:
    """The page itself, or the nearest one to it that can be reached from the beginning or the end."""
    last = max(1, -(-total // ROWS))
    page = min(page, last)
    forward, backward = DEEPEST // ROWS, last - DEEPEST // ROWS
    if level not in _BOTH_WAYS:
        return min(page, forward)
    if forward < page < backward:
        return forward if page - forward < backward - page else backward
    return page


def from_end(level: str, page: int, total: int) -> bool:
    """Whether a page is read from the end of the list."""
    return level in _BOTH_WAYS and 2 * (page - 1) * ROWS > total


def last_hits(lake: Api, search: Search, page: int, total: int) -> list[Mapping[str, Any]]:
    """The hits of a page, read from the end of the list: those without a value to order by come last, and among
    equals the order is that of the identities. Raises Away and Problem."""
    sort, identity = search.sort[0], IDENTITY[search.level]
    path = sort.removeprefix("-")
    opposite = path if sort.startswith("-") else f"-{path}"
    start, stop = max(0, total - page * ROWS), total - (page - 1) * ROWS
    without = replace(search, filters={**search.filters, path: [None]}, sort=[f"-{identity}"])
    missing = _missing(lake, search, without, path)
    found: list[Mapping[str, Any]] = []
    if start < missing:
        found += _part(lake, without, start, min(stop, missing))
    if stop > missing:
        backwards = replace(search, sort=[opposite] if path == identity else [opposite, f"-{identity}"])
        found += _part(lake, backwards, max(start, missing) - missing, stop - missing)
    return found[::-1]


def _missing(lake: Api, search: Search, without: Search, path: str) -> int:
    """How many hits have no value to order by."""
    chosen: Sequence[Any] = search.filters.get(path, ())
    if path in search.filters and None not in chosen:
        return 0
    return total_of(search.level, lake.search(replace(without, facets=(), fields=(), limit=0))["totals"])


def _part(lake: Api, search: Search, start: int, stop: int) -> list[Mapping[str, Any]]:
    """Hits from one place of the list to another."""
    hits: list[Mapping[str, Any]] = lake.search(replace(search, facets=(), skip=start, limit=stop - start))["hits"]
    return hits

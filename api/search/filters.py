"""Filters in a URL: ``Modality:CT``, repeated; ``Modality:`` asks for those without a value. Ranges in a URL:
``SliceThickness:0..1.5``, repeated; an end left out is open."""

from collections.abc import Iterable

from dicomlake.errors import QueryError
from dicomlake.query.bounds import Bounds, parse_range
from dicomlake.query.permalink import parse_filter
from dicomlake.search.request import FilterValue


def checked(filter: str) -> str:
    """The filter itself. Raises ValueError, as validators do, when it has not the form ``F:value``."""
    try:
        parse_filter(filter)
    except QueryError as error:
        raise ValueError(error.message) from error
    return filter


def gather(filters: Iterable[str]) -> dict[str, list[FilterValue]]:
    """Filters of a URL by field, as a request takes them. Raises QueryError."""
    gathered: dict[str, list[FilterValue]] = {}
    for name, value in map(parse_filter, filters):
        gathered.setdefault(name, []).append(value)
    return gathered


def checked_range(item: str) -> str:
    """The range itself. Raises ValueError, as validators do, when it has not the form ``F:low..high``."""
    try:
        parse_range(item)
    except QueryError as error:
        raise ValueError(error.message) from error
    return item


def gather_ranges(items: Iterable[str]) -> dict[str, list[Bounds]]:
    """Ranges of a URL by field, as a request takes them. Raises QueryError."""
    gathered: dict[str, list[Bounds]] = {}
    for name, bounds in map(parse_range, items):
        gathered.setdefault(name, []).append(bounds)
    return gathered

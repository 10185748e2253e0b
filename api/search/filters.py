"""Filters in a URL: ``Modality:CT``, repeated; ``Modality:`` asks for those without a value."""

from collections.abc import Iterable

from dicomlake.query.names import NAME, spelled
from dicomlake.search.request import FilterValue


def split(filter: str) -> tuple[str, str | None]:
    """Field name and value of ``F:value``, the value None for ``F:``. Raises ValueError when there is no such form."""
    name = NAME.match(filter)  # a private creator may itself hold colons
    if name is None or filter[name.end() : name.end() + 1] != ":":
        raise ValueError("a filter is written Field:value, or Field: for those without a value")
    return spelled(name[0]), filter[name.end() + 1 :] or None


def gather(filters: Iterable[str]) -> dict[str, list[FilterValue]]:
    """Filters of a URL by field, as a request takes them. Raises ValueError."""
    gathered: dict[str, list[FilterValue]] = {}
    for name, value in map(split, filters):
        gathered.setdefault(name, []).append(value)
    return gathered

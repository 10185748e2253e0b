"""What may be asked of a search, as a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from dicomlake.engines.base import Level
from dicomlake.query.bounds import Bounds

FilterValue = str | int | float | None

MAX_LIMIT = 1_000
"""Hits of one page."""
MAX_SKIP = 1_000_000_000
MAX_FACETS = 64
"""Facets of a search; filtered fields, too."""
MAX_FIELDS = 200
"""Fields that a hit may show beside the usual ones."""
MAX_FACET_LIMIT = 10_000
MAX_SORTS = 3
MAX_FILTER_VALUES = 1_000
MAX_RANGES = 100
"""Ranges of one field."""
MAX_HISTOGRAMS = 16
"""Histograms of a search."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search: query text, filters (OR within a field, AND across; None is missing), facets, order and page.

    ``ranges`` are alternatives to the values that ``filters`` choose of a field. ``exclude`` are values that must not
    be there, in no field. ``histograms`` are fields to count by ranges, with an interval behind a colon if one is
    wanted, ``StudyDate:year``. ``sort`` names fields, descending with a minus in front.
    ``skip`` hits are left out before the first, or behind those that ``cursor`` leaves behind: to begin in the middle,
    whence cursors lead on. ``fields`` adds fields to each hit. Of each facet ``facet_limit`` values are listed, the
    most frequent or the first in order, only those that contain ``facet_contains`` (case and accents aside).
    """

    q: str = ""
    level: Level = "series"
    filters: Mapping[str, Sequence[FilterValue]] = field(default_factory=dict)
    facets: Sequence[str] = ()
    sort: Sequence[str] = ()
    limit: int = 50
    cursor: str | None = None
    skip: int = 0
    totals: Literal["fast", "exact"] = "exact"
    facet_limit: int = 1_000
    fields: Sequence[str] = ()
    exclude: Mapping[str, Sequence[FilterValue]] = field(default_factory=dict)
    facet_sort: Literal["count", "value"] = "count"
    facet_contains: str = ""
    ranges: Mapping[str, Sequence[Bounds]] = field(default_factory=dict)
    histograms: Sequence[str] = ()

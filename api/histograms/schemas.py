"""Counts of a field by ranges under a search."""

from typing import Annotated

from pydantic import Field

from api.search.answers import HistogramAnswer
from api.search.schemas import ByParameters, Text
from dicomlake.search.histogram import BINS
from dicomlake.search.intervals import MAX_BINS

__all__ = ["HistogramAnswer", "HistogramParameters"]


class HistogramParameters(ByParameters):
    """What selects the documents to count, and how wide a bin is."""

    interval: Annotated[
        Text | None,
        Field(
            min_length=1,
            max_length=40,
            description="Width of a bin: a number, years for ages, or `log` for bins that grow; "
            "for dates `day`, `week`, `month`, `quarter`, `year`, `decade` or "
            "`7d`; for times `1h`, `15min` or `30s`. Left out, one is chosen.",
        ),
    ] = None
    bins: Annotated[int, Field(ge=1, le=MAX_BINS, description="Bins to aim at where no interval is given")] = BINS

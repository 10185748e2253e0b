"""Counts of a field by ranges under a search."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.search.schemas import ByParameters, Text
from dicomlake.search.histogram import BINS
from dicomlake.search.intervals import MAX_BINS

Edge = float | int | str | None


class HistogramParameters(ByParameters):
    """What selects the documents to count, and how wide a bin is."""

    interval: Annotated[
        Text | None,
        Field(
            min_length=1,
            max_length=40,
            description="Width of a bin: a number; for dates `day`, `week`, `month`, `quarter`, `year`, `decade` or "
            "`7d`; for times `1h`, `15min` or `30s`. Left out, one is chosen.",
        ),
    ] = None
    bins: Annotated[int, Field(ge=1, le=MAX_BINS, description="Bins to aim at where no interval is given")] = BINS


class Bin(BaseModel):
    """A range from ``from``, included, to ``to``, left out. Values in DICOM form; a ``to`` of null is the end of the
    day or of the calendar."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: Edge = Field(alias="from")
    end: Edge = Field(alias="to")
    count: int


class HistogramAnswer(BaseModel):
    """Bins without gaps around all values. A series (at instance level: an instance) counts in every bin that it has a
    value in."""

    model_config = ConfigDict(extra="forbid")

    field: str
    label: str
    unit: str | None = Field(description="UCUM, where the field has one")
    kind: Literal["number", "date", "datetime", "time"]
    interval: str | None = Field(description="The width that was taken; null without values")
    bins: list[Bin]
    min: Edge
    max: Edge
    valued: int = Field(description="Documents with a value of this kind")
    missing: int = Field(description="Documents without any value")
    other: int = Field(description="Documents whose only values are of another kind, such as text where a date belongs")

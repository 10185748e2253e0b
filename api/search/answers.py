"""The shape of the answer to a search."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dicomlake.engines.base import Level


class Totals(BaseModel):
    """Distinct patients, studies and series, the instances, and the bytes of their files."""

    model_config = ConfigDict(extra="forbid")

    patients: int
    studies: int
    series: int
    instances: int
    bytes: int


class FacetValue(BaseModel):
    """A value in DICOM form, null for missing, and how many series (at instance level: instances) have it."""

    model_config = ConfigDict(extra="forbid")

    value: str | int | float | None
    count: int
    selected: bool = Field(description="Whether a filter of the search names it; such values are listed even with 0")
    excluded: bool = Field(False, description="There and true where the search excludes the value; listed even with 0")


class Hit(BaseModel):
    """A hit: fields by DICOM keyword, one distinct value as itself, several as a list, missing ones left out."""

    model_config = ConfigDict(extra="allow")

    level: Level
    instanceCount: int
    bytes: int


Edge = float | int | str | None


class Bin(BaseModel):
    """A range from ``from``, included, to ``to``, left out. Values in DICOM form, ages in years; a ``to`` of null is
    the end of the day, of the calendar or of life."""

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
    kind: Literal["number", "date", "datetime", "time", "age"]
    interval: str | None = Field(description="The width that was taken; null without values")
    bins: list[Bin]
    min: Edge
    max: Edge
    valued: int = Field(description="Documents with a value of this kind")
    missing: int = Field(description="Documents without any value")
    other: int = Field(description="Documents whose only values are of another kind, such as text where a date belongs")


class Declared(BaseModel):
    """Matching series that an index declares: their instances are elsewhere."""

    series: int
    instances: int


class SearchAnswer(BaseModel):
    """The answer to a search."""

    model_config = ConfigDict(extra="forbid")

    totals: Totals = Field(description="Of everything that matches, not of this page")
    hits: list[Hit]
    facets: dict[str, list[FacetValue]] = Field(
        description="By field as asked; each ignores what is chosen and excluded of itself"
    )
    histograms: dict[str, HistogramAnswer] | None = Field(
        default=None,
        description="By field as asked; each ignores what is chosen and excluded of itself, and has bins around the "
        "values of the whole lake, which stay while one narrows down; the outermost may be wider than the others",
    )
    cursor: str | None = Field(description="For the next page; null on the last")
    approximate: list[str] = Field(description="Names of totals that are estimates")
    took_ms: float
    generation: str = Field(description="State of the index this was answered from")
    declared: Declared | None = Field(
        default=None, description="At instance level: what is left out, since its instances are not in the lake"
    )

"""What is wrong with headers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.search.schemas import Name, SelectionBody
from dicomlake.search.completeness import MAX_COLUMNS, MAX_ROWS


class Example(BaseModel):
    """An instance that has the code."""

    model_config = ConfigDict(extra="forbid")

    SOPInstanceUID: str
    location: str
    path: str = Field(description="The attribute it is about; empty when it is about the file or the series")
    detail: str


class CodeCount(BaseModel):
    """A quality code: the rule behind it, and how many have it."""

    model_config = ConfigDict(extra="forbid")

    code: str
    title: str
    description: str
    standard: str = Field(description="Part and section of the standard that is broken")
    instances: int
    series: int
    example: Example | None = Field(description="Null for series that an index declares")


class QualityAnswer(BaseModel):
    """The codes among what a search finds, those of most instances first."""

    model_config = ConfigDict(extra="forbid")

    codes: list[CodeCount]
    generation: str


class CompletenessBody(SelectionBody):
    """What to look at, and how to tell it apart."""

    fields: Annotated[
        list[Name],
        Field(min_length=1, max_length=MAX_ROWS, description="Fields that should have a value", examples=[["KVP"]]),
    ]
    by: Annotated[Name, Field(description="Field whose values are the columns")] = "Manufacturer.canonical"
    columns: Annotated[int, Field(ge=1, le=MAX_COLUMNS, description="Columns: the most frequent values")] = 12
    years: Annotated[Name | None, Field(description="A date field: tell its years apart, too")] = None


class Column(BaseModel):
    """A value, null for missing, and the documents that have it, with ``years`` also of each year."""

    model_config = ConfigDict(extra="forbid")

    value: str | int | float | None
    count: int
    counts: list[int] | None = None


class Row(BaseModel):
    """A field, and the documents with a value in it: all, of each column, with ``years`` also of each year."""

    model_config = ConfigDict(extra="forbid")

    field: str
    label: str
    whole: int
    valued: list[int]
    yearly: list[list[int]] | None = None


class CompletenessAnswer(BaseModel):
    """How many documents have a value. Documents are series, at instance level instances."""

    model_config = ConfigDict(extra="forbid")

    by: str
    label: str
    count: int = Field(description="Documents that are looked at")
    columns: list[Column]
    rows: list[Row]
    years: list[int] | None = None
    generation: str


class UnmappedValue(BaseModel):
    """A value that no rule knows."""

    model_config = ConfigDict(extra="forbid")

    value: str
    instances: int
    series: int


class UnmappedField(BaseModel):
    """A field with canonical values or a group, and its values without a rule, the most frequent first."""

    model_config = ConfigDict(extra="forbid")

    field: str
    label: str
    table: str = Field(description="The table of rules, a key of a site's file")
    values: list[UnmappedValue]


class UnmappedAnswer(BaseModel):
    """Values that no rule of canonicalisation knows."""

    model_config = ConfigDict(extra="forbid")

    fields: list[UnmappedField]
    generation: str

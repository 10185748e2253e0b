"""What is wrong with headers."""

from pydantic import BaseModel, ConfigDict, Field


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

"""All values of one field under a search."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.search.schemas import FacetLimit, FacetValue, Selection, Text


class FacetParameters(Selection):
    """What selects the documents to count, and which values to list."""

    limit: FacetLimit = 100
    contains: Annotated[
        Text, Field(max_length=200, description="Only values that contain this, case and accents aside", examples=["c"])
    ] = ""


class FacetAnswer(BaseModel):
    """Values, most frequent first."""

    model_config = ConfigDict(extra="forbid")

    field: str
    label: str
    values: list[FacetValue]
    more: bool = Field(description="Whether there are values beyond the limit")

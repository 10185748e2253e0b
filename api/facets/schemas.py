"""All values of one field under a search."""

from pydantic import BaseModel, ConfigDict, Field

from api.search.answers import FacetValue
from api.search.schemas import ByParameters, Contains, FacetLimit, FacetSort
from dicomlake.search import SearchRequest


class FacetParameters(ByParameters):
    """What selects the documents to count, and which values to list."""

    limit: FacetLimit = 100
    sort: FacetSort = "count"
    contains: Contains = ""

    def request(self) -> SearchRequest:
        """The request these parameters stand for."""
        return self.selection(facet_limit=self.limit, facet_sort=self.sort, facet_contains=self.contains)


class FacetAnswer(BaseModel):
    """Values, most frequent first or in their order."""

    model_config = ConfigDict(extra="forbid")

    field: str
    label: str
    values: list[FacetValue]
    more: bool = Field(description="Whether there are values beyond the limit")

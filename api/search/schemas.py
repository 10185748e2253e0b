"""What a search request may hold, and the shape of its answer."""

import math
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator

from api.search import filters
from dicomlake.engines.base import Level
from dicomlake.query.text import MAX_LENGTH
from dicomlake.search.request import (
    MAX_FACET_LIMIT,
    MAX_FACETS,
    MAX_FILTER_VALUES,
    MAX_LIMIT,
    MAX_SORTS,
    FilterValue,
    SearchRequest,
)

MAX_NAME: Final = 1_024
"""Characters of a field name: a path through sequences with private creators."""
MAX_VALUE: Final = 16_384
"""Characters of a filter value; an LT holds 10,240 (PS3.5 6.2)."""
MAX_FILTERS: Final = 64
MAX_FIELDS: Final = 200
MAX_CURSOR: Final = 65_536


def _unicode(text: str) -> str:
    """JSON can spell half a surrogate pair, which is no character and cannot be stored or sent."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("holds half of a surrogate pair, which is no character") from error
    return text


def _filter_value(value: object) -> FilterValue:
    if value is None or (isinstance(value, str) and len(_unicode(value)) <= MAX_VALUE):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ValueError(
        f"a value is a text of up to {MAX_VALUE} characters, a number of up to 64 bits, or null for missing"
    )


Text = Annotated[str, AfterValidator(_unicode)]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_unicode)]
Value = Annotated[FilterValue, PlainValidator(_filter_value, json_schema_input_type=str | int | float | None)]
Filter = Annotated[
    str, Field(max_length=MAX_NAME + MAX_VALUE + 1), AfterValidator(_unicode), AfterValidator(filters.checked)
]

Query = Annotated[
    Text,
    Field(
        max_length=MAX_LENGTH,
        description="Query text: terms, ranges, wildcards, phrases, `AND` `OR` `NOT`. Empty matches everything.",
        examples=["Modality:CT AND SliceThickness:[0 TO 5]"],
    ),
]
SearchLevel = Annotated[Level, Field(description="What a hit is, and what facets count", examples=["series"])]
Filters = Annotated[
    list[Filter],
    Field(
        max_length=MAX_FILTERS * 16,
        description="`Field:value`, repeated: OR within a field, AND across fields; `Field:` asks for missing ones",
        examples=[["Modality:CT"]],
    ),
]
Exclusions = Annotated[
    list[Filter],
    Field(
        max_length=MAX_FILTERS * 16,
        description="`Field:value`, repeated: hits must have none of them; `Field:` asks for those with a value",
        examples=[["Modality:SR"]],
    ),
]
Facets = Annotated[
    list[Name],
    Field(max_length=MAX_FACETS, description="Fields whose values are counted", examples=[["Modality"]]),
]
Order = Annotated[
    list[Name],
    Field(
        max_length=MAX_SORTS,
        description="Fields to order by, a minus in front for descending; missing values come last",
        examples=[["-StudyDate"]],
    ),
]
Limit = Annotated[int, Field(ge=0, le=MAX_LIMIT, description="Hits of this page", examples=[10])]
FacetLimit = Annotated[int, Field(ge=1, le=MAX_FACET_LIMIT, description="Values of a facet", examples=[100])]
FacetSort = Annotated[
    Literal["count", "value"],
    Field(description="Values of a facet: the most frequent first, or in their order", examples=["value"]),
]
Contains = Annotated[
    Text,
    Field(max_length=200, description="Only values that contain this, case and accents aside", examples=["c"]),
]
Cursor = Annotated[
    Text,
    Field(max_length=MAX_CURSOR, description="The `cursor` of the page before, with the same search; good for a day"),
]
Counting = Annotated[
    Literal["fast", "exact"],
    Field(description="`fast` may estimate what `approximate` then names", examples=["exact"]),
]
Fields = Annotated[
    list[Name],
    Field(max_length=MAX_FIELDS, description="Fields to show besides the usual ones", examples=[["KVP"]]),
]


ValuesByField = dict[Name, Annotated[list[Value], Field(max_length=MAX_FILTER_VALUES)]]


class SelectionBody(BaseModel):
    """The part of a search that selects, as JSON."""

    model_config = ConfigDict(extra="forbid", strict=True)

    q: Query = ""
    level: SearchLevel = "series"
    filters: Annotated[
        ValuesByField,
        Field(
            max_length=MAX_FILTERS,
            description="Values by field, exact: OR within a field, AND across fields; null is missing",
            examples=[{"Modality": ["CT", "MR"]}],
        ),
    ] = Field(default_factory=dict)
    exclude: Annotated[
        ValuesByField,
        Field(
            max_length=MAX_FILTERS,
            description="Values by field, exact, that hits must not have; null leaves out those without a value",
            examples=[{"Modality": ["SR"]}],
        ),
    ] = Field(default_factory=dict)

    def selection(self) -> SearchRequest:
        """The request that selects the same, without facets and hits."""
        return SearchRequest(q=self.q, level=self.level, filters=self.filters, exclude=self.exclude)


class SearchBody(SelectionBody):
    """A search, as JSON."""

    facets: Facets = []
    sort: Order = []
    limit: Limit = 50
    cursor: Cursor | None = None
    totals: Counting = "exact"
    facet_limit: FacetLimit = 1_000
    facet_sort: FacetSort = "count"
    facet_contains: Contains = ""
    fields: Fields = []

    def request(self) -> SearchRequest:
        """The request this body stands for."""
        return SearchRequest(**{name: getattr(self, name) for name in type(self).model_fields})


class ByParameters(BaseModel):
    """The part of a search that selects, as parameters of a URL."""

    model_config = ConfigDict(extra="forbid")

    q: Query = ""
    level: SearchLevel = "series"
    filter: Filters = []
    exclude: Exclusions = []

    def selection(self, **more: Any) -> SearchRequest:
        """The request that selects the same, with what else it asks for."""
        chosen, excluded = filters.gather(self.filter), filters.gather(self.exclude)
        return SearchRequest(q=self.q, level=self.level, filters=chosen, exclude=excluded, **more)


class SearchParameters(ByParameters):
    """A search, as parameters of a URL."""

    facets: Facets = []
    sort: Order = []
    limit: Limit = 50
    cursor: Cursor | None = None
    totals: Counting = "exact"
    facet_limit: FacetLimit = 1_000
    facet_sort: FacetSort = "count"
    facet_contains: Contains = ""
    fields: Fields = []

    def request(self) -> SearchRequest:
        """The request these parameters stand for."""
        own = type(self).model_fields.keys() - ByParameters.model_fields.keys()
        return self.selection(**{name: getattr(self, name) for name in own})


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
    cursor: str | None = Field(description="For the next page; null on the last")
    approximate: list[str] = Field(description="Names of totals that are estimates")
    took_ms: float
    generation: str = Field(description="State of the index this was answered from")
    declared: Declared | None = Field(
        default=None, description="At instance level: what is left out, since its instances are not in the lake"
    )

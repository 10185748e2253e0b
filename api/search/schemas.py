"""What a search request may hold."""

import math
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator

from api.search import filters
from dicomlake.engines.base import Level
from dicomlake.query.bounds import Bounds
from dicomlake.query.text import MAX_LENGTH
from dicomlake.search.request import (
    MAX_FACET_LIMIT,
    MAX_FACETS,
    MAX_FILTER_VALUES,
    MAX_HISTOGRAMS,
    MAX_LIMIT,
    MAX_RANGES,
    MAX_SKIP,
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
RangeText = Annotated[
    str, Field(max_length=MAX_NAME + 200), AfterValidator(_unicode), AfterValidator(filters.checked_range)
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
RangeTexts = Annotated[
    list[RangeText],
    Field(
        max_length=MAX_FILTERS * 4,
        description="`Field:lowest..highest`, both included, repeated; an end left out is open, and dates may be "
        "months or years. An alternative to what `filter` chooses of the same field",
        examples=[["SliceThickness:0..1.5"]],
    ),
]
Facets = Annotated[
    list[Name],
    Field(max_length=MAX_FACETS, description="Fields whose values are counted", examples=[["Modality"]]),
]
Histograms = Annotated[
    list[Name],
    Field(
        max_length=MAX_HISTOGRAMS,
        description="Fields of numbers, dates, times or ages, counted by ranges; with a width if one is wanted, "
        "`Field:width`, as in `StudyDate:month`, and `log` for ranges that grow",
        examples=[["StudyDate:year"]],
    ),
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
Skip = Annotated[
    int,
    Field(
        ge=0,
        le=MAX_SKIP,
        description="Hits to leave out before the first, or behind those of the page before: to begin in the middle. "
        "From there on the `cursor` leads to each hit once, whatever is indexed meanwhile. "
        "Where the order is not at hand, more than 20,000 are refused as `too-costly`",
        examples=[1_000],
    ),
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


class RangeBody(BaseModel):
    """A range, both ends in it. Dates may be months or years, ages are years or as in DICOM; null is an open end."""

    model_config = ConfigDict(extra="forbid", strict=True)

    min: Annotated[Value, Field(description="The lowest value")] = None
    max: Annotated[Value, Field(description="The highest value")] = None


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
    ranges: Annotated[
        dict[Name, Annotated[list[RangeBody], Field(max_length=MAX_RANGES)]],
        Field(
            max_length=MAX_FILTERS,
            description="Ranges by field: OR within a field, with its `filters` too, AND across fields",
            examples=[{"SliceThickness": [{"min": 0, "max": 1.5}]}],
        ),
    ] = Field(default_factory=dict)

    def selection(self, **more: Any) -> SearchRequest:
        """The request that selects the same, with what else it asks for."""
        ranges = {name: [Bounds(one.min, one.max) for one in listed] for name, listed in self.ranges.items()}
        return SearchRequest(
            q=self.q, level=self.level, filters=self.filters, exclude=self.exclude, ranges=ranges, **more
        )

    def request(self) -> SearchRequest:
        """The request this body stands for."""
        own = type(self).model_fields.keys() - SelectionBody.model_fields.keys()
        return self.selection(**{name: getattr(self, name) for name in own})


class SearchBody(SelectionBody):
    """A search, as JSON."""

    facets: Facets = []
    sort: Order = []
    limit: Limit = 50
    cursor: Cursor | None = None
    skip: Skip = 0
    totals: Counting = "exact"
    facet_limit: FacetLimit = 1_000
    facet_sort: FacetSort = "count"
    facet_contains: Contains = ""
    histograms: Histograms = []
    fields: Fields = []


class ByParameters(BaseModel):
    """The part of a search that selects, as parameters of a URL."""

    model_config = ConfigDict(extra="forbid")

    q: Query = ""
    level: SearchLevel = "series"
    filter: Filters = []
    exclude: Exclusions = []
    range: RangeTexts = []

    def selection(self, **more: Any) -> SearchRequest:
        """The request that selects the same, with what else it asks for."""
        chosen, excluded = filters.gather(self.filter), filters.gather(self.exclude)
        ranges = filters.gather_ranges(self.range)
        return SearchRequest(q=self.q, level=self.level, filters=chosen, exclude=excluded, ranges=ranges, **more)


class SearchParameters(ByParameters):
    """A search, as parameters of a URL."""

    facets: Facets = []
    sort: Order = []
    limit: Limit = 50
    cursor: Cursor | None = None
    skip: Skip = 0
    totals: Counting = "exact"
    facet_limit: FacetLimit = 1_000
    facet_sort: FacetSort = "count"
    facet_contains: Contains = ""
    histograms: Histograms = []
    fields: Fields = []

    def request(self) -> SearchRequest:
        """The request these parameters stand for."""
        own = type(self).model_fields.keys() - ByParameters.model_fields.keys()
        return self.selection(**{name: getattr(self, name) for name in own})

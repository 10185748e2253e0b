"""The field registry, as data."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.search.schemas import Text
from mappings.field import Kind, Level, Privacy


class Documents(BaseModel):
    """How many of the lake have a field."""

    model_config = ConfigDict(extra="forbid")

    series: int
    instances: int = Field(description="Of series that an index declares there are none")


class FieldEntry(BaseModel):
    """One field. What only the registry knows is null for others."""

    model_config = ConfigDict(extra="forbid")

    keyword: str = Field(description="Its path in documents and queries")
    tag: str | None = None
    vr: str | None = None
    label: str = Field(description="English")
    label_es: str | None = Field(description="Spanish")
    description: str
    group: str | None
    level: Level | None = Field(description="The information entity it describes (PS3.3 A.1.2)")
    kind: Kind = Field(description="How values are typed and compared")
    privacy: Privacy | None = Field(description="Class by PS3.15 Table E.1-1")
    unit: str | None = Field(None, description="UCUM")
    canonical: str | None = Field(None, description="Table that normalises its values, as `keyword.canonical`")
    companions: dict[str, str] = Field(description="More that follows from its values: `keyword.name`, by table")
    facet: bool
    histogram: bool
    column: bool = Field(description="Shown in tables unless something else is asked for")
    text: bool = Field(description="Searched by words without naming a field")
    identity: bool
    own: bool = Field(description="Made by Dicomlake, no DICOM attribute")
    registered: bool = Field(description="Whether the registry has it")
    private: bool = Field(description="Whether it is a private element")
    documents: Documents | None = Field(None, description="Left out where no lake is asked")


class FieldAnswer(FieldEntry):
    """All about one field."""

    operators: list[Literal["value", "values", "phrase", "range", "wildcard", "exists"]] = Field(
        description="What a query may ask of it"
    )
    examples: list[str] = Field(description="Queries, the first ones with values that the lake has")


class FieldParameters(BaseModel):
    """Which fields to list."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[
        Text,
        Field(
            max_length=200,
            description="Words of the name, the label (English or Spanish), the tag or the description; case and "
            "accents aside. Empty lists the registry.",
            examples=["thickness", "espesor", "0018,0050"],
        ),
    ] = ""
    limit: Annotated[int, Field(ge=1, le=1_000, description="Fields that are found", examples=[20])] = 50


class FieldsAnswer(BaseModel):
    """The registry in its order, or the fields that are called so, those that the lake has first."""

    model_config = ConfigDict(extra="forbid")

    fields: list[FieldEntry]

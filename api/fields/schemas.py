"""The field registry, as data."""

from pydantic import BaseModel, ConfigDict, Field

from mappings.field import Kind, Level, Privacy


class FieldEntry(BaseModel):
    """One field that people look at."""

    model_config = ConfigDict(extra="forbid")

    keyword: str = Field(description="Its path in documents and queries")
    tag: str | None = None
    vr: str | None = None
    label: str = Field(description="English")
    label_es: str = Field(description="Spanish")
    description: str
    group: str
    level: Level = Field(description="The information entity it describes (PS3.3 A.1.2)")
    kind: Kind = Field(description="How values are typed and compared")
    privacy: Privacy = Field(description="Class by PS3.15 Table E.1-1")
    unit: str | None = Field(None, description="UCUM")
    canonical: str | None = Field(None, description="Table that normalises its values, as `keyword.canonical`")
    companions: dict[str, str] = Field(description="More that follows from its values: `keyword.name`, by table")
    facet: bool
    histogram: bool
    column: bool = Field(description="Shown in tables unless something else is asked for")
    text: bool = Field(description="Searched by words without naming a field")
    identity: bool
    own: bool = Field(description="Made by Dicomlake, no DICOM attribute")


class FieldsAnswer(BaseModel):
    """The registry, in its order. Every other attribute of the dictionary is searchable too."""

    model_config = ConfigDict(extra="forbid")

    fields: list[FieldEntry]

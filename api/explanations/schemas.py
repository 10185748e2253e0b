"""What a search means."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from dicomlake.engines.base import RecordLevel
from mappings.field import Kind


class NameMeaning(BaseModel):
    """What a name of the query text stands for."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="As it is written")
    path: str = Field(description="The field in documents")
    kind: Kind
    vr: str | None = Field(None, description="Null where files differ or there is none")
    label: str
    registered: bool
    private: bool
    canonical: str | None = Field(None, description="The field of its normalised values, if there is one")
    companion: str | None = Field(None, description="Which companion of a field the name itself is, if it is one")
    positions: list[int] = Field(description="Where it stands")


class ExplainAnswer(BaseModel):
    """A search, taken apart. Nodes are objects with `node`, their kind, and what belongs to it."""

    model_config = ConfigDict(extra="forbid")

    q: str
    normal: str = Field(description="The query text that every way of writing the same query shares")
    names: list[NameMeaning]
    query: dict[str, Any] = Field(description="The query text as it was read, with positions")
    conditions: dict[str, Any] = Field(description="What it comes to: paths, tokens with the values they stand for")
    level: RecordLevel = Field(description="The documents that are looked at")
    filters: dict[str, dict[str, Any]] = Field(description="The condition of each field's chosen values and ranges")
    exclude: dict[str, dict[str, Any]] = Field(description="The condition of each field's excluded values")
    engine: Any = Field(description="What the engine runs, in its own words; these may change")

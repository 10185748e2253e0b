"""A series, its instances and what they have in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.search.answers import Hit


class ListedInstance(BaseModel):
    """An instance of the series, in order of InstanceNumber."""

    model_config = ConfigDict(extra="forbid")

    SOPInstanceUID: str
    InstanceNumber: Any = Field(None, description="As the header has it; left out where it does not")
    location: str = Field(description="Where the file is")
    fileSize: int = Field(description="Bytes")


class SeriesAnswer(BaseModel):
    """A series."""

    model_config = ConfigDict(extra="forbid")

    series: Hit = Field(description="The roll-up of its instances: for each field the distinct values")
    instances: list[ListedInstance]
    common: dict[str, Any] = Field(description="Attributes that all instances have with the same value")

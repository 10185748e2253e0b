"""Numbers about the lake."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.search.answers import Totals


class IndexStats(BaseModel):
    """The search engine's numbers."""

    model_config = ConfigDict(extra="allow")

    bytes: int = Field(description="On disk")
    generation: str


class StatsAnswer(BaseModel):
    """What the lake holds."""

    model_config = ConfigDict(extra="forbid")

    totals: Totals
    files: dict[str, Any] = Field(description="Files seen, by what became of them")
    index: IndexStats

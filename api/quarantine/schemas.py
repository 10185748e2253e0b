"""What could not be indexed."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST: int = 1_000


class QuarantineParameters(BaseModel):
    """Which part of the list."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[
        str | None, Field(max_length=64, description="Only what is there for this reason", examples=["truncated"])
    ] = None
    page: Annotated[int, Field(ge=1, le=1_000_000, description="Pages count from 1", examples=[1])] = 1
    limit: Annotated[int, Field(ge=1, le=MOST, description="Files of a page", examples=[50])] = 100


class QuarantinedFile(BaseModel):
    """A file, or a member of an archive, that could not be indexed."""

    model_config = ConfigDict(extra="forbid")

    location: str
    offset: int = Field(description="Byte where it went wrong")
    code: str = Field(description="The reason, for programs")
    reason: str = Field(description="The reason in words")
    size: int | None = Field(description="Bytes of the file; null where there was none to ask")
    source: str = Field(description="The source it was found in")
    seen: str | None = Field(description="Start of the run that saw it last; ISO 8601, UTC")


class QuarantineAnswer(BaseModel):
    """A page of the list, in order of location."""

    model_config = ConfigDict(extra="forbid")

    total: int = Field(description="Files in quarantine, or of this reason")
    codes: dict[str, int] = Field(description="All files in quarantine by reason")
    page: int
    pages: int
    files: list[QuarantinedFile]

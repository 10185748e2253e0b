"""A search that is kept, and what makes or changes one."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.search.schemas import Text
from dicomlake.query import permalink
from dicomlake.state.searches import MOST_CHARACTERS


def _printable(name: str) -> str:
    if not name.strip() or not name.isprintable():
        raise ValueError("a name is one line of characters that can be seen")
    return name.strip()


def _link(text: str) -> str:
    permalink.from_text(text)
    return text.removeprefix("?")


Link = Annotated[
    Text,
    AfterValidator(_link),
    Field(
        description="The search as the query string of its permalink, without the `?`",
        examples=["v=1&q=PatientName%3ADoe&f=Modality%3ACT"],
    ),
]
SearchName = Annotated[
    Text,
    AfterValidator(_printable),
    Field(min_length=1, max_length=MOST_CHARACTERS, description="What to find it by", examples=["Thin chest CTs"]),
]
Shared = Annotated[bool, Field(description="Whether the other users see it in their lists and may open it")]


class SearchBody(BaseModel):
    """A search to keep."""

    model_config = ConfigDict(extra="forbid", strict=True)

    state: Link
    name: Annotated[
        SearchName | None, Field(description="Null keeps it for its address only, until it is not used")
    ] = None
    shared: Shared = False


class SearchChange(BaseModel):
    """What to change of a kept search; what is left out stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    state: Annotated[Link, Field(default=None)]
    name: SearchName | None = None
    shared: Annotated[Shared, Field(default=None)]


class SavedSearchAnswer(BaseModel):
    """A kept search."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="Opaque; tells nothing about the search")
    name: str | None
    state: str = Field(description="The query string of its permalink")
    shared: bool
    created: str = Field(description="ISO 8601, UTC")
    used: str = Field(description="ISO 8601, UTC, to the minute")


class SavedSearchesAnswer(BaseModel):
    """Kept searches, the newest first."""

    model_config = ConfigDict(extra="forbid")

    searches: list[SavedSearchAnswer]

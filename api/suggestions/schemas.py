"""What is being typed, and what may go on there."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.search.schemas import Name, Query, Text
from dicomlake.query.text import MAX_LENGTH
from dicomlake.search.suggest import MAX_SUGGESTIONS, SUGGESTIONS


class Typing(BaseModel):
    """Either the whole query text and the cursor in it, or the beginning of a field's name or of a value."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[Query | None, Field(description="The query text so far", examples=["Modality:C"])] = None
    position: Annotated[
        int | None,
        Field(ge=0, le=MAX_LENGTH, description="Characters before the cursor; left out, all", examples=[2]),
    ] = None
    field: Annotated[Name | None, Field(description="The field whose values are listed")] = None
    prefix: Annotated[
        Text,
        Field(
            max_length=1_024,
            description="What a value of `field` begins with, or without one a field, case and accents aside",
        ),
    ] = ""
    limit: Annotated[int, Field(ge=1, le=MAX_SUGGESTIONS, description="Suggestions", examples=[5])] = SUGGESTIONS

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.q is not None and (self.field is not None or self.prefix):
            raise ValueError("q is the whole text: leave out field and prefix")
        return self


class TypingBody(Typing):
    """The same, as JSON."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Suggestion(BaseModel):
    """One way to go on."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="What to put in the place of the characters from `start` to `end`")
    label: str = Field(description="The field's label, or the value")
    value: str | int | float | None = Field(None, description="Of a value: itself, for a filter")
    count: int | None = Field(description="Series that have the field or the value; null for words of the syntax")


class SuggestAnswer(BaseModel):
    """Ways to go on, the likeliest first."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["field", "value", "none"] = Field(description="What is being typed")
    field: str | None = Field(description="The field whose values are suggested, as it is written")
    start: int
    end: int
    suggestions: list[Suggestion]

"""A study and its series."""

from pydantic import BaseModel, ConfigDict

from api.search.answers import Hit


class StudyAnswer(BaseModel):
    """A study as a search shows it, and each of its series by number."""

    model_config = ConfigDict(extra="forbid")

    study: Hit
    series: list[Hit]

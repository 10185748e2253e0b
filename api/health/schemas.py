"""Whether the service lives, and whether it can answer."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Alive(BaseModel):
    """The process answers."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["alive"]


class Ready(BaseModel):
    """The lake can be searched; what it holds."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["ready"]
    patients: int
    studies: int
    series: int
    instances: int
    generation: str

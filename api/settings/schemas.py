"""A user's settings."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class SettingsAnswer(BaseModel):
    """Every setting of the user."""

    model_config = ConfigDict(extra="forbid")

    settings: dict[str, Any] = Field(description="By name; any JSON")


class SettingAnswer(BaseModel):
    """One setting."""

    model_config = ConfigDict(extra="forbid")

    key: str
    value: Any = Field(description="Any JSON")

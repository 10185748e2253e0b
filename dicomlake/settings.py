"""Settings of a process, from the environment (``DICOMLAKE_*``); options of the command line win over them."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from dicomlake.errors import UsageError

MAX_WORKERS = 256

Port = Annotated[int, Field(ge=0, le=65_535)]


def available_processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseSettings):
    """Every setting, with its default."""

    model_config = SettingsConfigDict(env_prefix="DICOMLAKE_", extra="ignore")

    data: Path = Field(default=Path("lake"), description="The data folder")
    host: str = Field(default="127.0.0.1", description="Address the service listens on; of this machine only")
    port: Port = Field(default=8600, description="Port of the API; 0 takes any free one")
    ui_port: Port = Field(default=8601, description="Port of the page")
    workers: int = Field(
        default_factory=available_processors,
        ge=0,
        le=MAX_WORKERS,
        description="Processes that read files, besides the one that writes; by default one a processor",
    )
    issuer: str = Field(default="", description="Issuer of the patient ids that do not name their own, when indexing")
    canonical_file: Path | None = Field(
        default=None, description="The site's own canonical values, laid over the project's: a YAML file"
    )
    patients_file: Path | None = Field(
        default=None, description="The site's table of patient ids that are one person: a CSV file"
    )
    search_seconds: float = Field(
        default=30.0, gt=0, allow_inf_nan=False, description="Seconds after which the service gives a search up"
    )
    search_values: int = Field(
        default=3_000_000, ge=1, description="Values that the wildcards of one search may look through in the service"
    )
    answer_bytes: int = Field(
        default=64_000_000, ge=1_000, description="Bytes that the answer to a search may be made of in the service"
    )
    tables_bytes: int = Field(
        default=1_000_000_000,
        ge=0,
        description="Bytes of memory for the tables of each level in the service: instances, series; one of more than"
        " an 80th of that many documents has none",
    )
    saved_searches: int = Field(default=1_000, ge=1, description="Searches that a user may have saved or shared")
    unnamed_searches: int = Field(
        default=10_000, ge=1, description="Searches without a name that are kept for their addresses, for each user"
    )
    unnamed_search_days: int = Field(
        default=180, ge=1, le=36_500, description="Days after their last use when searches without a name are forgotten"
    )
    search_bytes: int = Field(default=65_536, ge=1_000, description="Bytes of a search that is saved")
    jobs_running: int = Field(default=2, ge=1, description="Jobs of a user that run at once; one of them may index")
    jobs_queued: int = Field(default=20, ge=1, description="Jobs of a user that may wait")
    job_days: int = Field(
        default=7, ge=1, le=36_500, description="Days after which a job that has ended is forgotten, its file with it"
    )
    image_processes: int = Field(
        default=2, ge=1, le=MAX_WORKERS, description="Pictures that are decoded at once, each by a process of its own"
    )
    image_seconds: float = Field(
        default=10.0, gt=0, allow_inf_nan=False, description="Seconds after which the decoding of a picture is given up"
    )
    image_memory: int = Field(
        default=1 << 30, ge=1 << 26, description="Bytes of memory that the decoding of a picture may take"
    )
    image_frame_bytes: int = Field(
        default=1 << 27, ge=1 << 16, description="Bytes of a decoded frame beyond which it is not tried"
    )
    image_cache_bytes: int = Field(
        default=1 << 30, ge=0, description="Bytes of pictures kept in the data folder; those longest unused go first"
    )
    image_link_seconds: int = Field(
        default=7_200, ge=120, le=86_400, description="Seconds that the address of a picture is good for, at most"
    )
    access_log: bool = Field(default=False, description="Write a line for each request to standard error")
    debug: bool = Field(default=False, description="Show the traceback of an unexpected error")


def load() -> Settings:
    """The settings of this process. Raises UsageError that names the variable with a bad value."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise UsageError(f"DICOMLAKE_{name}={first['input']!r} cannot be used: {first['msg']}") from error

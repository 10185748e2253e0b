"""Settings of a process, from the environment (``DICOMLAKE_*``); options of the command line win over them."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
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
    engine: Literal["embedded", "opensearch"] | None = Field(
        default=None,
        description="Where the index is: embedded, in the data folder; opensearch, on a server. By default opensearch"
        " where DICOMLAKE_ENGINE_URL is set, else embedded",
    )
    engine_url: SecretStr = Field(
        default=SecretStr(""),
        description="Addresses of the OpenSearch server's nodes with commas between, as https://search:9200; for"
        " opensearch without one: http://127.0.0.1:9200",
    )
    engine_user: str = Field(default="", description="Name to log into the server with")
    engine_password: SecretStr = Field(default=SecretStr(""), description="Password to log into the server with")
    engine_ca_file: Path | None = Field(
        default=None,
        description="The authority that signed the server's certificate: a PEM file; by default those"
        " this machine trusts",
    )
    engine_verify: bool = Field(default=True, description="Whether the server's certificate is checked")
    engine_prefix: str = Field(
        default="dicomlake",
        pattern="^[a-z0-9][a-z0-9_-]{0,63}$",
        description="What the names of the lake's indices on the server begin with; each lake needs its own",
    )
    engine_shards: int = Field(default=1, ge=1, le=1_024, description="Shards of each index that is made on the server")
    engine_replicas: int = Field(
        default=0,
        ge=0,
        le=100,
        description="Copies of each shard that is made on the server, besides the first; made when the first load ends",
    )
    engine_seconds: float = Field(
        default=60.0, gt=0, allow_inf_nan=False, description="Seconds after which a request to the server is given up"
    )
    engine_connections: int = Field(
        default=8, ge=1, le=1_000, description="Connections to each node of the server that a process keeps"
    )
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

"""Settings of a process, from the environment (``DICOMLAKE_*``); options of the command line win over them."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args

from msgspec import Meta, Struct, ValidationError, convert, field
from msgspec.structs import fields

from dicomlake.errors import UsageError

MAX_WORKERS = 256

_PREFIX = "DICOMLAKE_"
_WORDS = dict.fromkeys(("yes", "y", "on", "t"), "true") | dict.fromkeys(("no", "n", "off", "f"), "false")
"""More words for true and false than msgspec has."""

_NAMES = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "a text"}

Port = Annotated[int, Meta(ge=0, le=65_535)]
Seconds = Annotated[float, Meta(gt=0, le=1e9)]


class Secret(str):
    """A text that is not shown where the settings are."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def available_processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting, with its default."""

    data: Annotated[Path, Meta(description="The data folder")] = Path("lake")
    engine: Annotated[
        Literal["embedded", "opensearch"] | None,
        Meta(
            description="Where the index is: embedded, in the data folder; opensearch, on a server. By default"
            " opensearch where DICOMLAKE_ENGINE_URL is set, else embedded"
        ),
    ] = None
    engine_url: Annotated[
        Secret,
        Meta(
            description="Addresses of the OpenSearch server's nodes with commas between, as https://search:9200; for"
            " opensearch without one: http://127.0.0.1:9200"
        ),
    ] = Secret()
    engine_user: Annotated[str, Meta(description="Name to log into the server with")] = ""
    engine_password: Annotated[Secret, Meta(description="Password to log into the server with")] = Secret()
    engine_ca_file: Annotated[
        Path | None,
        Meta(
            description="The authority that signed the server's certificate: a PEM file; by default those"
            " this machine trusts"
        ),
    ] = None
    engine_verify: Annotated[bool, Meta(description="Whether the server's certificate is checked")] = True
    engine_prefix: Annotated[
        str,
        Meta(
            pattern="^[a-z0-9][a-z0-9_-]{0,63}$",
            description="What the names of the lake's indices on the server begin with; each lake needs its own",
        ),
    ] = "dicomlake"
    engine_shards: Annotated[
        int, Meta(ge=1, le=1_024, description="Shards of each index that is made on the server")
    ] = 1
    engine_replicas: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="Copies of each shard that is made on the server, besides the first; made when the first"
            " load ends",
        ),
    ] = 0
    engine_seconds: Annotated[Seconds, Meta(description="Seconds after which a request to the server is given up")] = (
        60.0
    )
    engine_connections: Annotated[
        int, Meta(ge=1, le=1_000, description="Connections to each node of the server that a process keeps")
    ] = 8
    host: Annotated[str, Meta(description="Address the service listens on; of this machine only")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="Port of the API; 0 takes any free one")] = 8_600
    ui_port: Annotated[Port, Meta(description="Port of the page")] = 8_601
    workers: Annotated[
        int,
        Meta(
            ge=0,
            le=MAX_WORKERS,
            description="Processes that read files, besides the one that writes; by default one a processor",
        ),
    ] = field(default_factory=available_processors)
    issuer: Annotated[str, Meta(description="Issuer of the patient ids that do not name their own, when indexing")] = ""
    canonical_file: Annotated[
        Path | None, Meta(description="The site's own canonical values, laid over the project's: a YAML file")
    ] = None
    patients_file: Annotated[
        Path | None, Meta(description="The site's table of patient ids that are one person: a CSV file")
    ] = None
    search_seconds: Annotated[Seconds, Meta(description="Seconds after which the service gives a search up")] = 30.0
    search_values: Annotated[
        int, Meta(ge=1, description="Values that the wildcards of one search may look through in the service")
    ] = 3_000_000
    answer_bytes: Annotated[
        int, Meta(ge=1_000, description="Bytes that the answer to a search may be made of in the service")
    ] = 64_000_000
    tables_bytes: Annotated[
        int,
        Meta(
            ge=0,
            description="Bytes of memory for the tables of each level in the service: instances, series; one of more"
            " than an 80th of that many documents has none",
        ),
    ] = 1_000_000_000
    saved_searches: Annotated[int, Meta(ge=1, description="Searches that a user may have saved or shared")] = 1_000
    unnamed_searches: Annotated[
        int, Meta(ge=1, description="Searches without a name that are kept for their addresses, for each user")
    ] = 10_000
    unnamed_search_days: Annotated[
        int, Meta(ge=1, le=36_500, description="Days after their last use when searches without a name are forgotten")
    ] = 180
    search_bytes: Annotated[int, Meta(ge=1_000, description="Bytes of a search that is saved")] = 65_536
    jobs_running: Annotated[int, Meta(ge=1, description="Jobs of a user that run at once; one of them may index")] = 2
    jobs_queued: Annotated[int, Meta(ge=1, description="Jobs of a user that may wait")] = 20
    job_days: Annotated[
        int, Meta(ge=1, le=36_500, description="Days after which a job that has ended is forgotten, its file with it")
    ] = 7
    image_processes: Annotated[
        int, Meta(ge=1, le=MAX_WORKERS, description="Pictures that are decoded at once, each by a process of its own")
    ] = 2
    image_seconds: Annotated[Seconds, Meta(description="Seconds after which the decoding of a picture is given up")] = (
        10.0
    )
    image_memory: Annotated[
        int, Meta(ge=1 << 26, description="Bytes of memory that the decoding of a picture may take")
    ] = 1 << 30
    image_frame_bytes: Annotated[
        int, Meta(ge=1 << 16, description="Bytes of a decoded frame beyond which it is not tried")
    ] = 1 << 27
    image_cache_bytes: Annotated[
        int, Meta(ge=0, description="Bytes of pictures kept in the data folder; those longest unused go first")
    ] = 1 << 30
    image_link_seconds: Annotated[
        int, Meta(ge=120, le=86_400, description="Seconds that the address of a picture is good for, at most")
    ] = 7_200
    access_log: Annotated[bool, Meta(description="Write a line for each request to standard error")] = False
    debug: Annotated[bool, Meta(description="Show the traceback of an unexpected error")] = False


def load() -> Settings:
    """The settings of this process. Raises UsageError that names the variable with a bad value."""
    return read(os.environ)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in an environment; what it has not has its default. Raises UsageError as :func:`load`."""
    given = {name.upper(): text for name, text in environment.items()}
    named = ((one, f"{_PREFIX}{one.name.upper()}") for one in fields(Settings))
    return Settings(**{one.name: _value(name, given[name], one.type) for one, name in named if name in given})


def _value(variable: str, text: str, kind: Any) -> Any:
    plain = text
    if get_args(kind)[0] in (int, float, bool):  # as people write numbers, and yes and no
        plain = re.sub(r"(?<=\d)_(?=\d)", "", text.strip())
        plain = _WORDS.get(plain.lower(), plain)
    try:
        return convert(plain, kind, strict=False, dec_hook=_made)
    except ValidationError as error:
        raise UsageError(f"{variable}={text!r} cannot be used: {_why(error, kind)}") from error


def _why(error: ValidationError, kind: Any) -> str:
    """What msgspec says of a value, without the names of Python's types."""
    choices = [value for part in get_args(get_args(kind)[0]) for value in get_args(part)]
    if choices:
        return f"expected {' or '.join(choices)}"
    expected = str(error).replace(", got `str`", "")
    return expected[0].lower() + re.sub("`([a-z]+)`", lambda name: _NAMES.get(name[1], name[1]), expected[1:])


def _made(kind: type[Any], value: Any) -> Any:
    return kind(value)


class Described(NamedTuple):
    """A setting as its documentation shows it; ``default`` is empty where that depends on the machine."""

    variable: str
    default: str
    meaning: str


def described() -> Iterator[Described]:
    """Every setting, in order."""
    for one in fields(Settings):
        default = "" if one.required or callable(one.default_factory) else str(one.default)
        meaning = " ".join(part.description or "" for part in one.type.__metadata__ if isinstance(part, Meta))
        yield Described(f"{_PREFIX}{one.name.upper()}", default, meaning.strip())

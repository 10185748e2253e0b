"""Jobs: what is asked for, how far it is, what came of it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.problems import Problem
from api.search.schemas import Fields, Text
from dicomlake import jobs
from dicomlake.jobs.kinds import MOST_PATIENTS, PATIENTS
from dicomlake.search.export import Format
from dicomlake.state import Status

MAX_PATH = 4_096
MAX_SOURCES = 100

Path = Annotated[
    Text, Field(min_length=1, max_length=MAX_PATH, description="An absolute path", examples=["/data/archive"])
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class IndexArguments(_Strict):
    """What to index."""

    sources: Annotated[
        list[Path], Field(min_length=1, max_length=MAX_SOURCES, description="Folders, files, archives, a DICOMDIR")
    ]
    prune: Annotated[bool, Field(description="Take out files that are gone, unless too many are")] = False


class ImportIdcArguments(_Strict):
    """Which index to import."""

    parquet: Annotated[
        Path | None, Field(description="`idc_index.parquet` of another release; null takes the one that is installed")
    ] = None


class SampleArguments(_Strict):
    """How large a hospital."""

    patients: Annotated[int, Field(ge=1, le=MOST_PATIENTS)] = PATIENTS


class ExportArguments(_Strict):
    """What to export."""

    state: Annotated[
        Text,
        Field(max_length=1_000_000, description="The search: query string of its permalink", examples=["v=1&q=lung"]),
    ]
    format: Annotated[Format, Field(description="CSV, or JSON lines")] = "csv"
    fields: Annotated[
        Fields, Field(description="Columns, in this order; empty, those of the permalink or of hits")
    ] = []


class RetryArguments(_Strict):
    """Nothing: all that is in quarantine is read again."""


class IndexJob(_Strict):
    """Bring the lake up to date with folders and files that the service can read."""

    kind: Literal["index"]
    arguments: IndexArguments

    def task(self) -> jobs.Task:
        """The task this asks for."""
        return jobs.Index(tuple(self.arguments.sources), self.arguments.prune)


class ImportIdcJob(_Strict):
    """Declare the series of the NCI Imaging Data Commons."""

    kind: Literal["import-idc"]
    arguments: ImportIdcArguments = ImportIdcArguments()

    def task(self) -> jobs.Task:
        """The task this asks for."""
        return jobs.ImportIdc(self.arguments.parquet)


class SampleJob(_Strict):
    """Write the sample archive into the data folder and index it."""

    kind: Literal["sample"]
    arguments: SampleArguments = SampleArguments()

    def task(self) -> jobs.Task:
        """The task this asks for."""
        return jobs.Sample(self.arguments.patients)


class ExportJob(_Strict):
    """Write all hits of a search into a file."""

    kind: Literal["export"]
    arguments: ExportArguments

    def task(self) -> jobs.Task:
        """The task this asks for."""
        asked = self.arguments
        return jobs.Export(asked.state.removeprefix("?"), asked.format, tuple(asked.fields))


class RetryJob(_Strict):
    """Read again what is in quarantine."""

    kind: Literal["retry"]
    arguments: RetryArguments = RetryArguments()

    def task(self) -> jobs.Task:
        """The task this asks for."""
        return jobs.Retry()


JobBody = Annotated[IndexJob | ImportIdcJob | SampleJob | ExportJob | RetryJob, Field(discriminator="kind")]


class ProgressAnswer(BaseModel):
    """How far a job is."""

    model_config = ConfigDict(extra="forbid")

    phase: str = Field(description="What it is doing, for programs")
    message: str = Field(description="The same in words")
    done: int
    total: int | None = Field(description="Null while it is not known")
    unit: str = Field(description="What is counted")
    rate: float | None = Field(description="Of these a second")
    eta: float | None = Field(description="Seconds until it is done; null while it is not known")


class JobAnswer(BaseModel):
    """One job."""

    model_config = ConfigDict(extra="forbid")

    id: str
    kind: jobs.Kind
    arguments: dict[str, Any]
    status: Status
    cancelling: bool = Field(description="It runs, and is to stop")
    attempts: int = Field(description="Times it was begun: more than once when its process ended by itself")
    progress: ProgressAnswer | None = Field(None, description="Null until it has begun")
    result: dict[str, Any] | None = Field(None, description="What was done, by kind; null until it is")
    error: Problem | None = Field(None, description="Why it failed")
    created: str = Field(description="ISO 8601, UTC, as all moments")
    started: str | None = None
    finished: str | None = None


class JobsAnswer(BaseModel):
    """Jobs, the newest first."""

    model_config = ConfigDict(extra="forbid")

    jobs: list[JobAnswer]

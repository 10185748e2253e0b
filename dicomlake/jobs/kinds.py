"""The kinds of jobs. A task's fields are its arguments; ``check`` refuses, before a job is queued, what could not be
done anyway."""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, get_args

from dicomlake.errors import IndexFileError, SourceError
from dicomlake.messages import Message
from dicomlake.query.permalink import from_text
from dicomlake.search import SearchRequest, export
from dicomlake.search.selection import Selection
from dicomlake.search.service import sort_plan
from dicomlake.storage import check_readable, location_of

Kind = Literal["index", "import-idc", "sample", "export", "retry"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

ALONE: Final[frozenset[str]] = frozenset(KINDS) - {"export"}
"""Kinds that write to the index, which one process at a time can."""

PATIENTS: Final = 40
MOST_PATIENTS: Final = 1_000
_PARQUET: Final = b"PAR1"


@dataclass(frozen=True, slots=True)
class Index:
    """Bring the lake up to date with folders and files, given by absolute path; ``prune`` takes out what is gone."""

    kind: ClassVar[Kind] = "index"
    sources: tuple[str, ...]
    prune: bool = False

    def check(self, data: Path) -> None:
        """Raises SourceError for a path that is relative, cannot be read or lies in the data folder itself."""
        home = Path(os.path.realpath(data))
        for source in self.sources:
            _check_absolute(source)
            check_readable(source)
            if Path(os.path.realpath(source)).is_relative_to(home):
                raise SourceError(
                    Message("{source} is in the data folder itself; name another", source=location_of(source))
                )


@dataclass(frozen=True, slots=True)
class ImportIdc:
    """Declare the series of the Imaging Data Commons; ``parquet``: another release's index, by absolute path."""

    kind: ClassVar[Kind] = "import-idc"
    parquet: str | None = None

    def check(self, data: Path) -> None:
        """Raises SourceError for a file that cannot be read, IndexFileError for one that is no Parquet."""
        if self.parquet is None:
            return
        _check_absolute(self.parquet)
        check_readable(self.parquet)
        try:
            with open(self.parquet, "rb") as file:
                if file.read(len(_PARQUET)) == _PARQUET:
                    return
        except OSError:  # a folder, for one
            pass
        raise IndexFileError(
            Message(
                "{parquet} is no Parquet file; name idc_index.parquet of a release", parquet=location_of(self.parquet)
            )
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """Write the sample archive into the data folder and index it."""

    kind: ClassVar[Kind] = "sample"
    patients: int = PATIENTS

    def check(self, data: Path) -> None:
        """Nothing can be wrong with it."""


@dataclass(frozen=True, slots=True)
class Export:
    """Write all hits of a search into a file. ``state``: the query string of its permalink; ``fields`` are the columns,
    those of the permalink when there are none."""

    kind: ClassVar[Kind] = "export"
    state: str
    format: export.Format = "csv"
    fields: tuple[str, ...] = ()

    def check(self, data: Path) -> None:
        """Raises QueryError and its kin for a search that cannot be answered."""
        request = self.request()
        Selection.of(request)
        export.columns(request.level, request.fields)
        sort_plan(request.sort)

    def request(self) -> SearchRequest:
        """The search that is exported. Raises QueryError and LinkVersionError."""
        found = from_text(self.state)
        return SearchRequest(
            q=found.q,
            level=found.level,
            filters=found.filters,
            exclude=found.exclude,
            sort=found.sort,
            fields=self.fields or found.columns,
        )


@dataclass(frozen=True, slots=True)
class Retry:
    """Read again what is in quarantine."""

    kind: ClassVar[Kind] = "retry"

    def check(self, data: Path) -> None:
        """Nothing can be wrong with it."""


Task = Index | ImportIdc | Sample | Export | Retry

_TASKS: Final[Mapping[str, Callable[..., Task]]] = {one.kind: one for one in (Index, ImportIdc, Sample, Export, Retry)}


def task(kind: str, arguments: Mapping[str, Any]) -> Task:
    """The task of a job, from its kind and its arguments as :func:`plain` gives them."""
    listed = {name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()}
    return _TASKS[kind](**listed)


def plain(task: Task) -> dict[str, Any]:
    """The arguments of a task, for JSON."""
    return asdict(task)


def _check_absolute(path: str) -> None:
    if not os.path.isabs(path) or "\0" in path:
        raise SourceError(
            Message("{path!r} is no absolute path; name it from the root, as in /data/archive", path=path[:200])
        )

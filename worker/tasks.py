"""The kinds of jobs, carried out. Each gives what was done, raises StoppedError when it was asked to stop, and may be
done again after it was killed at any point: it then ends as if nothing had happened."""

import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from dicomlake import disk, jobs, settings
from dicomlake.errors import LakeBusyError, SourceError, StoppedError
from dicomlake.lake import Lake
from dicomlake.messages import Message
from dicomlake.search import Searcher
from dicomlake.search.export import MEDIA_TYPES
from dicomlake.state import Progress
from indexer.sources import Source
from indexer.summary import Summary
from worker.progress import Counted, Report, Telling

Result = Mapping[str, Any]
Value = TypeVar("Value")

SEED: Final = 1
"""Of the sample archive: that of ``dicomlake demo``."""
AGAIN: Final = 1.0
"""Seconds until a job looks again whether the lake is free."""


@dataclass(frozen=True)
class Work:
    """What a task needs to be carried out: the data folder, a place for its file, whom to tell, and when to stop."""

    data: Path
    files: Path
    report: Report
    stop: threading.Event
    settings: settings.Settings

    def writing(self, write: Callable[[], Value]) -> Value:
        """What ``write`` gives, as soon as no other process writes to the lake."""
        while True:
            try:
                return write()
            except LakeBusyError as error:
                self.report(Progress("waiting", error.message.partition(";")[0]))
                if self.stop.wait(AGAIN):
                    raise StoppedError("stopped while it waited for another process that indexes") from error


def carry_out(task: jobs.Task, work: Work) -> Result:
    """Do it and say what was done. Raises DicomlakeError of every kind."""
    match task:
        case jobs.Index():
            return _index(task, work)
        case jobs.ImportIdc():
            return _import_idc(task, work)
        case jobs.Sample():
            return _sample(task, work)
        case jobs.Export():
            return _export(task, work)
        case jobs.Retry():
            return _retry(work)


def _index(task: jobs.Index, work: Work) -> Result:
    from indexer.sources.folder import folders  # noqa: PLC0415  (an export needs none of it)
    from indexer.sources.media import with_media  # noqa: PLC0415

    sources = with_media(folders(task.sources, skipped=[work.data], issuer=work.settings.issuer))
    return _run(sources, work, prune=task.prune)


def _run(sources: Sequence[Source], work: Work, *, prune: bool = False) -> Result:
    from indexer.flow import run  # noqa: PLC0415

    total = Counted(lambda: sum(source.count() for source in sources))
    telling = Telling(work.report, "indexing", "reading files", "files")

    def watch(summary: Summary) -> None:
        telling(summary.files, total.value)

    index = partial(run, work.data, sources, workers=work.settings.workers, watch=watch, stop=work.stop, prune=prune)
    summary = work.writing(index)
    telling(summary.files, summary.files, last=True)
    return {**summary.as_dict(), "gone": summary.gone}


def _import_idc(task: jobs.ImportIdc, work: Work) -> Result:
    from indexer.idc import Imported, load  # noqa: PLC0415

    telling = Telling(work.report, "importing", "declaring series", "series")

    def watch(imported: Imported) -> None:
        telling(imported.rows, imported.total)

    parquet = Path(task.parquet) if task.parquet is not None else None
    done = work.writing(partial(load, work.data, parquet, workers=work.settings.workers, watch=watch, stop=work.stop))
    telling(done.rows, done.rows, last=True)
    return done.as_dict()


def _sample(task: jobs.Sample, work: Work) -> Result:
    import sample  # noqa: PLC0415
    from indexer.sources.folder import folders  # noqa: PLC0415

    archive = work.data / "sample" / "archive"
    telling = Telling(work.report, "writing", "writing the sample archive", "patients")

    def watch(done: int, patients: int) -> None:
        telling(done, patients)
        if work.stop.is_set():
            raise StoppedError("stopped while the sample archive was written; nothing of it stays")

    try:
        archive.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in archive.parent.glob(".archive.*.partial"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        sample.write(archive, task.patients, SEED, watch)
    except FileExistsError as error:
        raise SourceError(Message("{archive} holds something else; move it away", archive=archive)) from error
    except OSError as error:
        raise disk.full(archive.parent, error) or SourceError(
            Message(
                "{archive} cannot be written ({strerror}); change the permissions of {data}",
                archive=archive,
                strerror=error.strerror,
                data=work.data,
            )
        ) from error
    return {**_run(folders([archive]), work), "archive": str(archive)}


def _retry(work: Work) -> Result:
    from indexer.sources.quarantined import quarantined  # noqa: PLC0415

    with Lake.open(work.data) as lake:
        rows = list(lake.catalog.files("quarantined"))
    return _run(quarantined(rows, skipped=work.data, issuer=work.settings.issuer), work)


def _export(task: jobs.Export, work: Work) -> Result:
    request = task.request()
    name = f"dicomlake-{request.level}.{task.format}"
    telling = Telling(work.report, "exporting", "writing the file", "bytes")
    size = 0
    try:
        work.files.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = work.files / f"{name}.new"
        with Lake.open(work.data) as lake, _private(draft) as file:
            for chunk in Searcher(lake).export(request, task.format):
                file.write(chunk)
                size += len(chunk)
                telling(size, None)
                if work.stop.is_set():
                    raise StoppedError("stopped while the file was written; nothing of it stays")
            file.flush()
            os.fsync(file.fileno())
        telling(size, size, last=True)
        draft.replace(work.files / name)
        disk.sync(work.files)
    except BaseException as error:
        shutil.rmtree(work.files, ignore_errors=True)
        if isinstance(error, OSError):
            raise disk.full(work.data, error) or SourceError(
                Message(
                    "the file cannot be written into {files} ({strerror}); change its permissions",
                    files=work.files,
                    strerror=error.strerror,
                )
            ) from error
        raise
    return {"file": name, "bytes": size, "format": task.format, "media_type": MEDIA_TYPES[task.format]}


def _private(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")

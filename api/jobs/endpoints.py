"""Long work: ``/api/v1/jobs``. Asked for here, done by a worker process."""

from pathlib import Path as FilePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Request, Response
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from api.jobs import examples
from api.jobs.schemas import JobAnswer, JobBody, JobsAnswer
from api.problems import documented
from api.responses import Json
from api.states import ID, TheState, TheUser, instant, tagged
from api.tags import CACHING, holds
from dicomlake import jobs
from dicomlake.errors import (
    BadValueError,
    BodyTooLargeError,
    IndexFileError,
    InvalidRequestError,
    JobNotDoneError,
    LinkVersionError,
    MalformedBodyError,
    NotFoundError,
    QueryError,
    QueueFullError,
    SourceError,
    StateError,
    UnknownFieldError,
    UnsupportedBodyError,
)
from dicomlake.search.export import MEDIA_TYPES
from dicomlake.state import Job

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

POLL: Final = 1
"""Seconds after which a client may ask again how far a job is."""

JobId = Annotated[
    str,
    Path(pattern=ID, description="The id that POST gave", openapi_examples={"one": {"value": examples.EXAMPLE_ID}}),
]
_BODY = (MalformedBodyError, UnsupportedBodyError, BodyTooLargeError)
_SEARCH = (QueryError, LinkVersionError, UnknownFieldError, BadValueError)
_CSV = "PatientID,Modality,StudyDate\r\n1CT1,CT,20040119\r\n"
_FILES: Final[dict[str, Any]] = {
    "description": "The file",
    "content": {
        "text/csv": {"schema": {"type": "string"}, "example": _CSV},
        MEDIA_TYPES["jsonl"]: {"schema": {"type": "string"}, "example": '{"PatientID":"1CT1","Modality":"CT"}\n'},
    },
}


def _accepted(responses: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    where = {"description": "Address of the job", "schema": {"type": "string"}}
    wait = {"description": "Seconds", "schema": {"type": "integer"}}
    responses[202]["headers"] = {"Location": where, "Retry-After": wait}
    return responses


def _file(responses: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    return {**responses, 200: {**responses[200], **_FILES}}


class _Whole(FileResponse):
    """A file, all of it: what the framework says of ranges that it cannot serve are no problems (RFC 9457)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"range"]
        del self.headers["Accept-Ranges"]
        await super().__call__({**scope, "headers": headers}, receive, send)


@router.post(
    "",
    status_code=202,
    response_model=JobAnswer,
    responses=_accepted(
        documented(
            *_BODY,
            *(InvalidRequestError, *_SEARCH, SourceError, IndexFileError, QueueFullError, StateError),
            example=examples.QUEUED,
            status=202,
        )
    ),
)
def enqueue(
    state: TheState, user: TheUser, body: Annotated[JobBody, Body(openapi_examples=examples.REQUESTS)]
) -> Response:
    """Ask for long work. Poll the address in `Location` until `status` is `done`, `failed` or `cancelled`.

    What could not be done anyway is refused at once: a folder that cannot be read, a search that cannot be understood.
    Jobs that index run one after the other.
    """
    task = body.task()
    task.check(state.data)
    return _told(state.state().jobs.add(user, task.kind, jobs.plain(task)))


@router.get(
    "", response_model=JobsAnswer, responses=documented(StateError, example={"jobs": [examples.RUNNING]}, tagged=True)
)
def listed(request: Request, state: TheState, user: TheUser) -> Response:
    """The user's jobs, the newest first, those that ended a week ago left out."""
    return tagged(request, {"jobs": [shown(job) for job in state.state().jobs.listed(user)]})


@router.get(
    "/{id}",
    response_model=JobAnswer,
    responses=documented(NotFoundError, InvalidRequestError, StateError, example=examples.RUNNING, tagged=True),
)
def job(request: Request, state: TheState, user: TheUser, id: JobId) -> Response:
    """How far a job is, and what came of it."""
    return tagged(request, shown(state.state().jobs.get(user, id)))


@router.delete(
    "/{id}",
    status_code=202,
    response_model=JobAnswer,
    responses={
        **_accepted(documented(NotFoundError, InvalidRequestError, StateError, example=examples.RUNNING, status=202)),
        204: {"description": "The job had ended; it is removed, its file with it"},
    },
)
def cancel(state: TheState, user: TheUser, id: JobId) -> Response:
    """Cancel a job: what it has done so far stays done. One that has ended is removed."""
    cancelled = state.state().jobs.cancel(user, id)
    return Response(status_code=204) if cancelled is None else _told(cancelled)


@router.get(
    "/{id}/result",
    response_class=Response,
    responses=_file(documented(NotFoundError, InvalidRequestError, JobNotDoneError, StateError, tagged=True)),
)
def result(request: Request, state: TheState, user: TheUser, id: JobId) -> Response:
    """The file that an export made."""
    opened = state.state()
    found = opened.jobs.get(user, id)
    if found.status != "done" or found.result is None or "file" not in found.result:
        raise JobNotDoneError(
            "the job is not done; ask for its status"
            if found.kind == "export"
            else "the job makes no file; its result is in the job",
            job_status=found.status,
        )
    path: FilePath = opened.exports / found.id / str(found.result["file"])
    if not path.is_file():
        raise NotFoundError("the file of the job is no longer there; ask for the export again")
    headers = {"ETag": f'W/"{found.id}"', "Cache-Control": CACHING}  # the file of a job never changes
    if holds(request, found.id):
        return Response(status_code=304, headers=headers)
    return _Whole(path, headers=headers, media_type=MEDIA_TYPES[found.result["format"]], filename=path.name)


def _told(job: Job) -> Response:
    headers = {"Location": f"/api/v1/jobs/{job.id}", "Retry-After": str(POLL)}
    return Json(shown(job), 202, headers=headers)


def shown(job: Job) -> dict[str, Any]:
    """A job as the API shows it."""
    return {
        "id": job.id,
        "kind": job.kind,
        "arguments": job.arguments,
        "status": job.status,
        "cancelling": job.cancel and job.status == "running",
        "attempts": job.attempts,
        "progress": job.progress,
        "result": job.result,
        "error": job.error,
        "created": instant(job.created),
        "started": instant(job.started),
        "finished": instant(job.finished),
    }

"""Every error as RFC 9457 problem+json, and what the OpenAPI description says about it."""

import logging
import traceback
import uuid
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from api.responses import Json
from dicomlake.errors import (
    BodyTooLargeError,
    DicomlakeError,
    InvalidRequestError,
    MalformedBodyError,
    MethodNotAllowedError,
    UnknownRouteError,
    UnsupportedBodyError,
    UsageError,
)
from dicomlake.messages import Message

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 5
"""Seconds after which a client may ask again when the lake cannot be used."""

_log = logging.getLogger("dicomlake.api")


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    location: str = Field(description="Where the field is: body, query or path", examples=["body"])
    field: str = Field(description="Its name, dotted when it lies inside another", examples=["limit"])
    message: str = Field(examples=["Input should be less than or equal to 1000"])


class Wording(BaseModel):
    """What a sentence was made of."""

    template: str = Field(
        description="The English sentence with `{names}` to fill in, as Python's `str.format` reads it",
        examples=["no field is named {path}"],
    )
    values: dict[str, Any] = Field(
        description="What fills the names: text, numbers, or a sentence made in the same way",
        examples=[{"path": "Modalty"}],
    )


class Problem(BaseModel):
    """An error (RFC 9457). Members beyond these depend on ``code``."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="The code as a URI", examples=["urn:dicomlake:problem:unknown-field"])
    title: str = Field(description="What the code means; the same every time", examples=["Unknown field"])
    status: int = Field(description="The HTTP status", examples=[422])
    detail: str = Field(description="What was wrong this time and what to do about it, on one line")
    code: str = Field(description="The kind of problem, for programs", examples=["unknown-field"])
    position: int | None = Field(None, description="Character of the query text or body where it went wrong")
    field: str | None = Field(None, description="The field it is about", examples=["Modalty"])
    nearest: list[str] | None = Field(None, description="Names that were perhaps meant", examples=[["Modality"]])
    errors: list[FieldProblem] | None = Field(None, description="Each field that does not fit the schema")
    message: Wording | None = Field(None, description="What `detail` was made of, to say it in another language")
    instance: str | None = Field(None, description="Of an internal error: the name under which the log has it")


class ProblemResponse(Json):
    """A problem on its way to the client."""

    media_type = MEDIA_TYPE


def respond(error: DicomlakeError, headers: Mapping[str, str] | None = None) -> ProblemResponse:
    """The response that tells of an error."""
    waiting = {"Retry-After": str(RETRY_AFTER)} if error.status in (429, 503) else {}
    return ProblemResponse(error.problem(), error.status, {**waiting, **(headers or {})})


def install(app: FastAPI) -> None:
    """Turn what endpoints and the framework raise into problems."""
    app.add_exception_handler(DicomlakeError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def documented(
    *errors: type[DicomlakeError], example: Any = None, tagged: bool = False, status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of an endpoint that answers like ``example``, with ``status``, and may fail in these ways;
    ``tagged`` when its answers have an ETag (:mod:`api.tags`)."""
    by_status: dict[int | str, dict[str, Any]] = {}
    if example is not None:
        by_status[status] = {"content": {"application/json": {"example": example}}}
    if tagged:
        tag = {"ETag": {"description": "State of the index and the request", "schema": {"type": "string"}}}
        by_status.setdefault(status, {})["headers"] = tag
        by_status[304] = {"description": "The answer that `If-None-Match` names still holds", "headers": tag}
    for error in errors:
        entry = by_status.setdefault(error.status, {"description": "", "content": {MEDIA_TYPE: {"examples": {}}}})
        entry["description"] += f"{'; ' if entry['description'] else ''}{error.title} (`{error.code}`)"
        content = entry["content"][MEDIA_TYPE]
        content["schema"] = {"$ref": "#/components/schemas/Problem"}
        first_line = " ".join((error.__doc__ or error.title).split(". ")[0].rstrip(".").split())
        example = {
            "type": f"urn:dicomlake:problem:{error.code}",
            "title": error.title,
            "status": error.status,
            "detail": first_line,
            "code": error.code,
        }
        content["examples"][error.code] = {"value": example}
        if error.status in (429, 503):
            entry["headers"] = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}
    return by_status


class Boundary:
    """The outermost line of defence: an unexpected exception becomes a problem that shows nothing of its inside.

    The log gets the kind of exception and the lines of code it went through, never its message, which may quote data.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Event) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001  (the boundary of the process: a request must not take it down)
            name = uuid.uuid4().urn
            frames = traceback.extract_tb(error.__traceback__)
            lines = "".join(f"\n  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
            _log.error("%s: %s, raised through%s", name, type(error).__name__, lines)
            if not started:
                problem = DicomlakeError(
                    Message("an unexpected error; the log of the service has it as {name}", name=name), instance=name
                )
                await respond(problem)(scope, receive, send)


def _known(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, DicomlakeError)
    return respond(error)


def _http(request: Request, error: Exception) -> ProblemResponse:
    """What the framework refuses before or besides an endpoint."""
    assert isinstance(error, HTTPException)
    problem: DicomlakeError
    if error.status_code == 404:
        problem = UnknownRouteError("there is no such address; /api/v1/openapi.json lists what there is")
    elif error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        problem = MethodNotAllowedError(
            Message("{method} is not for this address; it takes {allowed}", method=request.method, allowed=allowed)
        )
    elif error.status_code == 413:
        problem = BodyTooLargeError("the body is larger than 1 MiB; ask for less at once")
    elif error.status_code == 400:
        problem = MalformedBodyError("the body cannot be read as JSON; send UTF-8 with numbers of common size")
    elif error.status_code < 500:
        problem = UsageError(Message("the request was refused: {detail}", detail=error.detail))
    else:
        problem = DicomlakeError("the service could not answer")
    return respond(problem, error.headers)


def _invalid(request: Request, error: Exception) -> ProblemResponse:
    """A request that does not fit its schema: each field that does not, and never what it held."""
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    broken = next((p for p in problems if p["type"] == "json_invalid"), None)
    if broken is not None:
        position, reason = broken["loc"][1], broken["ctx"]["error"]
        return respond(
            MalformedBodyError(
                Message("the body is not JSON at character {position}: {reason}", position=position, reason=reason),
                position=position,
            )
        )
    if any(p["loc"] == ("body",) and p["type"] != "missing" for p in problems) and not _sent_json(request):
        return respond(UnsupportedBodyError("send the body as JSON, with the header Content-Type: application/json"))
    listed = list({(f.location, f.field, f.message): f for f in map(_field_problem, problems)}.values())
    shown = [f"{f.field or 'the ' + f.location}: {f.message}" for f in listed]
    return respond(InvalidRequestError("; ".join(shown), errors=[f.model_dump() for f in listed]))


def _sent_json(request: Request) -> bool:
    subtype = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return subtype == "application/json" or (subtype.startswith("application/") and subtype.endswith("+json"))


def _field_problem(problem: Mapping[str, Any]) -> FieldProblem:
    location, *path = (str(step) for step in problem["loc"])
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = "not a field of this request"
    elif problem["type"] == "missing":
        message = "needed here, yet not sent"
    return FieldProblem(location=location, field=".".join(path), message=message)

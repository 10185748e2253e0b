"""All hits as a file: ``/api/v1/export``."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Query, Response
from fastapi.openapi.models import Example

from api.exports.schemas import ExportBody, ExportLink, ExportParameters
from api.exports.tickets import TheTickets
from api.lakes import TheLake
from api.problems import documented
from api.responses import Json
from api.streams import Stream
from api.tags import TheRequest
from dicomlake.errors import (
    BadValueError,
    BodyTooLargeError,
    InvalidRequestError,
    LakeError,
    MalformedBodyError,
    NotFoundError,
    QueryError,
    UnknownFieldError,
    UnsupportedBodyError,
)
from dicomlake.search import Searcher, SearchRequest
from dicomlake.search.export import MEDIA_TYPES, Format

router = APIRouter(prefix="/api/v1/export", tags=["search"])

REQUESTS: Final[dict[str, Example]] = {
    "csv": {"summary": "Every CT series, the usual columns", "value": {"filters": {"Modality": ["CT"]}}},
    "jsonl": {
        "summary": "Instances with chosen fields, as JSON lines",
        "value": {
            "q": "SliceThickness:[0 TO 5]",
            "level": "instance",
            "fields": ["SOPInstanceUID", "PixelSpacing", '(0009,"GEMS_IDEN_01",04)'],
            "format": "jsonl",
        },
    },
}
_QUERY = (InvalidRequestError, QueryError, UnknownFieldError, BadValueError, LakeError)
_BODY = (MalformedBodyError, UnsupportedBodyError, BodyTooLargeError)
_CSV = "PatientID,Modality,StudyDate\r\n1CT1,CT,20040119\r\n"
_LINES = '{"PatientID":"1CT1","Modality":"CT","StudyDate":"20040119"}\n'
_LINK = {"url": "/api/v1/export/files/Zm9yIGV4YW1wbGUgb25seQ", "expires": "2026-11-28T04:00:00Z"}
Ticket = Annotated[str, Path(max_length=64, description="From `/api/v1/export/links`")]
_FILES: Final[dict[str, Any]] = {
    "description": "All hits, one a row or line",
    "content": {
        "text/csv": {"schema": {"type": "string"}, "example": _CSV},
        MEDIA_TYPES["jsonl"]: {"schema": {"type": "string"}, "example": _LINES},
    },
}


def _tagged(responses: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    return {**responses, 200: {**responses[200], **_FILES}}


@router.post("", response_class=Response, responses={200: _FILES, **documented(*_BODY, *_QUERY)})
def export(lake: TheLake, body: Annotated[ExportBody, Body(openapi_examples=REQUESTS)]) -> Response:
    """Download all hits of a search, over the state of the index in which it began.

    The answer is sent while it is made. One that does not end properly (curl: error 18) is not whole: something went
    wrong in between.
    """
    with ExitStack() as held:
        return _stream(held.enter_context(lake.searcher()), body.request(), body.format, {}, held)


@router.get("", response_class=Response, responses=_tagged(documented(*_QUERY, tagged=True)))
def export_by_parameters(asked: TheRequest, parameters: Annotated[ExportParameters, Query()]) -> Response:
    """Download all hits of a search, the request in the URL. The answer is that of POST."""
    request, form = parameters.request(), parameters.format
    return asked.response(lambda searcher, headers, held: _stream(searcher, request, form, headers, held))


@router.post(
    "/links",
    response_model=ExportLink,
    responses=documented(*_BODY, InvalidRequestError, example=_LINK),
)
def links(tickets: TheTickets, body: Annotated[ExportBody, Body(openapi_examples=REQUESTS)]) -> Response:
    """An address for a browser's download of what `POST /api/v1/export` sends: a link cannot carry a body, and what is
    searched for does not belong into an address."""
    ticket, expires = tickets.issue(body)
    until = datetime.fromtimestamp(int(expires), UTC).isoformat().replace("+00:00", "Z")
    return Json({"url": f"{router.prefix}/files/{ticket}", "expires": until})


@router.get("/files/{ticket}", response_class=Response, responses={200: _FILES, **documented(NotFoundError, *_QUERY)})
def file(lake: TheLake, tickets: TheTickets, ticket: Ticket) -> Response:
    """Download what an address of `/api/v1/export/links` stands for."""
    body = tickets.take(ticket)
    with ExitStack() as held:
        return _stream(held.enter_context(lake.searcher()), body.request(), body.format, {}, held)


def _stream(
    searcher: Searcher, request: SearchRequest, form: Format, headers: Mapping[str, str], held: ExitStack
) -> Response:
    chunks = searcher.export(request, form)
    name = {"Content-Disposition": f'attachment; filename="dicomlake-{request.level}.{form}"'}
    return Stream(_generate(chunks), MEDIA_TYPES[form], {**headers, **name}, held.pop_all().close)


def _generate(chunks: Iterator[bytes]) -> Generator[bytes]:
    yield from chunks

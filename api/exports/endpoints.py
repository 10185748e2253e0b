"""All hits as a file: ``/api/v1/export``."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query, Response
from fastapi.openapi.models import Example

from api.exports.schemas import ExportBody, ExportParameters
from api.lakes import TheLake
from api.problems import documented
from api.streams import Stream
from api.tags import TheRequest
from dicomlake.errors import (
    BadValueError,
    BodyTooLargeError,
    InvalidRequestError,
    LakeError,
    MalformedBodyError,
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


def _stream(
    searcher: Searcher, request: SearchRequest, form: Format, headers: Mapping[str, str], held: ExitStack
) -> Response:
    chunks = searcher.export(request, form)
    name = {"Content-Disposition": f'attachment; filename="dicomlake-{request.level}.{form}"'}
    return Stream(_generate(chunks), MEDIA_TYPES[form], {**headers, **name}, held.pop_all().close)


def _generate(chunks: Iterator[bytes]) -> Generator[bytes]:
    yield from chunks

"""Search: ``/api/v1/search``."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from api.lakes import TheLake
from api.problems import documented
from api.responses import Json
from api.search import examples
from api.search.answers import SearchAnswer
from api.search.schemas import SearchBody, SearchParameters
from api.tags import TheRequest
from dicomlake.errors import (
    BadValueError,
    BodyTooLargeError,
    CursorError,
    CursorExpiredError,
    InvalidRequestError,
    LakeError,
    MalformedBodyError,
    QueryError,
    UnknownFieldError,
    UnsupportedBodyError,
)

router = APIRouter(prefix="/api/v1/search", tags=["search"])

_QUERY = (InvalidRequestError, QueryError, UnknownFieldError, BadValueError, CursorError, CursorExpiredError, LakeError)
_BODY = (MalformedBodyError, UnsupportedBodyError, BodyTooLargeError)


@router.post(
    "",
    response_model=SearchAnswer,
    response_model_exclude_unset=True,
    responses=documented(*_BODY, *_QUERY, example=examples.ANSWER),
)
def search(lake: TheLake, body: Annotated[SearchBody, Body(openapi_examples=examples.REQUESTS)]) -> Response:
    """Search the lake.

    Prefer this to GET: what is in the body stays out of the histories and logs that URLs end up in.
    """
    with lake.searcher() as searcher:
        return Json(searcher.run(body.request()))


@router.get(
    "",
    response_model=SearchAnswer,
    response_model_exclude_unset=True,
    responses=documented(*_QUERY, example=examples.ANSWER, tagged=True),
)
def search_by_parameters(asked: TheRequest, parameters: Annotated[SearchParameters, Query()]) -> Response:
    """Search the lake, the request in the URL. The answer is that of POST."""
    return asked.json(lambda searcher: searcher.run(parameters.request()))

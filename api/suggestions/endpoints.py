"""Suggestions as somebody types: ``/api/v1/suggest``."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query, Response
from fastapi.openapi.models import Example

from api.lakes import TheLake
from api.problems import documented
from api.responses import Json
from api.suggestions.schemas import SuggestAnswer, Typing, TypingBody
from dicomlake.errors import (
    BodyTooLargeError,
    InvalidRequestError,
    LakeError,
    MalformedBodyError,
    UnknownFieldError,
    UnsupportedBodyError,
)
from dicomlake.search import Searcher

router = APIRouter(prefix="/api/v1/suggest", tags=["search"])

REQUESTS: Final[dict[str, Example]] = {
    "query": {"summary": "A query text with the cursor at its end", "value": {"q": "Modality:C"}},
    "inside": {"summary": "The cursor within the text", "value": {"q": "Mod AND KVP:120", "position": 3}},
    "field": {"summary": "A field's name", "value": {"prefix": "thick"}},
    "value": {"summary": "A value", "value": {"field": "Manufacturer.canonical", "prefix": "sie", "limit": 5}},
}
_ANSWER = {
    "kind": "value",
    "field": "Modality",
    "start": 9,
    "end": 10,
    "suggestions": [{"text": "CT", "label": "CT", "value": "CT", "count": 12}],
}
_ERRORS = (InvalidRequestError, UnknownFieldError, LakeError)
_BODY = (MalformedBodyError, UnsupportedBodyError, BodyTooLargeError)


@router.post("", response_model=SuggestAnswer, responses=documented(*_BODY, *_ERRORS, example=_ANSWER))
def suggest(lake: TheLake, body: Annotated[TypingBody, Body(openapi_examples=REQUESTS)]) -> Response:
    """Complete what is being typed: the name of a field, or a value of one, from the index.

    Prefer this to GET where values may name patients. Values are those that begin with what is typed, case and accents
    aside, of the whole lake. UIDs of a large lake are listed from 30 characters on.
    """
    with lake.searcher() as searcher:
        return Json(_suggested(searcher, body))


@router.get("", response_model=SuggestAnswer, responses=documented(*_ERRORS, example=_ANSWER))
def suggest_by_parameters(lake: TheLake, parameters: Annotated[Typing, Query()]) -> Response:
    """Complete what is being typed, the request in the URL. The answer is that of POST."""
    with lake.searcher() as searcher:
        return Json(_suggested(searcher, parameters))


def _suggested(searcher: Searcher, typing: Typing) -> dict[str, Any]:
    if typing.q is not None:
        return searcher.suggester.complete(typing.q, typing.position, typing.limit)
    place = {"start": 0, "end": len(typing.prefix), "field": typing.field}
    if typing.field is None:
        return {**place, "kind": "field", "suggestions": searcher.suggester.fields(typing.prefix, typing.limit)}
    listed = searcher.suggester.values(typing.field, typing.prefix, typing.limit)
    return {**place, "kind": "value", "suggestions": listed}

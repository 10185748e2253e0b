"""What a search means: ``/api/v1/explain``."""

from typing import Annotated, Final

from fastapi import APIRouter, Body, Query, Response
from fastapi.openapi.models import Example

from api.explanations.schemas import ExplainAnswer
from api.lakes import TheLake
from api.problems import documented
from api.responses import Json
from api.search.schemas import ByParameters, SelectionBody
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

router = APIRouter(prefix="/api/v1/explain", tags=["search"])

REQUESTS: Final[dict[str, Example]] = {
    "query": {
        "summary": "A query text, a chosen and an excluded value",
        "value": {
            "q": "manufacturer:GE* StudyDate:2019-02",
            "filters": {"Modality": ["CT"]},
            "exclude": {"BodyPartExamined": [None]},
        },
    },
}
_ANSWER = {
    "q": "modality:CT",
    "normal": "modality:CT",
    "names": [
        {
            "name": "modality",
            "path": "Modality",
            "kind": "string",
            "vr": "CS",
            "label": "Modality",
            "registered": True,
            "private": False,
            "canonical": None,
            "companion": None,
            "positions": [0],
        }
    ],
    "query": {"node": "term", "field": "modality", "value": "CT", "position": 0, "value_position": 9},
    "conditions": {"node": "match_folded", "path": "Modality", "folded": "CT"},
    "level": "series",
    "filters": {},
    "exclude": {},
    "engine": "Query(BooleanQuery { ... })",
}
_QUERY = (InvalidRequestError, QueryError, UnknownFieldError, BadValueError, LakeError)
_BODY = (MalformedBodyError, UnsupportedBodyError, BodyTooLargeError)


@router.post("", response_model=ExplainAnswer, responses=documented(*_BODY, *_QUERY, example=_ANSWER))
def explain(lake: TheLake, body: Annotated[SelectionBody, Body(openapi_examples=REQUESTS)]) -> Response:
    """Take a search apart: how its text was read, what each name stands for, what is asked of the index."""
    with lake.searcher() as searcher:
        return Json(searcher.explain(body.selection()))


@router.get("", response_model=ExplainAnswer, responses=documented(*_QUERY, example=_ANSWER))
def explain_by_parameters(lake: TheLake, parameters: Annotated[ByParameters, Query()]) -> Response:
    """Take a search apart, the request in the URL. The answer is that of POST."""
    with lake.searcher() as searcher:
        return Json(searcher.explain(parameters.selection()))

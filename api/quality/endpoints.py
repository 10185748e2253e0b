"""What is wrong with headers: ``/api/v1/quality``."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query, Response
from fastapi.openapi.models import Example

from api.lakes import TheLake
from api.problems import documented
from api.quality.schemas import QualityAnswer
from api.responses import Json
from api.search import examples
from api.search.schemas import ByParameters, SelectionBody
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
from dicomlake.search.quality import codes

router = APIRouter(prefix="/api/v1/quality", tags=["lake"])

REQUESTS: Final[dict[str, Example]] = {
    "everything": {"summary": "The whole lake", "value": {}},
    "some": {"summary": "Of one maker", "value": {"filters": {"Manufacturer.canonical": ["GE HealthCare"]}}},
}
_ANSWER = {
    "codes": [
        {
            "code": "bad-number",
            "title": "Not a number",
            "description": "A number holds something else.",
            "standard": "PS3.5 6.2",
            "instances": 12,
            "series": 2,
            "example": {
                "SOPInstanceUID": examples.INSTANCE,
                "location": "file:///archive/CT_small.dcm",
                "path": "SliceThickness",
                "detail": "not a decimal string (DS)",
            },
        }
    ],
    "generation": "96-1",
}
_QUERY = (InvalidRequestError, QueryError, UnknownFieldError, BadValueError, LakeError)
_BODY = (MalformedBodyError, UnsupportedBodyError, BodyTooLargeError)


@router.post("", response_model=QualityAnswer, responses=documented(*_BODY, *_QUERY, example=_ANSWER))
def quality(lake: TheLake, body: Annotated[SelectionBody, Body(openapi_examples=REQUESTS)]) -> Response:
    """Count the quality codes among what a search finds, with the rule behind each and an instance that breaks it.

    Instances and series are counted whatever the level.
    """
    with lake.searcher() as searcher:
        return Json(_counted(searcher, body.selection()))


@router.get("", response_model=QualityAnswer, responses=documented(*_QUERY, example=_ANSWER, tagged=True))
def quality_by_parameters(asked: TheRequest, parameters: Annotated[ByParameters, Query()]) -> Response:
    """Count the quality codes among what a search finds, the request in the URL. The answer is that of POST."""
    return asked.json(lambda searcher: _counted(searcher, parameters.selection()))


def _counted(searcher: Searcher, request: SearchRequest) -> dict[str, Any]:
    generation = searcher.generation()
    return {"codes": codes(searcher, within=request), "generation": generation}

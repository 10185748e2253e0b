"""What is wrong with headers: ``/api/v1/quality``."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query, Response
from fastapi.openapi.models import Example

from api.lakes import TheLake
from api.problems import documented
from api.quality.schemas import CompletenessAnswer, CompletenessBody, QualityAnswer, UnmappedAnswer
from api.responses import Json
from api.search import examples
from api.search.schemas import ByParameters, SelectionBody
from api.tags import TheRequest
from dicomlake import settings
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
from dicomlake.search.completeness import completeness
from dicomlake.search.quality import codes, file_to_edit, unmapped

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
COMPLETENESS: Final[dict[str, Example]] = {
    "makers": {
        "summary": "Exposure and dose of CT, by maker",
        "value": {"filters": {"Modality": ["CT"]}, "fields": ["KVP", "SliceThickness", "CTDIvol"]},
    },
    "years": {
        "summary": "One field by maker and year",
        "value": {"fields": ["BodyPartExamined"], "columns": 5, "years": "StudyDate"},
    },
}
_COMPLETE = {
    "by": "Manufacturer.canonical",
    "label": "Manufacturer",
    "count": 40,
    "columns": [{"value": "GE HealthCare", "count": 25}, {"value": "Philips", "count": 15}],
    "rows": [{"field": "KVP", "label": "Tube voltage", "whole": 30, "valued": [20, 10]}],
    "generation": "96-1",
}
_UNMAPPED = {
    "fields": [
        {
            "field": "Manufacturer",
            "label": "Manufacturer",
            "table": "manufacturers",
            "values": [{"value": "ACME", "instances": 12, "series": 2}],
        }
    ],
    "generation": "96-1",
}
_RULE = "manufacturers:\n  ACME:\n    names: [ACME]\n"
_RULES: Final[dict[str, Any]] = {
    "description": "A file of rules, YAML",
    "content": {"text/plain": {"schema": {"type": "string"}, "example": _RULE}},
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


@router.post(
    "/completeness",
    response_model=CompletenessAnswer,
    responses=documented(*_BODY, *_QUERY, example=_COMPLETE),
)
def complete(lake: TheLake, body: Annotated[CompletenessBody, Body(openapi_examples=COMPLETENESS)]) -> Response:
    """Count how many documents of a search have a value in each of some fields, by the values of another, by year.

    Years come of the latest 60; ``years`` allows 400 fields times columns.
    """
    with lake.searcher() as searcher:
        return Json(completeness(searcher, body.selection(), body.fields, body.by, body.columns, body.years))


@router.get("/unmapped", response_model=UnmappedAnswer, responses=documented(*_QUERY, example=_UNMAPPED, tagged=True))
def without_rules(asked: TheRequest) -> Response:
    """List the values of makers, body parts and the like that no rule of canonicalisation knows."""
    return asked.json(lambda searcher: {"generation": searcher.generation(), "fields": unmapped(searcher)})


@router.get("/unmapped/rules", response_class=Response, responses={200: _RULES, **documented(*_QUERY)})
def rules_to_edit(lake: TheLake) -> Response:
    """A file of rules for these values, to be edited and named by ``DICOMLAKE_CANONICAL_FILE``; with the rules that the
    site has already."""
    before = settings.load().canonical_file
    with lake.searcher() as searcher:
        text, _ = file_to_edit(unmapped(searcher), before.read_text(encoding="utf-8-sig") if before else "")
    headers = {"Content-Disposition": 'attachment; filename="rules.yml"'}
    return Response(text, media_type="text/plain", headers=headers)


def _counted(searcher: Searcher, request: SearchRequest) -> dict[str, Any]:
    generation = searcher.generation()
    return {"codes": codes(searcher, within=request), "generation": generation}

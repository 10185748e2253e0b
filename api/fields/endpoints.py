"""Fields: ``/api/v1/fields``."""

from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from api.fields.schemas import FieldAnswer, FieldParameters, FieldsAnswer
from api.lakes import TheLake
from api.problems import documented
from api.responses import Json
from api.search.schemas import MAX_NAME
from api.tags import TheRequest
from dicomlake.errors import InvalidRequestError, LakeError, UnknownFieldError, UnknownRouteError
from dicomlake.search import fields as known
from mappings import registry

router = APIRouter(prefix="/api/v1/fields", tags=["fields"])

FieldName = Annotated[
    str,
    Path(
        max_length=MAX_NAME,
        description="A field: a keyword, a tag, a path, a private element, URL-encoded",
        openapi_examples={
            "keyword": {"value": "SliceThickness"},
            "companion": {"value": "Manufacturer.canonical"},
            "nested": {"value": "RequestAttributesSequence.RequestedProcedureID"},
            "private": {"value": '(0009,"GEMS_IDEN_01",04)'},
        },
    ),
]


@cache
def _registry() -> list[dict[str, Any]]:
    return [known.entry(registry.resolve(field.keyword)) for field in registry.load().fields]


_THICKNESS = known.entry(registry.resolve("SliceThickness"))
_ANSWER = {
    **_THICKNESS,
    "documents": {"series": 31, "instances": 640},
    "operators": ["value", "values", "range", "exists"],
    "examples": ["SliceThickness:5", "SliceThickness:[0 TO 1.5]", "_exists_:SliceThickness"],
}


@router.get(
    "",
    response_model=FieldsAnswer,
    responses=documented(InvalidRequestError, LakeError, example={"fields": [_THICKNESS]}),
)
def fields(lake: TheLake, parameters: Annotated[FieldParameters, Query()]) -> Response:
    """The fields that people look at, or those that are called like ``q``, of registry, data dictionary and lake.

    Without ``q`` no lake is needed.
    """
    if not parameters.q.strip():
        return Json({"fields": _registry()})
    with lake.searcher() as searcher:
        return Json({"fields": searcher.suggester.find(parameters.q, parameters.limit)})


@router.get(
    "/{name:path}",
    response_model=FieldAnswer,
    responses=documented(
        UnknownFieldError, InvalidRequestError, UnknownRouteError, LakeError, example=_ANSWER, tagged=True
    ),
)
def field(asked: TheRequest, name: FieldName) -> Response:
    """Any attribute, registered or not, nested or private: what it is, what may be asked of it, how many have it."""
    return asked.json(lambda searcher: searcher.suggester.describe(name))

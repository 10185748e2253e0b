"""Facets: ``/api/v1/facets/{field}``."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.facets.schemas import FacetAnswer, FacetParameters
from api.problems import documented
from api.search.schemas import MAX_NAME
from api.tags import TheRequest
from dicomlake.errors import (
    BadValueError,
    InvalidRequestError,
    LakeError,
    QueryError,
    UnknownFieldError,
    UnknownRouteError,
)

router = APIRouter(prefix="/api/v1/facets", tags=["search"])

FieldName = Annotated[
    str,
    Path(
        max_length=MAX_NAME,
        description="A field: a keyword, a path, a private element, URL-encoded",
        openapi_examples={
            "keyword": {"value": "Modality"},
            "canonical": {"value": "Manufacturer.canonical"},
            "private": {"value": '(0009,"GEMS_IDEN_01",04)'},
        },
    ),
]
_ANSWER = {
    "field": "Modality",
    "label": "Modality",
    "values": [{"value": "CT", "count": 12, "selected": False}, {"value": "MR", "count": 7, "selected": False}],
    "more": False,
}


@router.get(
    "/{field:path}",
    response_model=FacetAnswer,
    responses=documented(
        InvalidRequestError,
        QueryError,
        UnknownFieldError,
        BadValueError,
        UnknownRouteError,
        LakeError,
        example=_ANSWER,
        tagged=True,
    ),
)
def facet(asked: TheRequest, field: FieldName, parameters: Annotated[FacetParameters, Query()]) -> Response:
    """Count the values of a field, what is chosen and excluded of it aside: a facet that is opened or searched in."""
    return asked.json(lambda searcher: searcher.facet(field, parameters.request()))

"""Histograms: ``/api/v1/histogram/{field}``."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.histograms.schemas import HistogramAnswer, HistogramParameters
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

router = APIRouter(prefix="/api/v1/histogram", tags=["search"])

FieldName = Annotated[
    str,
    Path(
        max_length=MAX_NAME,
        description="A field of numbers, dates, times or ages: a keyword, a path, a private element, URL-encoded",
        openapi_examples={"number": {"value": "SliceThickness"}, "date": {"value": "StudyDate"}},
    ),
]
_ANSWER = {
    "field": "SliceThickness",
    "label": "Slice thickness",
    "unit": "mm",
    "kind": "number",
    "interval": "1",
    "bins": [{"from": 0, "to": 1, "count": 3}, {"from": 1, "to": 2, "count": 9}],
    "min": 0.625,
    "max": 1.5,
    "valued": 12,
    "missing": 7,
    "other": 0,
}


@router.get(
    "/{field:path}",
    response_model=HistogramAnswer,
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
def histogram(asked: TheRequest, field: FieldName, parameters: Annotated[HistogramParameters, Query()]) -> Response:
    """Count the numbers, dates or times of a field by ranges, what is chosen and excluded of it aside."""
    request, interval, bins = parameters.selection(), parameters.interval, parameters.bins
    return asked.json(lambda searcher: searcher.histogram(field, request, interval, bins))

"""Series: ``/api/v1/series/{uid}``."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.problems import documented
from api.search import examples
from api.search.schemas import MAX_NAME
from api.series.schemas import SeriesAnswer
from api.tags import TheRequest
from dicomlake.errors import InvalidRequestError, LakeError, NotFoundError

router = APIRouter(prefix="/api/v1/series", tags=["details"])

SeriesUid = Annotated[
    str,
    Path(max_length=MAX_NAME, description="SeriesInstanceUID", openapi_examples={"CT": {"value": examples.SERIES}}),
]
_ANSWER = {
    "series": examples.HIT,
    "instances": [
        {
            "SOPInstanceUID": examples.INSTANCE,
            "InstanceNumber": 1,
            "location": "file:///archive/CT_small.dcm",
            "fileSize": 39205,
        }
    ],
    "common": {"Modality": "CT", "SliceThickness": 5.0, "KVP": 120.0},
}


@router.get(
    "/{uid:path}",
    response_model=SeriesAnswer,
    responses=documented(NotFoundError, InvalidRequestError, LakeError, example=_ANSWER, tagged=True),
)
def series(asked: TheRequest, uid: SeriesUid) -> Response:
    """A series, its instances, and the attributes they all have in common."""
    return asked.json(lambda searcher: searcher.series(uid))

"""Studies: ``/api/v1/studies/{uid}``."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.problems import documented
from api.search import examples
from api.search.schemas import MAX_NAME
from api.studies.schemas import StudyAnswer
from api.tags import TheRequest
from dicomlake.errors import InvalidRequestError, LakeError, NotFoundError

router = APIRouter(prefix="/api/v1/studies", tags=["details"])

# A UID that breaks its VR may hold a slash, hence path.
StudyUid = Annotated[
    str,
    Path(max_length=MAX_NAME, description="StudyInstanceUID", openapi_examples={"CT": {"value": examples.STUDY}}),
]
_STUDY = {key: value for key, value in examples.HIT.items() if key != "SeriesInstanceUID"}
_ANSWER = {"study": _STUDY | {"level": "study", "seriesCount": 1}, "series": [examples.HIT]}


@router.get(
    "/{uid:path}",
    response_model=StudyAnswer,
    responses=documented(NotFoundError, InvalidRequestError, LakeError, example=_ANSWER, tagged=True),
)
def study(asked: TheRequest, uid: StudyUid) -> Response:
    """A study and its series."""
    return asked.json(lambda searcher: searcher.study(uid))

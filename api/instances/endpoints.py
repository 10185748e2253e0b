"""Instances: ``/api/v1/instances/{uid}``."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.instances.schemas import InstanceAnswer
from api.lakes import TheLake
from api.problems import documented
from api.responses import Json
from api.search import examples
from api.search.schemas import MAX_NAME
from dicomlake.errors import InvalidRequestError, LakeError, NotFoundError

router = APIRouter(prefix="/api/v1/instances", tags=["details"])

InstanceUid = Annotated[
    str,
    Path(max_length=MAX_NAME, description="SOPInstanceUID", openapi_examples={"CT": {"value": examples.INSTANCE}}),
]
_ANSWER = {
    "SOPInstanceUID": examples.INSTANCE,
    "Modality": "CT",
    "Manufacturer": "GE MEDICAL SYSTEMS",
    '(0009,"GEMS_IDEN_01",04)': "HiSpeed CT/i",
    "SliceThickness": 5.0,
    "StudyInstanceUID": examples.STUDY,
    "SeriesInstanceUID": examples.SERIES,
    "fileSize": 39205,
    "headerHash": "0" * 64,
    "location": "file:///archive/CT_small.dcm",
    "patientKey": ":1CT1",
    "source": "archive",
}


@router.get(
    "/{uid:path}",
    response_model=InstanceAnswer,
    responses=documented(NotFoundError, InvalidRequestError, LakeError, example=_ANSWER),
)
def instance(lake: TheLake, uid: InstanceUid) -> Response:
    """The whole header of an instance, as indexed."""
    with lake.searcher() as searcher:
        return Json(searcher.instance(uid))

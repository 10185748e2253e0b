"""Instances: ``/api/v1/instances/{uid}``."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from api.instances.schemas import InstanceAnswer, ModelAnswer, TreeAnswer
from api.problems import documented
from api.responses import Json
from api.search import examples
from api.search.schemas import MAX_NAME
from api.tags import TheRequest
from dicomlake.documents import dicom_json
from dicomlake.documents.attributes import Attribute, attributes
from dicomlake.errors import InvalidRequestError, LakeError, NotFoundError
from dicomlake.search import Searcher

router = APIRouter(prefix="/api/v1/instances", tags=["details"])

InstanceUid = Annotated[
    str,
    Path(max_length=MAX_NAME, description="SOPInstanceUID", openapi_examples={"CT": {"value": examples.INSTANCE}}),
]


def _with_model(responses: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """The responses with the other form of the answer."""
    responses[200]["content"][_DICOM_JSON] = {"schema": {"type": "array", "items": {"type": "object"}}}
    left_out = {"description": "Attributes that could not be given", "schema": {"type": "integer"}}
    responses[200]["headers"]["Dicomlake-Left-Out"] = left_out
    return responses


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


_MODEL = {
    "dataset": {
        "00080018": {"vr": "UI", "Value": [examples.INSTANCE]},
        "00080060": {"vr": "CS", "Value": ["CT"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "CompressedSamples^CT1"}]},
    },
    "left_out": [
        {
            "path": '(0043,"GEMS_PARM_01",29)',
            "tag": "00431029",
            "vr": "OB",
            "reason": "long",
            "kept": {"length": 2068, "sha256": "0" * 64},
        }
    ],
}
_TREE: dict[str, Any] = {
    "attributes": [
        {
            "path": "Manufacturer",
            "tag": "00080070",
            "vr": "LO",
            "name": "Manufacturer",
            "value": "GE MEDICAL SYSTEMS",
            "issues": [],
            "canonical": "GE HealthCare",
            "rule": "ge",
        }
    ]
}
_SHOWN = ("path", "tag", "vr", "name", "creator", "value", "issues")
_DICOM_JSON = "application/dicom+json"
_ERRORS = (NotFoundError, InvalidRequestError, LakeError)


# What lies below an instance comes first: a UID may hold anything, slashes too.
@router.get(
    "/{uid:path}/dicom",
    response_model=ModelAnswer,
    responses=documented(*_ERRORS, example=_MODEL, tagged=True),
)
def dicom(asked: TheRequest, uid: InstanceUid) -> Response:
    """The header of an instance in the DICOM JSON model, and what of it the lake does not keep whole.

    File meta and pixel data are not part of it. ``reason`` is ``long`` (bytes of which length and hash are kept),
    ``many`` (more than 256 values), ``broken`` (a value that its VR cannot hold), ``no-block`` (a private element
    whose block is not reserved) or ``made-up`` (an identity that the data set did not have).
    """
    return asked.json(lambda searcher: _model(searcher.instance(uid)))


@router.get(
    "/{uid:path}/tree",
    response_model=TreeAnswer,
    responses=documented(*_ERRORS, example=_TREE, tagged=True),
)
def tree(asked: TheRequest, uid: InstanceUid) -> Response:
    """The header of an instance as a tree: every attribute with tag, VR and name, items within sequences; private ones
    with their creator, values beside their canonical form and the rule of it, and what is wrong with them."""
    return asked.json(lambda searcher: {"attributes": list(map(_node, attributes(searcher.instance(uid))))})


@router.get(
    "/{uid:path}",
    response_model=InstanceAnswer,
    responses=_with_model(documented(*_ERRORS, example=_ANSWER, tagged=True)),
)
def instance(asked: TheRequest, request: Request, uid: InstanceUid) -> Response:
    """The whole header of an instance, as indexed; with ``Accept: application/dicom+json`` as an array of its data set
    (PS3.18 F.2), and in the header ``Dicomlake-Left-Out`` how many attributes could not be given; ``/dicom`` names
    them."""

    def respond(searcher: Searcher, headers: dict[str, str], held: ExitStack) -> Response:
        body = searcher.instance(uid)
        if not _wants_model(request.headers.get("accept", "")):
            return Json(body, headers=headers)
        data_set, left_out = dicom_json.model(body)
        return Json([data_set], headers=headers | {"Dicomlake-Left-Out": str(len(left_out))}, media_type=_DICOM_JSON)

    return asked.response(respond)


def _wants_model(accept: str) -> bool:
    """Whether a client names the DICOM JSON model before plain JSON."""
    named = [one.partition(";")[0].strip().lower() for one in accept.split(",")]
    return next((one for one in named if one in (_DICOM_JSON, "application/json")), "") == _DICOM_JSON


def _model(body: Mapping[str, Any]) -> dict[str, Any]:
    data_set, left_out = dicom_json.model(body)
    return {"dataset": data_set, "left_out": dicom_json.plain(left_out)}


def _node(attribute: Attribute) -> dict[str, Any]:
    node = {name: value for name in _SHOWN if (value := getattr(attribute, name)) is not None}
    if any(attribute.details):
        node["details"] = attribute.details
    others = dict(attribute.companions)
    node |= {name: others.pop(name) for name in ("canonical", "rule") if name in others}
    if others:
        node["companions"] = others
    if attribute.items is not None:
        node["items"] = [list(map(_node, item)) for item in attribute.items]
    return node

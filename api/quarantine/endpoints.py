"""What could not be indexed, and why: ``/api/v1/quarantine``."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.lakes import TheLake
from api.problems import documented
from api.quarantine.schemas import QuarantineAnswer, QuarantineParameters
from api.responses import Json
from dicomlake.catalog import Seen
from dicomlake.errors import InvalidRequestError, LakeError

router = APIRouter(prefix="/api/v1/quarantine", tags=["lake"])

_ANSWER = {
    "total": 1,
    "codes": {"truncated": 1},
    "page": 1,
    "pages": 1,
    "files": [
        {
            "location": "/archive/CT_small.dcm",
            "offset": 1_024,
            "code": "truncated",
            "reason": "the file ends inside PixelData",
            "size": 2_048,
            "source": "/archive",
            "seen": "2026-11-28T09:30:00Z",
        }
    ],
}


@router.get("", response_model=QuarantineAnswer, responses=documented(InvalidRequestError, LakeError, example=_ANSWER))
def quarantine(lake: TheLake, parameters: Annotated[QuarantineParameters, Query()]) -> Response:
    """A page of what is in quarantine, with offset and reason. A job of kind `retry` reads it all again."""
    skip = (parameters.page - 1) * parameters.limit
    with lake.catalog() as catalog:
        codes = catalog.reasons("quarantined")
        rows = catalog.page("quarantined", skip, parameters.limit, parameters.code)
    total = sum(codes.values()) if parameters.code is None else codes.get(parameters.code, 0)
    return Json(
        {
            "total": total,
            "codes": codes,
            "page": parameters.page,
            "pages": -(-total // parameters.limit),
            "files": [_shown(seen, when) for seen, when in rows],
        }
    )


def _shown(seen: Seen, when: str) -> dict[str, Any]:
    return {
        "location": seen.location,
        "offset": seen.offset,
        "code": seen.reason,
        "reason": seen.detail,
        "size": None if seen.size < 0 else seen.size,
        "source": seen.source,
        "seen": when.replace("+00:00", "Z") or None,
    }

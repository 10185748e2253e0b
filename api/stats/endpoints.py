"""Numbers about the lake: ``/api/v1/stats``."""

from fastapi import APIRouter, Response

from api.lakes import TheLake
from api.problems import documented
from api.responses import Json
from api.search import examples
from api.stats.schemas import StatsAnswer
from dicomlake.errors import LakeError

router = APIRouter(prefix="/api/v1/stats", tags=["lake"])

_ANSWER = {
    "totals": examples.ANSWER["totals"],
    "files": {"indexed": 1, "ignored": 2, "quarantined": 0},
    "index": {"bytes": 81_920, "generation": "96-1"},
}


@router.get(
    "",
    response_model=StatsAnswer,
    responses=documented(LakeError, example=_ANSWER),
)
def stats(lake: TheLake) -> Response:
    """How much the lake holds, what became of the files it saw, and the size of its index."""
    with lake.searcher() as searcher:
        return Json(searcher.stats())

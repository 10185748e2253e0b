"""Probes: ``/healthz`` and ``/readyz``."""

from fastapi import APIRouter, Response

from api.health.schemas import Alive, Ready
from api.lakes import TheLake
from api.problems import documented
from api.responses import Json
from dicomlake.errors import LakeError

router = APIRouter(tags=["health"])

_READY = {"status": "ready", "patients": 40, "studies": 97, "series": 310, "instances": 4210, "generation": "96-1"}


@router.get(
    "/healthz",
    response_model=Alive,
    responses=documented(example={"status": "alive"}),
)
async def healthz() -> Response:
    """Whether the process answers; even while every thread is busy."""
    return Json({"status": "alive"})


@router.get(
    "/readyz",
    response_model=Ready,
    responses=documented(LakeError, example=_READY),
)
def readyz(lake: TheLake) -> Response:
    """Whether the lake can be searched. A lake that does not exist yet is looked for at every call."""
    with lake.searcher() as searcher:
        stats = searcher.stats()
    totals = stats["totals"]
    counts = {name: totals[name] for name in ("patients", "studies", "series", "instances")}
    return Json({"status": "ready", **counts, "generation": stats["index"]["generation"]})

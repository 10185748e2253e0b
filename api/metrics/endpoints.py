"""Numbers for Prometheus: ``/metrics``."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.metrics.measure import Measures

router = APIRouter(tags=["health"])

_TEXT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Prometheus' text format",
        "content": {
            "text/plain": {
                "schema": {"type": "string"},
                "example": "# TYPE dicomlake_lake_ready gauge\ndicomlake_lake_ready 1.0\n",
            }
        },
    }
}


@router.get("/metrics", response_class=Response, responses=_TEXT)
def metrics(request: Request) -> Response:
    """Requests by route template and status, times, what the index holds. Nothing of what was asked or found."""
    measures: Measures = request.app.state.measures
    return Response(generate_latest(measures.registry), media_type=CONTENT_TYPE_LATEST)

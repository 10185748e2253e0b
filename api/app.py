"""The HTTP service over one lake."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from api import problems
from api.access import Watched, write
from api.bodies import BodyLimit
from api.explanations.endpoints import router as explanations
from api.exports.endpoints import router as exports
from api.exports.tickets import Tickets
from api.facets.endpoints import router as facets
from api.fields.endpoints import router as fields
from api.health.endpoints import router as health
from api.histograms.endpoints import router as histograms
from api.images.endpoints import router as images_router
from api.images.studio import Studio
from api.instances.endpoints import router as instances
from api.jobs.endpoints import router as job_list
from api.lakes import LakeKeeper
from api.metrics.endpoints import router as metrics
from api.metrics.measure import Measures
from api.quality.endpoints import router as quality
from api.quarantine.endpoints import router as quarantine
from api.search.endpoints import router as search
from api.searches.endpoints import router as saved_searches
from api.security import Guard
from api.series.endpoints import router as series
from api.settings.endpoints import router as user_settings
from api.states import StateKeeper
from api.stats.endpoints import router as stats
from api.studies.endpoints import router as studies
from api.suggestions.endpoints import router as suggestions
from dicomlake import __version__
from dicomlake.errors import DicomlakeError, ForbiddenError
from dicomlake.images import Limits as ImageLimits
from dicomlake.lake import BUDGET, Choice
from dicomlake.search import Limits
from dicomlake.state import JobLimits, SearchLimits

DEFAULT_LIMITS: Final = Limits()
DEFAULT_SEARCHES: Final = SearchLimits()
DEFAULT_JOBS: Final = JobLimits()
DEFAULT_IMAGE_LIMITS: Final = ImageLimits()

COMPRESSED: Final = 4_096
"""Bytes from which on an answer is compressed, for clients that take it so."""
COMPRESSION: Final = 1
"""Quick rather than small: JSON shrinks to an eighth, and an answer of 100 kB waits a millisecond."""

DESCRIPTION: Final = """
Search and explore DICOM headers: every attribute a typed, faceted field, under its DICOM keyword.

Every error is `application/problem+json` (RFC 9457); `code` tells programs what it is. Without accounts the service
answers direct connections of its own machine only: it checks `Host` and `Origin`, and refuses what a proxy forwarded.
"""


class _Service(FastAPI):
    """FastAPI, its description completed by the schema of problems."""

    def openapi(self) -> dict[str, Any]:
        with _DESCRIBING:
            if self.openapi_schema is None:
                schema = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
                schemas = super().openapi()["components"]["schemas"]
                schemas |= schema.pop("$defs", {})
                schemas["Problem"] = schema
                for unused in ("HTTPValidationError", "ValidationError"):
                    schemas.pop(unused, None)
            assert self.openapi_schema is not None
            return self.openapi_schema


_DESCRIBING = threading.Lock()
"""The framework's generator keeps state while it works."""


def create(
    data: Path,
    *,
    allowed_hosts: Iterable[str] = (),
    allowed_origins: Iterable[str] = (),
    limits: Limits = DEFAULT_LIMITS,
    searches: SearchLimits = DEFAULT_SEARCHES,
    jobs: JobLimits = DEFAULT_JOBS,
    images: ImageLimits = DEFAULT_IMAGE_LIMITS,
    tables: int = BUDGET,
    choice: Choice | None = None,
) -> FastAPI:
    """The service over the lake in ``data``, which may appear later.

    ``allowed_hosts``: values of ``Host`` besides 127.0.0.1, localhost and [::1]. ``allowed_origins``: origins of pages
    that may call, besides the service's own. ``limits``: what one search may cost; ``tables``: bytes
    for the tables of each level. ``searches`` and ``jobs``: how many a user may keep.
    ``images``: what pictures may cost. ``choice``: the engine with the index, by default that of the settings.
    """
    keeper = LakeKeeper(data, limits, tables, choice)
    states = StateKeeper(data, searches, jobs)
    measures = Measures(keeper)
    studio = Studio(data, states, images)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(keeper.begin)
        yield
        studio.close()
        keeper.close()
        states.close()

    app = _Service(
        title="Dicomlake",
        summary="Search DICOM metadata",
        description=DESCRIPTION,
        version=__version__,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a redirect would repeat the query string
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},  # spans hold URLs
        middleware=[
            Middleware(Watched, tell=measures.tell, during=measures.running.track_inprogress),
            Middleware(Watched, tell=write),
            Middleware(Guard, hosts=tuple(allowed_hosts), origins=tuple(allowed_origins)),
            Middleware(GZipMiddleware, minimum_size=COMPRESSED, compresslevel=COMPRESSION),
            Middleware(problems.Boundary),
            Middleware(BodyLimit),
        ],
        responses=problems.documented(ForbiddenError, DicomlakeError),
        lifespan=lifespan,
    )
    app.state.lake = keeper
    app.state.state = states
    app.state.measures = measures
    app.state.tickets = Tickets()
    app.state.studio = studio
    problems.install(app)
    for router in (
        search,
        explanations,
        exports,
        facets,
        histograms,
        suggestions,
        fields,
        studies,
        series,
        instances,
        images_router,
        stats,
        quality,
        quarantine,
        saved_searches,
        user_settings,
        job_list,
        health,
        metrics,
    ):
        app.include_router(router)  # flat: the access log gets a router's own paths, not what is put before them
    return app

"""The access log: method, route template, status and time of each request, and nothing that was in it.

Paths hold UIDs and query strings hold names; the template ``/api/v1/studies/{uid}`` holds neither.
"""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("dicomlake.access")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class AccessLog:
    """Writes one line for each request, at level INFO."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 0
        started = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "OTHER"  # the client may write anything there
            template = getattr(scope.get("route"), "path_format", "-")
            log.info("%s %s %d %.1f ms", method, template, status, (time.perf_counter() - started) * 1000)

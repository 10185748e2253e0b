"""The access log: method, route template, status and time of each request, and nothing that was in it.

Paths hold UIDs and query strings hold names; the template ``/api/v1/studies/{uid}`` holds neither.
"""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("dicomlake.access")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

Tell = Callable[[str, str, int, float], None]
"""Told of an answered request: method, route template ("-" is no route), status (0: none was sent), seconds."""


def write(method: str, template: str, status: int, seconds: float) -> None:
    """One line of the access log, at level INFO."""
    log.info("%s %s %d %.1f ms", method, template, status, seconds * 1000)


class Watched:
    """Tells of every request when it has been answered; ``during`` it something else is held."""

    def __init__(
        self, app: ASGIApp, tell: Tell, during: Callable[[], AbstractContextManager[object]] = nullcontext
    ) -> None:
        self.app = app
        self.tell = tell
        self.during = during

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

        with self.during():
            try:
                await self.app(scope, receive, watched)
            finally:
                method = scope["method"] if scope["method"] in METHODS else "OTHER"  # clients may write anything there
                template = getattr(scope.get("route"), "path_format", "-")
                self.tell(method, template, status, time.perf_counter() - started)

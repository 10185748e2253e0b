"""The state behind the service: opened at the first request that needs it, and again when it was replaced."""

import hashlib
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
from fastapi import Depends, Request, Response

from api.tags import CACHING, holds
from dicomlake.state import LOCAL, JobLimits, SearchLimits, State

ID: Final = r"^[0-9a-f]{32}$"
"""An opaque id."""


class StateKeeper:
    """Lends the state of one data folder to many threads. When its file is replaced, the next request sees the new one;
    a request that has the old one ends with it."""

    def __init__(self, data: Path, searches: SearchLimits, jobs: JobLimits) -> None:
        self.data = data
        self._limits = searches, jobs
        self._lock = threading.Lock()
        self._held: State | None = None

    def state(self) -> State:
        """The state. Raises StateError."""
        with self._lock:
            if self._held is None or not self._held.is_current():
                self._let_go()
                self._held = State.open(self.data, *self._limits)
            return self._held

    def close(self) -> None:
        """Let go of the state."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.close()  # connections in use close when they are given back
            self._held = None


async def _keeper(request: Request) -> StateKeeper:
    keeper: StateKeeper = request.app.state.state
    return keeper


async def _user() -> str:
    return LOCAL


TheState = Annotated[StateKeeper, Depends(_keeper)]
"""What an endpoint takes to get at the state."""
TheUser = Annotated[str, Depends(_user)]
"""Who asks."""


def tagged(request: Request, content: Any) -> Response:
    """JSON with an entity tag that follows from it; 304 when the client has it (RFC 9110 13.1.2)."""
    body = orjson.dumps(content)
    tag = hashlib.sha256(body).hexdigest()[:32]
    headers = {"ETag": f'W/"{tag}"', "Cache-Control": CACHING}
    if holds(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def instant(moment: datetime | None) -> str | None:
    """A moment as the API writes it: ISO 8601 in UTC, to the millisecond."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

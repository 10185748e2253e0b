"""Who may talk to the service: direct connections of this machine, and no page of another site in a browser.

The local user is steward by default, so a request must show that it came directly: a known ``Host`` (a name that an
attacker points at 127.0.0.1 is not one), a known ``Origin`` if any, and no trace of a proxy. There is no CORS.
"""

import re
from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from api.problems import respond
from dicomlake.errors import ForbiddenError
from dicomlake.messages import Message

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
"""Hosts that are always this machine, on any port."""

SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",  # answers hold patient data
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[0-9a-z._-]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)


class Guard:
    """Refuses what did not come directly from this machine; puts the security headers on every answer.

    ``hosts``: further hosts to serve, with a port or for any. ``origins``: those of the pages that may call
    (``http://127.0.0.1:8601``) from a browser; the service's own always may.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in (*LOOPBACK, *hosts))
        self.origins = frozenset(origin.lower().rstrip("/") for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Event) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(Headers(scope=scope), scope["scheme"])
        if refusal is None:
            await self.app(scope, receive, guarded)
        elif scope["type"] == "http":
            await respond(refusal)(scope, receive, guarded)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, headers: Headers, scheme: str) -> ForbiddenError | None:
        proxied = sorted(name for name in headers if _of_a_proxy(name))
        if proxied:
            return ForbiddenError(
                Message(
                    "the request came through a proxy ({proxied}), and without accounts only this machine is served; "
                    "connect directly",
                    proxied=proxied[0],
                ),
                reason="proxy",
            )
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0].lower()):
            return ForbiddenError("this service does not answer for that host; use http://127.0.0.1", reason="host")
        ours = f"{scheme}://{hosts[0].lower()}"
        if any(origin.lower() not in {ours, *self.origins} for origin in headers.getlist("origin")):
            return ForbiddenError("pages of that origin may not call this service", reason="origin")
        if headers.get("sec-fetch-site") == "cross-site" and "origin" not in headers:
            return ForbiddenError("pages of other sites may not call this service", reason="origin")
        return None

    def _is_ours(self, host: str) -> bool:
        parts = _HOST.fullmatch(host)
        return parts is not None and (host in self.hosts or parts["name"] in self.hosts)


def _of_a_proxy(name: str) -> bool:
    return name in ("forwarded", "via", "x-real-ip") or name.startswith("x-forwarded")

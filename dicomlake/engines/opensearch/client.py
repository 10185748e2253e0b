"""The connection to the server, and its errors as ours."""

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import orjson
import urllib3
from opensearchpy import OpenSearch, RoundRobinSelector, Urllib3HttpConnection, exceptions
from opensearchpy.serializer import Serializer

from dicomlake.errors import (
    CostError,
    CursorExpiredError,
    EngineAwayError,
    EngineCertificateError,
    EngineError,
    EngineLoginError,
    EngineReadOnlyError,
    EngineVersionError,
)

T = TypeVar("T")

OLDEST: Final = (3, 0)
"""The first version that this engine works with."""

PATIENCE: Final = 300.0
"""Seconds that whoever writes waits for a server that is away or has no room."""

_BUSY: Final = frozenset({429, 502, 503, 504})
_PASSING: Final = (
    "node_closed_exception",
    "node_disconnected_exception",
    "node_not_connected_exception",
    "receive_timeout_transport_exception",
)
"""Errors of a node on its way out, which the server calls internal ones."""

_GONE: Final = "no node found for id"
"""What it says of a node that has left between two steps of one search: an illegal state, without a type of its own."""

_SILENT: Final = 60.0
"""Seconds that a node which did not answer in time is not asked, as long as others are there."""

_LONG: Final = ("/_search", "/_msearch", "/_bulk")
"""Requests that may take so long by themselves that another node would do no better."""

_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0
_WHERE: Final = "the search server"
"""As errors call it: its address is nobody's business who only searches."""


# What it logs holds addresses, and bodies with what was searched for; every failure is raised as an error of ours.
logging.getLogger("opensearch").disabled = True


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is: addresses of its nodes, name and password, the file with the authority that signed its
    certificate (None: those the system trusts), whether it is looked at. ``seconds``: of one request."""

    urls: tuple[str, ...]
    user: str = ""
    password: str = ""
    authority: str | None = None
    verify: bool = True
    seconds: float = 60.0
    connections: int = 8

    def __repr__(self) -> str:
        """Without what must get into no log: addresses and password."""
        return f"Server({len(self.urls)} nodes)"


class _Json(Serializer):
    mimetype = "application/json"

    def dumps(self, data: Any) -> Any:
        return data if isinstance(data, str | bytes) else orjson.dumps(data)

    def loads(self, s: Any) -> Any:
        return orjson.loads(s)


class _Connection(Urllib3HttpConnection):
    """Remembers that its node did not answer in time. The client's own count of failures is for those that refuse."""

    silent_until = 0.0

    def perform_request(self, *asked: Any, **more: Any) -> Any:
        try:
            return super().perform_request(*asked, **more)
        except exceptions.ConnectionTimeout:
            self.silent_until = time.monotonic() + _SILENT
            raise


class _Selector(RoundRobinSelector):
    """One node after the other, but for those that hang: they would take a request each time it is their turn."""

    def select(self, connections: Sequence[Any]) -> Any:
        now = time.monotonic()
        return super().select([one for one in connections if one.silent_until <= now] or connections)


class Client:
    """Requests to one server, from any thread. Every error is a :class:`~dicomlake.errors.EngineError`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        own: dict[str, Any] = {"ca_certs": server.authority} if server.authority else {}
        if not server.verify:
            own |= {"verify_certs": False, "ssl_assert_hostname": False}
        if server.user:
            own["http_auth"] = (server.user, server.password)
        self._client = OpenSearch(
            hosts=list(server.urls),
            connection_class=_Connection,
            selector_class=_Selector,
            pool_maxsize=server.connections,
            timeout=server.seconds,
            max_retries=len(server.urls) - 1,
            retry_on_status=(),
            serializer=_Json(),
            ssl_show_warn=False,
            **own,
        )
        self._transport = self._client.transport

    def call(self, method: str, path: str, body: Any = None, allowed: Sequence[int] = (), **params: Any) -> Any:
        """The answer to one request. ``allowed``: statuses of errors that are answers, too."""
        asked: dict[str, Any] = {name: str(value).lower() if value is True else value for name, value in params.items()}
        if allowed:
            asked["ignore"] = allowed
        others = 0 if path.endswith(_LONG) else len(self.server.urls) - 1
        while True:
            try:
                return self._transport.perform_request(method, path, params=asked, body=body)
            except exceptions.ConnectionTimeout as error:
                if not others:
                    raise self._told(error) from error
                others -= 1
            except exceptions.OpenSearchException as error:
                raise self._told(error) from error

    def patiently(self, method: str, path: str, body: Any = None, pauses: "Pauses | None" = None, **params: Any) -> Any:
        """As :meth:`call`; while the server is away or busy it is asked again. An answer may get lost: the request must
        be one that may be made twice."""
        return patient(lambda: self.call(method, path, body, **params), pauses)

    def check_version(self) -> str:
        """The version of the server. Raises EngineVersionError when this engine does not work with it."""
        answer = self.call("GET", "/")
        about = answer.get("version", {}) if isinstance(answer, Mapping) else {}
        number = str(about.get("number", "unknown"))
        numbers = tuple(int(part) for part in number.split(".")[:2] if part.isdigit())
        if about.get("distribution") != "opensearch" or numbers < OLDEST:
            name = about.get("distribution", "no OpenSearch")
            raise EngineVersionError(f"{_WHERE} is {name} {number}; OpenSearch 3 or later is needed", version=number)
        return number

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _told(self, error: exceptions.OpenSearchException) -> Exception:
        if isinstance(error, exceptions.SSLError):
            return EngineCertificateError(
                f"the certificate of {_WHERE} is not trusted: {error.error}; name the authority that signed it"
            )
        if isinstance(error, exceptions.ConnectionError):
            if isinstance(error.info, urllib3.exceptions.SSLError):
                return EngineCertificateError(f"the certificate of {_WHERE} is not trusted: {error.error}")
            return EngineAwayError(f"{_WHERE} does not answer; check the address and whether the server runs")
        if isinstance(error, exceptions.TransportError):
            return told(_WHERE, error.status_code, error.info if isinstance(error.info, Mapping) else {})
        return EngineError(f"{_WHERE}: {error}")


class Pauses:
    """Longer and longer pauses of random length, so that many who wait do not come back at once."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._next = _PAUSE

    def wait(self) -> bool:
        """Pause; False when the time is over."""
        if time.monotonic() >= self._until:
            return False
        time.sleep(random.uniform(self._next / 2, self._next))
        self._next = min(_LONGEST_PAUSE, self._next * 2)
        return True


def patient(ask: Callable[[], T], pauses: Pauses | None = None) -> T:
    """What ``ask`` gives; while the server is away or busy it is asked again."""
    pauses = pauses or Pauses(PATIENCE)
    while True:
        try:
            return ask()
        except EngineAwayError:
            if not pauses.wait():
                raise


def told(where: str, status: int | str, answer: Mapping[str, Any]) -> Exception:
    """The error that a status and its body stand for."""
    reason = answer.get("error", answer)
    kind, text = cause(reason)
    if "search_context_missing" in kind or "No search context found" in text:
        return CursorExpiredError("the server has let go of the commit that was looked at; begin again")
    if "too_complex_to_determinize" in kind or "TooComplexToDeterminize" in text:
        return CostError("this wildcard pattern is too complex; shorten it, or leave wildcards out")
    if status == 401:
        return EngineLoginError(f"{where} refused the name or password")
    if "cluster_block" in kind and status in (403, 429):
        return EngineReadOnlyError(f"{where} takes no documents: {text}; make room on its disks, then lift the block")
    if status == 403:
        return EngineLoginError(f"{where} does not allow this: {text}")
    if any(name in kind for name in _PASSING) or _GONE in text:
        status = 503
    if status in _BUSY:
        return EngineAwayError(f"{where} is overloaded or not ready: {text or kind or status}", server_status=status)
    return EngineError(f"{where} refused the request: {text or kind or status}", server_status=status)


def cause(reason: Any) -> tuple[str, str]:
    """Type and text of the innermost error that the server names."""
    if not isinstance(reason, Mapping):
        return "", str(reason)
    kind, text = str(reason.get("type") or ""), str(reason.get("reason") or "")
    inner = reason.get("caused_by") or next(iter(reason.get("root_cause") or reason.get("failed_shards") or ()), None)
    if isinstance(inner, Mapping):
        inner_kind, inner_text = cause(inner.get("reason") if isinstance(inner.get("reason"), Mapping) else inner)
        return (f"{kind} {inner_kind}", inner_text or text)
    return kind, text

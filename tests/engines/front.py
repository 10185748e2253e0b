"""A front before the real server: TLS, a name and password, another version; what its plain test node does not have."""

import ssl
import threading
from base64 import b64encode
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

_SEARCHES = ("/_search", "/_msearch")


@dataclass(frozen=True, slots=True)
class Front:
    """What the front does: ``login`` that it asks for, ``version`` that it claims, ``root``: what it says of itself,
    ``refusals``: what the next searches get in place of an answer, one each."""

    behind: str
    login: tuple[str, str] | None = None
    version: str | None = None
    root: bytes | None = None
    refusals: deque[bytes] = field(default_factory=deque)
    tls: ssl.SSLContext | None = None


@contextmanager
def serving(front: Front) -> Iterator[str]:
    """The address of a front, for as long as the block lasts."""
    client = httpx.Client(base_url=front.behind, timeout=60)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if front.login and self.headers.get("Authorization") != f"Basic {_encoded(front.login)}":
                return self._send(401, b'{"error":"Unauthorized"}')
            if front.refusals and self.path.partition("?")[0] in _SEARCHES:
                return self._send(500, front.refusals.popleft())
            kind = {"Content-Type": self.headers.get("Content-Type", "application/json")}
            answer = client.request(self.command, self.path, content=body, headers=kind)
            text = answer.content
            if front.version and self.path == "/":
                text = text.replace(answer.json()["version"]["number"].encode(), front.version.encode())
            if front.root and self.path == "/":
                text = front.root
            self._send(answer.status_code, text)

        def _send(self, status: int, text: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if front.tls is not None:
        server.socket = front.tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'https' if front.tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        client.close()


def _encoded(login: tuple[str, str]) -> str:
    return b64encode(":".join(login).encode()).decode()

"""The parts of the service as things that are started, watched and ended: the API in a thread, the page and the worker
in processes of their own."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from dicomlake.errors import PortInUseError, StartError

GRACE = 5.0
"""Seconds a part gets to end by itself."""

NEIGHBOURS = 100
"""Ports above a taken one that are tried when any will do."""


class Part(Protocol):
    """A running part of the service."""

    def check(self) -> None:
        """Raise StartError when it has ended by itself."""

    def answers(self) -> bool:
        """Whether it answers requests."""


def listen(host: str, port: int, flag: str, *, find_free: bool = False) -> socket.socket:
    """A socket that listens on this machine; ``find_free`` takes a port above when this one is in use.

    Raises PortInUseError, which names ``flag``, and UsageError for an address that others can reach.
    """
    from api import server  # noqa: PLC0415

    for candidate in range(port, min(port + NEIGHBOURS, 65_535) + 1) if find_free and port else (port,):
        try:
            return server.listen(host, candidate)
        except PortInUseError:
            continue
    raise PortInUseError(
        f"port {port} on {host} is in use; choose another with {flag}, 0 takes any free one", port=port
    )


def address_of(listener: socket.socket) -> tuple[str, int]:
    """Host and port of a listening socket."""
    host, port = listener.getsockname()[:2]
    return str(host), int(port)


def url_of(listener: socket.socket) -> str:
    """Where a listening socket is reached."""
    host, port = address_of(listener)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Api:
    """The API, served by a thread of this process."""

    def __init__(self, data: Path, listener: socket.socket) -> None:
        from api import app, server  # noqa: PLC0415
        from dicomlake import settings  # noqa: PLC0415
        from dicomlake.images import Limits as ImageLimits  # noqa: PLC0415
        from dicomlake.search import Limits  # noqa: PLC0415
        from dicomlake.state import JobLimits, SearchLimits  # noqa: PLC0415

        chosen = settings.load()
        images = ImageLimits(
            chosen.image_processes,
            chosen.image_seconds,
            chosen.image_memory,
            chosen.image_frame_bytes,
            chosen.image_cache_bytes,
            chosen.image_link_seconds,
        )
        limits = Limits(chosen.search_seconds, chosen.search_values, chosen.answer_bytes)
        self._address = address_of(listener)
        service = app.create(
            data,
            limits=limits,
            tables=chosen.tables_bytes,
            searches=SearchLimits.of(chosen),
            jobs=JobLimits.of(chosen),
            images=images,
        )
        self._server = server.server(service)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="api", daemon=True
        )
        self._thread.start()

    def check(self) -> None:
        """Raise StartError when it has ended by itself."""
        if not self._thread.is_alive():
            raise StartError("the API has ended by itself; start the service again")

    def answers(self) -> bool:
        """Whether it answers requests."""
        return answers(self._address, "/healthz")

    def end(self) -> None:
        """Let running requests finish, then stop."""
        self._server.should_exit = True
        self._thread.join(GRACE + 1)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(GRACE)


class _Process:
    """A part in a process and a session of its own: a terminal's Ctrl-C reaches this process only."""

    name = ""

    def __init__(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed by end)
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=self._log, stderr=self._log, start_new_session=True
        )

    def check(self) -> None:
        """Raise StartError, with its last line, when it has ended by itself."""
        if (code := self._process.poll()) is not None:
            raise StartError(f"the {self.name} has ended by itself (code {code}): {self._last_words()}")

    def answers(self) -> bool:
        """Whether it answers requests; what takes none is running."""
        return True

    def end(self) -> None:
        """Ask it to end, and all it started; make it, when it does not."""
        for urge in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                os.killpg(self._process.pid, urge)
                try:
                    self._process.wait(GRACE)
                except subprocess.TimeoutExpired:
                    continue
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._log.close()

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


class Page(_Process):
    """The page, a Streamlit process."""

    name = "page"

    def __init__(self, address: tuple[str, int], api_url: str) -> None:
        from ui import launch  # noqa: PLC0415

        self._address = address
        self._health = launch.HEALTH
        host, port = address
        super().__init__(launch.command(port, host, api_url), launch.environment(api_url))

    def answers(self) -> bool:
        """Whether it answers requests."""
        return answers(self._address, self._health)


class Work(_Process):
    """The worker, which runs jobs. It reads its standard input until that ends, and so ends with this process."""

    name = "worker"

    def __init__(self, data: Path) -> None:
        # -P: the folder that somebody is in may hold packages of the same names as ours.
        super().__init__([sys.executable, "-P", "-m", "worker", str(data)])


def answers(address: tuple[str, int], path: str) -> bool:
    """Whether a GET of this path is answered with 200."""
    connection = http.client.HTTPConnection(*address, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def asked_to_end() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and a closed terminal set."""
    event = threading.Event()
    signals = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {one: signal.signal(one, lambda *_: event.set()) for one in signals}
    try:
        yield event
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)

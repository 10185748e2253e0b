import socket
import subprocess
import sys

import pytest

from api.server import listen
from dicomlake.errors import PortInUseError, UsageError


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "10.0.0.1", "example.org", "", "*"])
def test_addresses_that_others_can_reach_are_refused(host: str) -> None:
    with pytest.raises(UsageError, match=r"listen on 127\.0\.0\.1"):
        listen(host, 0)


def test_loopback_is_listened_on() -> None:
    for host in ("127.0.0.1", "localhost", "127.0.0.2"):
        with listen(host, 0) as listener, socket.create_connection(listener.getsockname()):
            pass


def test_answers_do_not_wait_for_acknowledgements() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP  # else asyncio leaves Nagle's algorithm on


def test_a_port_in_use_is_told() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"port {port} .* in use"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("port", [-1, 65_536, 1_000_000])
def test_ports_that_are_none_are_refused(port: int) -> None:
    with pytest.raises(UsageError, match="ports go up to 65535"):
        listen("127.0.0.1", port)


def test_access_log_goes_to_standard_error_when_asked_for() -> None:
    program = "import logging; from api.server import log_access; log = logging.getLogger('dicomlake.access').info;"
    program += "log('GET /early 200 1.0 ms'); log_access(); log('GET /healthz 200 1.0 ms')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.endswith(" INFO GET /healthz 200 1.0 ms")

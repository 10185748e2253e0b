import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks import orthanc


class Stored(ThreadingHTTPServer):
    """Takes what is posted to it, and refuses what says so."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.bodies: list[bytes] = []
        self.clients: set[object] = set()


class Taking(BaseHTTPRequestHandler):
    server: Stored
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)
        self.server.clients.add(self.client_address)
        self.send_response(400 if body == b"bad" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Stored]:
    with Stored() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def files(folder: Path, *contents: bytes) -> list[Path]:
    paths = [folder / f"{number}.dcm" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


@pytest.mark.parametrize("clients", [1, 3])
def test_every_file_is_sent_once_over_few_connections(tmp_path: Path, server: Stored, clients: int) -> None:
    contents = [f"file {number}".encode() for number in range(20)]
    orthanc.upload(server.server_port, files(tmp_path, *contents), clients)
    assert sorted(server.bodies) == sorted(contents)
    assert 1 <= len(server.clients) <= clients


def test_a_refusal_ends_the_benchmark(tmp_path: Path, server: Stored) -> None:
    with pytest.raises(SystemExit, match="refused"):
        orthanc.upload(server.server_port, files(tmp_path, b"good", b"bad", b"good"), 1)


def test_the_peer_answers_this_machine_alone_and_keeps_its_default_settings_otherwise(tmp_path: Path) -> None:
    settings = orthanc.configuration(tmp_path, 4711, {"SyncStorageArea": False})
    assert settings["RemoteAccessAllowed"] is False
    assert settings["DicomServerEnabled"] is False
    assert settings["StorageCompression"] is False
    assert settings["SyncStorageArea"] is False
    assert settings["StorageDirectory"].startswith(str(tmp_path))
    assert settings["IndexDirectory"].startswith(str(tmp_path))

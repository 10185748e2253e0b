"""Orthanc as a peer: started in a folder of its own, filled over REST, ended. Debian package ``orthanc``.

It has its own default settings but for: loopback only, no passwords, no DICOM port (nothing is sent there), and
``StorageCompression`` off, which is its default too and named here because it would cost it time.
"""

import http.client
import json
import queue
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import cpu_seconds

_PATIENCE = 60.0
"""Seconds in which Orthanc has to answer."""

_TRIES = 3
"""Times that a file is sent at which Orthanc fails (500)."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Wall seconds of an upload, from the first request to the last answer, and CPU seconds of Orthanc alone."""

    seconds: float
    cpu: float


def executable() -> str | None:
    """The Orthanc of this machine, if there is one."""
    return shutil.which("Orthanc")


def version() -> str:
    """The version that it names."""
    said = subprocess.run([executable() or "Orthanc", "--version"], capture_output=True, text=True, check=True).stdout
    return said.splitlines()[0].split()[-1]


def configuration(folder: Path, port: int, more: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an Orthanc that keeps all it has in ``folder``."""
    return {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "StorageCompression": False,
        "HttpPort": port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomServerEnabled": False,
        **more,
    }


@contextmanager
def running(folder: Path, more: Mapping[str, Any] | None = None) -> Iterator[tuple[int, int]]:
    """An Orthanc in an empty folder; its port on loopback and its process id."""
    folder.mkdir()
    port = _free_port()
    settings = folder / "orthanc.json"
    settings.write_text(json.dumps(configuration(folder, port, more or {})))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([executable() or "Orthanc", str(settings)], stdout=log, stderr=log)
    try:
        _await(port, process, folder / "log")
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def fill(folder: Path, files: Sequence[Path], *, clients: int, more: Mapping[str, Any] | None = None) -> Upload:
    """Upload files (POST /instances) into a new Orthanc from so many clients at once, each with one connection."""
    with running(folder, more) as (port, pid):
        before = cpu_seconds(pid)
        started = time.perf_counter()
        upload(port, files, clients)
        spent = Upload(time.perf_counter() - started, cpu_seconds(pid) - before)
        stored = _get(port, "/statistics")["CountInstances"]
    if stored != len(files):
        raise SystemExit(f"Orthanc has {stored} instances of {len(files)}")
    return spent


def upload(port: int, files: Sequence[Path], clients: int) -> None:
    """Send every file, from so many clients at once: once, but again where Orthanc failed, whose threads now and then
    make the same folder at the same moment. Leaves with what Orthanc says when it refuses one or fails again."""
    waiting: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for file in files:
        waiting.put(file)
    refused: list[str] = []

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while not refused:
            try:
                file = waiting.get_nowait()
            except queue.Empty:
                break
            for _ in range(_TRIES):
                connection.request("POST", "/instances", file.read_bytes())
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 500:
                    break
            if answer.status != 200:
                refused.append(f"Orthanc refused {file} ({answer.status}): {body.decode(errors='replace')[:200]}")
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if refused:
        raise SystemExit(refused[0])


def _get(port: int, path: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    connection.request("GET", path)
    found = json.loads(connection.getresponse().read())
    connection.close()
    assert isinstance(found, dict)
    return found


def _await(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            _get(port, "/system")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"Orthanc does not answer: {log.read_text(errors='replace')[-500:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

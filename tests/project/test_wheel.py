"""The wheel, installed into a clean environment, is the whole program: from any folder, with its data files."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from dicomlake.__main__ import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
PATIENTS = 3


def sources() -> list[str]:
    """Every file of this checkout that git tracks, or would with the next commit."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).exists()]


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """The standard output of a command that has to succeed, started without this checkout on the import path."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    result = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode in {0, 3}, f"{command}: {result.returncode}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: an older build folder of the checkout cannot leak into it."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in sources():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", copy / "dist", copy)
    (built,) = (copy / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def dicomlake(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an environment that holds the wheel and the locked runtime requirements, nothing else."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, with_pip=True)
    pip = (home / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install")
    run(*pip, "--no-compile", "--require-hashes", "--requirement", ROOT / "requirements" / "runtime.txt")
    run(*pip, "--no-deps", wheel)
    run(home / "bin" / "python", "-m", "pip", "check")
    return home / "bin" / "dicomlake"


@pytest.fixture(scope="module")
def lake(dicomlake: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with the sample archive, made by the installed program in a folder of its own."""
    folder = tmp_path_factory.mktemp("elsewhere")
    run(dicomlake, "sample", "archive", "--patients", str(PATIENTS), "--seed", "7", cwd=folder)
    summary = json.loads(run(dicomlake, "index", "archive", "--data", "lake", "--json", cwd=folder).splitlines()[-1])
    assert summary["instances"] > 0
    return folder / "lake"


def test_wheel_holds_every_data_file(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    ours = {name for name in sources() if name.split("/")[0] in PACKAGES}
    assert ours - packed == set()


def test_wheel_holds_nothing_but_the_program(wheel: Path) -> None:
    roots = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in roots if not name.endswith(".dist-info")} == set(PACKAGES)


def test_wheel_carries_licence_and_notices(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"LICENSE", "NOTICE"} <= {Path(name).name for name in names if ".dist-info/licenses/" in name}


def test_installed_program_searches_what_it_indexed(dicomlake: Path, lake: Path, tmp_path: Path) -> None:
    answer = json.loads(
        run(dicomlake, "search", "Modality:*", "--data", lake, "--facet", "Modality", "--json", cwd=tmp_path)
    )
    assert answer["totals"]["patients"] >= PATIENTS
    assert sum(row["count"] for row in answer["facets"]["Modality"]) == answer["totals"]["series"]


def test_installed_program_serves_and_ends_by_signal(dicomlake: Path, lake: Path, tmp_path: Path) -> None:
    port, ui_port = free_ports()
    command = [str(dicomlake), "serve", "--data", str(lake), "--port", str(port), "--ui-port", str(ui_port)]
    server = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        assert answer_of(f"http://127.0.0.1:{port}/healthz", server)
        stats = json.loads(answer_of(f"http://127.0.0.1:{port}/api/v1/stats", server))
        assert stats
        state = f"http://127.0.0.1:{port}/api/v1/searches"  # its tables are made by the migrations in the wheel
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(state, b'{"state": "v=1&q=lung", "name": "Lungs"}', headers), timeout=30) as answer:
            assert answer.status == 201
        job = Request(state.replace("searches", "jobs"), b'{"kind": "retry"}', headers)
        with urlopen(job, timeout=30) as answer:
            address = f"http://127.0.0.1:{port}{answer.headers['Location']}"
        deadline = time.monotonic() + 60
        while (done := json.loads(answer_of(address, server)))["status"] not in ("done", "failed"):
            assert time.monotonic() < deadline, done
            time.sleep(0.2)
        assert done["status"] == "done", done
        assert answer_of(f"http://127.0.0.1:{ui_port}/_stcore/health", server) == b"ok"
        assert b"<html" in answer_of(f"http://127.0.0.1:{ui_port}/", server)
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) == 0
        for place in (port, ui_port):  # nothing listens any more: the page's process is gone, too
            with pytest.raises(OSError, match="refused"):
                socket.create_connection(("127.0.0.1", place), timeout=5)
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
        output: Any = server.communicate()[0]
    assert "Traceback" not in output


def free_ports() -> tuple[int, int]:
    """Two ports that nobody listens on."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def answer_of(url: str, server: subprocess.Popen[str], seconds: float = 60) -> bytes:
    """The body that ``url`` answers with, as soon as it does; the server must stay alive meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
        assert server.poll() is None, f"serve ended with {server.returncode}"
        try:
            with urlopen(url, timeout=5) as answer:
                body: bytes = answer.read()
                return body
        except OSError:
            assert time.monotonic() < deadline, f"{url} did not answer within {seconds} s"
            time.sleep(0.2)

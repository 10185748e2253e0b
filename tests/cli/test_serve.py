"""``dicomlake serve``: both parts answer, and end with it, whatever ends it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.cli.run import command, environment_of


@contextmanager
def serving(lake: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The service over a lake on free ports, and its addresses."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dicomlake", "serve", "--data", lake, "--port", "0", "--ui-port", "0", "--json", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment_of(),
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline() or "{}")
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def end(process: subprocess.Popen[str], how: signal.Signals) -> tuple[int, str]:
    """Exit code and standard error after a signal to the process group, as from a terminal."""
    os.killpg(process.pid, how)
    _, err = process.communicate(timeout=30)
    return process.returncode, err


def processes_with(word: str) -> list[int]:
    """Processes that have this among their arguments."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in words:
            found.append(int(folder.name))
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_api_answers_and_ends_cleanly(lake: Path, how: signal.Signals) -> None:
    with serving(lake, "--no-ui") as (process, addresses):
        assert addresses["ui"] is None
        assert httpx.get(addresses["api"] + "/healthz").status_code == 200
        answer = httpx.post(addresses["api"] + "/api/v1/search", json={"q": "Modality:CT", "limit": 1}).json()
        assert answer["totals"]["instances"] == 48
        assert end(process, how) == (0, "")
    with socket.create_server(("127.0.0.1", urlsplit(addresses["api"]).port or 0)):
        pass


def test_the_page_answers_and_leaves_no_process_behind(lake: Path) -> None:
    with serving(lake) as (process, addresses):
        assert httpx.get(addresses["api"] + "/healthz").status_code == 200
        assert httpx.get(addresses["ui"] + "/_stcore/health").status_code == 200
        assert len(processes_with(addresses["api"])) == 1
        assert end(process, signal.SIGINT) == (0, "")
    assert processes_with(addresses["api"]) == []


def test_when_the_page_dies_the_service_ends_and_says_so(lake: Path) -> None:
    with serving(lake) as (process, addresses):
        (page,) = processes_with(addresses["api"])
        os.kill(page, signal.SIGKILL)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 1
        assert err.startswith("dicomlake: the page has ended by itself (code -9)")
        assert err.count("\n") == 1


@pytest.mark.parametrize("flag", ["--port", "--ui-port"])
def test_a_port_in_use_is_one_line_that_names_the_option(lake: Path, flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        other = {"--port": "--ui-port", "--ui-port": "--port"}[flag]
        done = command("serve", "--data", lake, flag, str(port), other, "0", "--json")
    assert done.failed_with(1, f"port {port} on 127.0.0.1 is in use", f"choose another with {flag}")
    assert done.lines[-1]["error"]["code"] == "port-in-use"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_others_are_not_served(lake: Path, host: str) -> None:
    started = time.monotonic()
    assert command("serve", "--data", lake, "--host", host).failed_with(2, host, "listen on 127.0.0.1")
    assert time.monotonic() - started < 30


def test_a_port_that_is_none_is_refused(lake: Path) -> None:
    assert command("serve", "--data", lake, "--port", "70000").failed_with(2, "ports go up to 65535")

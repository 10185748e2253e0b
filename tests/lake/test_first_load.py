"""The first load into a lake on a server with copies: without them while it lasts, with them afterwards, also when it
was killed. On three nodes that are really there, for one has nowhere to put a copy."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dicomlake.lake import Choice
from tests.cli.run import environment_of
from tests.indexer.builders import hospital
from tests.lake.places import Place, embedded
from tests.lake.test_doctor import findings
from tools.opensearch import Cluster, cluster, jars

REPOSITORY = Path(__file__).parents[2]
WANTED = {"DICOMLAKE_ENGINE_SHARDS": "2", "DICOMLAKE_ENGINE_REPLICAS": "1"}
DOCUMENTS = ("instances", "series", "kept")
NEWER = "3.9.0"
"""A version after the one that tests use, for an upgrade."""


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("three"), nodes=3, brief=True) as started:
        yield started


def shape(started: Cluster, place: Place) -> dict[str, tuple[str, str]]:
    """Shards and copies of each index."""
    rows = started.nodes[0].get(f"/_cat/indices/{place.choice.prefix}-*?format=json")
    return {row["index"].split("-")[-2]: (row["pri"], row["rep"]) for row in rows}


def killed_load(place: Place, source: Path, when: str, number: int) -> None:
    """A load that kills itself there."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.lake.killed_load", str(place.data), str(source), when, str(number)],
        cwd=REPOSITORY,
        env=environment_of(**place.settings, **WANTED),
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def load(place: Place, source: Path) -> Any:
    """A load that nothing happens to, by the command."""
    done = place.command("index", source, "--json", "--quiet", **WANTED)
    assert done.code == 3, done.err
    return done.lines[-1]


def test_a_first_load_that_is_killed_gets_its_copies_by_the_next(three: Cluster, tmp_path: Path) -> None:
    started = three
    started.wait("green")
    source = hospital(tmp_path / "archive")
    undisturbed = embedded(tmp_path / "undisturbed")
    assert undisturbed.command("index", source, "--quiet").code == 3
    first = Place(tmp_path / "first", Choice("opensearch", "first", started.urls))
    second = Place(tmp_path / "second", Choice("opensearch", "second", started.urls))
    bare = {**dict.fromkeys(DOCUMENTS, ("2", "0")), "state": ("1", "1")}
    whole = {**dict.fromkeys(DOCUMENTS, ("2", "1")), "state": ("1", "1")}

    killed_load(first, source, "after-engine", 2)
    killed_load(second, source, "before-settle", 1)
    for place in (first, second):
        assert shape(started, place) == bare
    said = findings(second)["copies"]
    assert not said["fit"]
    assert "the first load goes on, or was killed" in said["detail"]
    assert "1 wanted" in said["detail"]
    killed_load(first, source, "before-engine", 2)
    assert shape(started, first) == bare

    assert load(first, source)["instances"] == 48
    assert load(second, source)["unchanged"] == 48
    for place in (first, second):
        assert shape(started, place) == whole
    assert "copies" not in findings(second)
    started.wait("green")
    expected = undisturbed.documents()
    assert first.documents() == expected
    assert second.documents() == expected

    # The copies are real: they stand in for a node that is gone, and one that comes back catches up.
    victim = started.nodes[0]
    victim.kill()
    started.wait()
    assert first.documents() == expected
    (source / "p0" / "s0" / "i000.dcm").unlink()
    for place in (first, undisturbed):
        assert place.command("index", source, "--prune", "--quiet").code == 3
    victim.start()
    started.wait("green")
    assert first.documents() == undisturbed.documents() != expected
    shards = started.nodes[1].get(f"/_cat/shards/{','.join(f'first-{kind}-1' for kind in DOCUMENTS)}?format=json")
    assert {shard["state"] for shard in shards} == {"STARTED"}
    assert len(shards) == 2 * len({(shard["index"], shard["shard"], shard["docs"]) for shard in shards})


def test_nodes_are_upgraded_one_by_one_while_searches_go_on(
    opensearch_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    """As docs/guide/engines.md says."""
    three = opensearch_cluster(nodes=3)
    newer = jars.prepare(three.java, print, version=NEWER)
    place = Place(tmp_path / "lake", Choice("opensearch", "rolling", three.urls))
    assert load(place, hospital(tmp_path / "archive", series=2))["instances"] == 16
    expected = place.documents()
    for node in three.nodes:
        three.wait("green")
        other = next(one for one in three.nodes if one is not node)
        with httpx.Client(base_url=other.url, timeout=60) as client:
            for enabled in ("primaries", "all"):
                allocation = {"cluster.routing.allocation.enable": enabled}
                client.put("/_cluster/settings", json={"persistent": allocation}).raise_for_status()
                if enabled == "primaries":
                    client.post("/_flush").raise_for_status()
                    node.stop()
                    assert place.documents() == expected
                    node.jars = newer
                    node.start()
                    assert place.documents() == expected
    three.wait("green")
    assert {node.get("/")["version"]["number"] for node in three.nodes} == {NEWER}
    assert place.documents() == expected
    assert load(place, hospital(tmp_path / "archive", series=3))["instances"] == 24


def test_shards_without_copies_can_be_moved_when_a_load_has_ended(three: Cluster, tmp_path: Path) -> None:
    """The server cannot hand over documents that it has not written to disk yet: nothing is kept of what was sent."""
    place = Place(tmp_path / "lake", Choice("opensearch", "moved", three.urls))
    done = place.command("index", hospital(tmp_path / "archive", series=2), "--quiet", DICOMLAKE_ENGINE_SHARDS="2")
    assert done.code == 3
    expected = place.documents()
    moved = 0
    with httpx.Client(base_url=three.url, timeout=60) as client:
        for node in three.nodes:
            on_it = [row for row in client.get("/_cat/shards/moved-*?format=json").json() if row["node"] == node.name]
            elsewhere = {"index.routing.allocation.exclude._name": node.name}
            client.put("/moved-*/_settings", json=elsewhere).raise_for_status()
            until = time.monotonic() + 120
            while node.name in client.get("/_cat/shards/moved-*?h=node").text:  # also while it is on its way
                assert time.monotonic() < until, on_it
                time.sleep(0.2)
            moved += len(on_it)
            assert place.documents() == expected
    assert moved


def test_what_a_migration_makes_has_its_copies_from_the_start(
    opensearch_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    """It takes the place of what has them; one node is enough to see what is asked for."""
    started = opensearch_cluster(heap="512m")
    source = hospital(tmp_path / "archive", series=1)
    place = Place(tmp_path / "lake", Choice("opensearch", "copied", started.urls))
    assert embedded(place.data).command("index", source, "--quiet").code == 3
    done = embedded(place.data).command(
        "engine", "copy", "--from", "embedded", "--to", "opensearch", **place.settings, **WANTED
    )
    assert done.code == 0, done.err
    assert shape(started, place) == {**dict.fromkeys(DOCUMENTS, ("2", "1")), "state": ("1", "1")}
    assert "copies" not in findings(place)

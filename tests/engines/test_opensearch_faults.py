"""What happens to servers in the middle of a load: at the end, the index is what it is when nothing happens.

Every node here is a process of its own that is really stopped or killed, while bodies are on their way to it.
"""

import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from dicomlake.engines.base import Plan
from dicomlake.engines.opensearch import bulk
from dicomlake.engines.opensearch.bulk import Bulk, Operation
from dicomlake.engines.opensearch.client import Server
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.engines.opensearch.indices import Indices, Shape
from dicomlake.engines.strategies import COLUMNS, series_record
from dicomlake.errors import EngineAwayError, EngineReadOnlyError
from tests.engines.loads import SERIES, content, load
from tests.opensearch.fixtures import Started
from tools.opensearch import Cluster, Node, cluster

_numbers = itertools.count()


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("one"), heap="512m", brief=True) as started:
        yield started


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("three"), nodes=3, brief=True) as started:
        yield started


@pytest.fixture(autouse=True)
def _small_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that there is always one on its way."""
    monkeypatch.setattr(bulk, "BODY", 50_000)


def opened(servers: Cluster, name: str = "", write: bool = True, shape: Shape | None = None) -> OpenSearchEngine:
    """A lake on a cluster, with a copy of every document where there is more than one node."""
    shape = shape or (Shape(shards=3, replicas=1) if len(servers.nodes) > 1 else Shape())
    return OpenSearchEngine(
        Server(servers.urls), name or f"lake-{next(_numbers)}", COLUMNS, write=write, shape=shape if write else None
    )


@pytest.fixture(scope="module")
def undisturbed(one: Cluster) -> dict[str, Any]:
    """What is in the index when nothing happens."""
    engine = opened(one, "undisturbed")
    load(engine)
    found = content(engine)
    engine.close()
    assert len(found) > 9_000
    return found


def same(found: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Document by document; says which differ."""
    differing = {key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)}
    assert not differing, f"{len(differing)} differ, such as {sorted(differing)[:5]}"
    return True


def back_after(node: Node, seconds: float) -> threading.Timer:
    """Starts a node again by and by, beside what goes on."""
    timer = threading.Timer(seconds, node.launch)
    timer.start()
    return timer


@pytest.mark.parametrize("end", [Node.kill, Node.stop], ids=["killed", "stopped"])
def test_a_server_started_again_in_the_middle_of_a_load(
    end: Callable[[Node], None], one: Cluster, undisturbed: dict[str, Any]
) -> None:
    (node,) = one.nodes
    engine = opened(one)
    timers = []

    def disturb(number: int) -> None:
        if number in (3, 10):
            end(node)
            timers.append(back_after(node, 1))

    load(engine, disturb)
    assert len(timers) == 2
    assert engine.rejected() == []
    assert same(content(engine), undisturbed)
    engine.close()


def test_a_server_killed_in_the_middle_of_a_commit(
    one: Cluster, undisturbed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (node,) = one.nodes
    engine, real = opened(one), Indices.refresh
    calls = itertools.count()

    def refresh(indices: Indices, kinds: Any) -> None:
        if next(calls) == 1:
            node.kill()
            back_after(node, 1)
        real(indices, kinds)

    monkeypatch.setattr(Indices, "refresh", refresh)
    load(engine)
    assert same(content(engine), undisturbed)
    engine.close()


@pytest.mark.parametrize("manager", [True, False], ids=["the manager", "another"])
def test_one_of_three_nodes_killed_in_the_middle_of_a_load(
    manager: bool, three: Cluster, undisturbed: dict[str, Any]
) -> None:
    three.wait("green")
    (row,) = three.nodes[0].get("/_cat/cluster_manager?format=json")
    victim = next(node for node in three.nodes if (node.name == row["node"]) == manager)
    engine = opened(three)
    shards = three.nodes[0].get(f"/_cat/shards/{engine.indices.prefix}-*?format=json")
    assert {(shard["node"], shard["prirep"]) for shard in shards} >= {(victim.name, "p"), (victim.name, "r")}
    load(engine, lambda number: victim.kill() if number == 7 else None)
    assert not victim.running
    assert engine.rejected() == []
    assert same(content(engine), undisturbed)

    victim.start()
    three.wait("green")
    assert same(content(engine), undisturbed)
    counts: dict[tuple[str, str], set[str]] = {}
    for shard in victim.get(f"/_cat/shards/{engine.indices.prefix}-*?format=json"):
        counts.setdefault((shard["index"], shard["shard"]), set()).add(shard["docs"])
    assert all(len(docs) == 1 for docs in counts.values()), counts
    engine.indices.remove()
    engine.close()


def test_one_of_three_nodes_hangs_in_the_middle_of_a_load(
    opensearch_cluster: Started, undisturbed: dict[str, Any]
) -> None:
    """It is stopped as it is, with its connections open; the others give it up after some seconds."""
    check = {"interval": "1s", "timeout": "5s", "retry_count": "1"}
    settings = {
        f"cluster.fault_detection.{which}_check.{name}": value
        for which in ("leader", "follower")
        for name, value in check.items()
    }
    started = opensearch_cluster(nodes=3, settings=settings)
    server = Server(started.urls, seconds=4)
    engine = OpenSearchEngine(server, "lake", COLUMNS, write=True, shape=Shape(shards=3, replicas=1))
    (row,) = started.nodes[0].get("/_cat/cluster_manager?format=json")
    process = next(node.process for node in started.nodes if node.name != row["node"])
    assert process is not None

    load(engine, lambda number: process.send_signal(signal.SIGSTOP) if number == 7 else None)
    assert same(content(engine), undisturbed)
    reader = OpenSearchEngine(server, "lake", COLUMNS)
    assert reader.search(Plan()) == engine.search(Plan())
    reader.close()
    process.send_signal(signal.SIGCONT)
    started.wait()
    assert same(content(engine), undisturbed)
    engine.close()


def test_readers_go_on_by_themselves_when_a_node_of_three_is_killed(three: Cluster) -> None:
    three.wait("green")
    writers = [opened(three, shape=Shape(shards, replicas=1)) for shards in (1, 3)]
    for writer in writers:
        load(writer)
    plan = Plan(level="instance", limit=20)
    for victim in three.nodes:
        # Some of so many have their points in time on any node.
        readers = [opened(three, writer.indices.prefix, write=False) for writer in writers for _ in range(5)]
        before = [reader.search(plan) for reader in readers]
        assert all(one.hits == before[0].hits for one in before)
        victim.kill()
        pages = [reader.search(replace(plan, after=before[0].after)) for reader in readers]
        assert all(one.hits == pages[0].hits for one in pages)
        assert len({hit.key for hit in (*before[0].hits, *pages[0].hits)}) == 40
        for reader, earlier in zip(readers, before, strict=True):
            assert reader.search(replace(plan, limit=0)).totals == earlier.totals
            assert reader.refresh() == earlier.generation
            reader.close()
        victim.start()
        three.wait("green")
    for writer in writers:
        writer.indices.remove()
        writer.close()


def test_a_part_of_the_index_that_is_away_is_told_and_never_left_out(
    three: Cluster, undisturbed: dict[str, Any]
) -> None:
    """Nobody has a copy of what the killed node had: others answer, and none of them with less than all."""
    three.wait("green")
    writer = opened(three, shape=Shape(shards=3, replicas=0))
    load(writer)
    reader = opened(three, writer.indices.prefix, write=False)
    shards = three.nodes[0].get(f"/_cat/shards/{writer.indices.prefix}-*?format=json")
    (state,) = (shard["node"] for shard in shards if shard["index"] == writer.indices.state)
    victim = next(node for node in three.nodes if node.name != state)
    assert {shard["index"] for shard in shards if shard["node"] == victim.name} >= {f"{writer.indices.prefix}-series-1"}
    victim.kill()
    for ask in (
        lambda: reader.search(Plan()),
        lambda: reader.get("series", ["1.2.7"]),
        lambda: reader.vocabulary("instance", "Modality", "s", 5),
        lambda: opened(three, writer.indices.prefix, write=False),
    ):
        with pytest.raises(EngineAwayError):
            ask()

    again = threading.Thread(target=load, args=(writer,))
    again.start()
    again.join(3)
    assert again.is_alive(), "a load must wait for the missing part"
    victim.start()
    again.join(180)
    assert not again.is_alive()
    reader.refresh()
    assert len(reader.search(Plan(limit=1_000)).hits) == SERIES - 5
    assert same(content(writer), undisturbed)
    reader.close()
    writer.indices.remove()
    writer.close()


def test_what_was_deleted_stays_deleted_when_its_document_comes_late(
    one: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body is held up on its way while a deletion of what is in it passes, and the server is started again."""
    (node,) = one.nodes
    engine = opened(one)
    real, held = Bulk._post, threading.Event()

    def post(self: Bulk, operations: Sequence[Operation]) -> dict[str, Any]:
        if operations[0][3] == "1.2.1" and operations[0][1] is not None and not held.is_set():
            time.sleep(2)  # in which the deletion would pass
            held.set()
            node.restart()  # what ends in order forgets the versions of what it has deleted
        return real(self, operations)

    monkeypatch.setattr(Bulk, "_post", post)
    engine.put([series_record("1.2.1", Modality="CT")])
    numbers = itertools.count()
    while not engine._writing._sending:  # until the body with it is on its way
        engine.put([series_record(f"1.3.{next(numbers)}", Modality="CT")])
    engine.delete("series", ["1.2.1"])
    engine.commit()
    assert held.is_set()
    assert engine.get("series", ["1.2.1", "1.3.7"]).keys() == {"1.3.7"}
    assert engine.kept(["1.2.1"]) == {}
    engine.close()


def test_shards_move_to_other_nodes_in_the_middle_of_a_load(three: Cluster, undisturbed: dict[str, Any]) -> None:
    """Without copies, too: what a node hands over is what it has and what comes meanwhile."""
    three.wait("green")
    engine = opened(three, shape=Shape(shards=3, replicas=0))
    names = [node.name for node in three.nodes]

    def disturb(number: int) -> None:
        if number in (4, 9, 14):
            for shard in three.nodes[0].get(f"/_cat/shards/{engine.indices.prefix}-*?format=json"):
                if shard["state"] == "STARTED":
                    to = names[(names.index(shard["node"]) + 1) % 3]
                    part = {"index": shard["index"], "shard": int(shard["shard"])}
                    move = {"commands": [{"move": {**part, "from_node": shard["node"], "to_node": to}}]}
                    engine._client.call("POST", "/_cluster/reroute", move, allowed=(400,))

    load(engine, disturb)
    assert same(content(engine), undisturbed)
    engine.indices.remove()
    engine.close()


def test_a_disk_that_is_nearly_full_is_told_and_the_load_goes_on_with_room(opensearch_cluster: Started) -> None:
    """The server itself closes its indices, at a mark above what any disk has free, and opens them again."""
    started = opensearch_cluster(
        heap="512m",
        settings={
            "cluster.routing.allocation.disk.threshold_enabled": "true",
            "cluster.info.update.interval": "10s",
            "cluster.routing.allocation.disk.watermark.enable_for_single_data_node": "true",
            **_marks("1b"),
        },
    )
    engine = opened(started)
    engine.put([series_record("1.2.1")])
    engine.commit()
    engine._client.call("PUT", "/_cluster/settings", {"persistent": _marks("1000000tb")})
    _wait_for_block(started, True)
    engine.put([series_record("1.2.2")])
    with pytest.raises(EngineReadOnlyError, match="make room on its disks"):
        engine.commit()
    assert [hit.key for hit in engine.search(Plan()).hits] == ["1.2.1"]
    engine._client.call("PUT", "/_cluster/settings", {"persistent": _marks("1b")})
    _wait_for_block(started, False)
    engine.put([series_record("1.2.2")])
    engine.commit()
    assert [hit.key for hit in engine.search(Plan()).hits] == ["1.2.1", "1.2.2"]
    engine.close()


def _marks(free: str) -> dict[str, str]:
    """Free bytes below which a disk counts as full."""
    mark = "cluster.routing.allocation.disk.watermark"
    return {f"{mark}.{name}": free for name in ("low", "high", "flood_stage")}


def _wait_for_block(started: Cluster, wanted: bool) -> None:
    until = time.monotonic() + 60
    while ("blocks" in str(started.nodes[0].get("/_all/_settings"))) != wanted:
        assert time.monotonic() < until
        time.sleep(0.2)


def test_a_reader_says_that_the_server_is_away_and_goes_on_when_it_is_back(one: Cluster) -> None:
    writer = opened(one)
    load(writer)
    reader = opened(one, writer.indices.prefix, write=False)
    before = reader.search(Plan())
    one.nodes[0].kill()
    for ask in (lambda: reader.search(Plan(limit=10)), reader.refresh, lambda: opened(one, write=False)):
        with pytest.raises(EngineAwayError, match="the search server does not answer"):
            ask()
    one.nodes[0].start()
    assert reader.search(Plan()).hits == before.hits
    assert reader.refresh() == before.generation
    reader.close()
    writer.close()

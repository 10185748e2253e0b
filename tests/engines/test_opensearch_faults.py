"""What happens to servers in the middle of a load: at the end, the index is what it is when nothing happens.

Every node here is a process of its own that is really stopped or killed, while bodies are on their way to it.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dicomlake.engines.base import Plan
from dicomlake.engines.opensearch import OpenSearchEngine, Server, Shape, bulk
from dicomlake.engines.opensearch.indices import Indices
from dicomlake.engines.strategies import COLUMNS
from dicomlake.errors import EngineAwayError
from tests.engines.loads import content, load
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


def opened(servers: Cluster, name: str = "", write: bool = True) -> OpenSearchEngine:
    """A lake on a cluster, with a copy of every document where there is more than one node."""
    shape = Shape(shards=3, replicas=1) if len(servers.nodes) > 1 else Shape()
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


def test_readers_go_on_by_themselves_when_a_node_of_three_is_killed(three: Cluster) -> None:
    three.wait("green")
    writer = opened(three)
    load(writer)
    for victim in three.nodes:
        reader = opened(three, writer.indices.prefix, write=False)
        plan = Plan(level="instance", limit=20)
        before = reader.search(plan)
        victim.kill()
        after = reader.search(Plan(level="instance", limit=20, after=before.after))
        assert len({hit.key for hit in (*before.hits, *after.hits)}) == 40
        assert reader.search(Plan(level="instance", limit=0)).totals == before.totals
        reader.close()
        victim.start()
        three.wait("green")
    writer.indices.remove()
    writer.close()


def test_a_reader_says_that_the_server_is_away_and_goes_on_when_it_is_back(one: Cluster) -> None:
    writer = opened(one)
    load(writer)
    reader = opened(one, writer.indices.prefix, write=False)
    before = reader.search(Plan())
    one.nodes[0].kill()
    for ask in (lambda: reader.search(Plan(limit=10)), reader.refresh, lambda: opened(one, write=False)):
        with pytest.raises(EngineAwayError, match=one.url):
            ask()
    one.nodes[0].start()
    assert reader.search(Plan()).hits == before.hits
    assert reader.refresh() == before.generation
    reader.close()
    writer.close()

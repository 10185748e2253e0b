"""A cluster of nodes on this machine, for as long as a ``with`` block lasts."""

import random
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.opensearch import jars
from tools.opensearch.errors import NodeError
from tools.opensearch.jars import VERSION, Say
from tools.opensearch.java import Java, find
from tools.opensearch.node import Node, Status

_PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections: a port stays free while its node is away."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Nodes that found each other. ``snapshots``: a folder in which they may keep repositories of type ``fs``."""

    nodes: tuple[Node, ...]
    snapshots: Path
    java: Java

    @property
    def url(self) -> str:
        """Where the first node answers."""
        return self.nodes[0].url

    @property
    def urls(self) -> tuple[str, ...]:
        """Where each node answers."""
        return tuple(node.url for node in self.nodes)

    @property
    def way(self) -> str:
        """How this cluster came to be, in words."""
        return f"OpenSearch {self.nodes[0].jars.version} from its jars on {self.java}"

    def wait(self, status: Status = "yellow", seconds: float = 120) -> None:
        """Return when the nodes that run are one cluster that serves every index; green: every copy of it."""
        running = [node for node in self.nodes if node.running]
        if not running:
            raise NodeError("no node of this cluster runs")
        for node in running:
            node.wait(len(running), status, seconds)


@contextmanager
def cluster(
    folder: Path,
    *,
    nodes: int = 1,
    heap: str | None = None,
    settings: Mapping[str, str] | None = None,
    port: int | None = None,
    brief: bool = False,
    java: Java | None = None,
    version: str = VERSION,
    say: Say = print,
) -> Iterator[Cluster]:
    """So many nodes with their data below ``folder``, all answering; ended at the end of the block, whatever happens.

    ``heap``: of each node, 1g for one and 512m for several unless told. ``settings``: more settings, of every node.
    ``port``: of the first node; any free one unless told. ``brief``: for seconds only, so that half the CPU time of a
    start (3.6 s instead of 7.5) is worth more than fast code later. ``java``: the one to run on; the first that is
    found unless told. ``version``: of OpenSearch. Raises ``UnavailableError`` where this machine lacks what it takes,
    ``NodeError`` when a node does not start.
    """
    java = java or find()
    brought = jars.prepare(java, say, version=version)
    ports = free_ports(2 * nodes)
    if port is not None:
        ports[0] = port
    names = [f"n{number}" for number in range(1, nodes + 1)]
    snapshots = folder.resolve() / "snapshots"
    common = {
        "cluster.name": f"dicomlake-{ports[nodes]}",
        "path.repo": str(snapshots),
        # A disk nearly full is no concern of a test, unless it says so.
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    if nodes == 1:
        common["discovery.type"] = "single-node"
    else:
        common["discovery.seed_hosts"] = ",".join(f"127.0.0.1:{transport}" for transport in ports[nodes:])
        common["cluster.initial_cluster_manager_nodes"] = ",".join(names)
    heap = heap or ("1g" if nodes == 1 else "512m")
    every = tuple(
        Node(name, folder.resolve() / name, http, transport, java, brought, heap, common | dict(settings or {}), brief)
        for name, http, transport in zip(names, ports[:nodes], ports[nodes:], strict=True)
    )
    try:
        for node in every:
            node.launch()
        started = Cluster(every, snapshots, java)
        started.wait()
        yield started
    finally:
        for node in every:
            node.stop()


def free_ports(count: int) -> list[int]:
    """So many ports of 127.0.0.1 that nobody listens on."""
    found: list[int] = []
    for port in random.sample(_PORTS, len(_PORTS)):
        if len(found) == count:
            return found
        if is_free(port):
            found.append(port)
    raise NodeError(f"no {count} free ports between {_PORTS.start} and {_PORTS.stop}")


def is_free(port: int) -> bool:
    """Whether one may listen on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

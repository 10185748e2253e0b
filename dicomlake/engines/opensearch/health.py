"""Whether a server is fit for work: what it says of itself, its disks, and the indices of a lake."""

import re
from collections.abc import Iterator
from typing import Any, Final

from dicomlake.engines.opensearch.client import Client
from dicomlake.engines.opensearch.indices import Indices

_WATERMARK: Final = "cluster.routing.allocation.disk.watermark.low"
_SHARE: Final = re.compile(r"([0-9.]+)%")

Finding = tuple[str, bool, str]
"""What was looked at, whether it is fit, and what was found."""


def examine(indices: Indices) -> Iterator[Finding]:
    """Look at everything that keeps a server from working; ``indices`` need not be there. Raises EngineError."""
    client = indices.client
    number = client.check_version()
    health = client.call("GET", "/_cluster/health")
    nodes, missing = health["number_of_nodes"], health["unassigned_shards"]
    said = f"OpenSearch {number}, {nodes} node{'' if nodes == 1 else 's'}, {health['status']}"
    if missing:
        said += f"; {missing} shards or copies are nowhere: add nodes, or lower DICOMLAKE_ENGINE_REPLICAS"
    yield "search server", health["status"] != "red", said
    yield from _disks(client)
    if indices.exist():
        yield from _blocks(indices)
        yield from _templates(indices)
        yield from _copies(indices)


def _disks(client: Client) -> Iterator[Finding]:
    settings = client.call("GET", "/_cluster/settings", include_defaults=True, flat_settings=True)
    known = {**settings["defaults"], **settings["persistent"], **settings["transient"]}
    share = _SHARE.fullmatch(str(known.get(_WATERMARK, "")))
    low = float(share[1]) if share else 100.0  # as bytes: the server itself closes indices then
    for node in client.call("GET", "/_cat/allocation", format="json", bytes="b"):
        if node.get("disk.percent") is None:
            continue
        used = float(node["disk.percent"])
        said = f"{used:.0f} % in use"
        if used >= low:
            said += f"; from {low:.0f} % on the server puts nothing new there, and in the end closes indices"
        yield f"disk of {node['node']}", used < low, said


def _blocks(indices: Indices) -> Iterator[Finding]:
    path = f"/{','.join(indices.names)}/_settings/index.blocks.*"
    answer: dict[str, Any] = indices.client.call("GET", path, flat_settings=True)
    closed = sorted(name for name, one in answer.items() if "true" in one["settings"].values())
    if closed:
        yield (
            "indices",
            False,
            f"{', '.join(closed)} can be read only; make room on the disks, then: PUT {closed[0]}/_settings "
            '{"index.blocks.read_only_allow_delete": null}',
        )
    else:
        yield "indices", True, f"{', '.join(indices.names)} take documents"


def _templates(indices: Indices) -> Iterator[Finding]:
    call = indices.client.call
    missing = [name for name in indices.templates if not call("HEAD", f"/_index_template/{name}", allowed=(404,))]
    if missing:
        said = (
            f"{', '.join(missing)} are gone; the next version of the indices, by dicomlake engine migrate, makes them"
        )
        yield "templates", False, said


def _copies(indices: Indices) -> Iterator[Finding]:
    if wanting := indices.wanting():
        said = (
            f"the first load goes on, or was killed: there are no copies of the indices, and {wanting} wanted; if"
            " nothing indexes, run dicomlake index again, which makes them when it ends"
        )
        yield "copies", False, said

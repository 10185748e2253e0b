"""A real OpenSearch server for tests and benchmarks, with or without Docker.

``server`` gives a server that may be shared; ``cluster`` gives nodes of one's own, to be stopped and killed.
"""

from tools.opensearch.cluster import Cluster, cluster
from tools.opensearch.errors import NodeError, OpenSearchToolError, UnavailableError
from tools.opensearch.jars import VERSION
from tools.opensearch.node import Node
from tools.opensearch.server import Server, server

__all__ = [
    "VERSION",
    "Cluster",
    "Node",
    "NodeError",
    "OpenSearchToolError",
    "Server",
    "UnavailableError",
    "cluster",
    "server",
]

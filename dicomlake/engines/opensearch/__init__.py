"""The OpenSearch engine: three indices behind aliases on a server of one node or many."""

from dicomlake.engines.opensearch.client import Server
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.engines.opensearch.indices import Shape

__all__ = ["OpenSearchEngine", "Server", "Shape"]

"""The embedded engine: Tantivy in a folder on disk, one writing process, many readers, no server."""

from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.embedded.lock import unwritten

__all__ = ["EmbeddedEngine", "unwritten"]

"""The embedded engine: Tantivy in a folder on disk, one writing process, many readers, no server."""

from dicomlake.engines.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]

"""The embedded engine: Tantivy in a folder on disk, one writing process, many readers, no server."""

from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.embedded.lock import unwritten
from dicomlake.engines.embedded.tables import BUDGET

__all__ = ["BUDGET", "EmbeddedEngine", "unwritten"]

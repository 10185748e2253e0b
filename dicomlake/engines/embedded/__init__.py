"""The embedded engine: Tantivy in a folder on disk, one writing process, many readers, no server.

Nothing is imported here: workers that read files need the encoder alone, and start with every run.
"""

from typing import Final

BUDGET: Final = 1_000_000_000
"""Bytes that the tables of one level may take unless told otherwise; a level that needs more has none."""

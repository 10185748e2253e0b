"""Sources to an index: discover, read in worker processes, write by one; killed anywhere, the next run goes on."""

from indexer.flow import run
from indexer.summary import Summary

__all__ = ["Summary", "run"]

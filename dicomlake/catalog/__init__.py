"""What was seen: every file of every source, with its size, its time and what became of it."""

from dicomlake.catalog.catalog import Catalog
from dicomlake.catalog.seen import Seen, Status

__all__ = ["Catalog", "Seen", "Status"]

"""A lake: the data folder with its index, its catalogue and its mark."""

from dicomlake.engines.embedded import BUDGET
from dicomlake.lake.lake import CATALOG, SECRET, Lake
from dicomlake.lake.mark import FORMAT, Mark, built_with

__all__ = ["BUDGET", "CATALOG", "FORMAT", "SECRET", "Lake", "Mark", "built_with"]

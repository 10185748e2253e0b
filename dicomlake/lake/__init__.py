"""A lake: the data folder with its index, its catalogue and its mark."""

from dicomlake.lake.lake import Lake
from dicomlake.lake.mark import FORMAT, Mark

__all__ = ["FORMAT", "Lake", "Mark"]

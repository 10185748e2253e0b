"""A lake: the data folder with its index, its catalogue and its mark."""

from dicomlake.engines.embedded import BUDGET
from dicomlake.lake.choice import Choice
from dicomlake.lake.home import Home
from dicomlake.lake.lake import CATALOG, Lake, home_in
from dicomlake.lake.mark import FORMAT, SECRET, Mark, built_with

__all__ = ["BUDGET", "CATALOG", "FORMAT", "SECRET", "Choice", "Home", "Lake", "Mark", "built_with", "home_in"]

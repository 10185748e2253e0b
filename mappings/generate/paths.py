"""Where the data that people write, and what is generated from it, lie."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
"""The folder ``mappings``."""

PROJECT: Final = ROOT.parent

"""A data set or item while it is read."""

from typing import TYPE_CHECKING, Final

from dicomlake.headers.charsets import DEFAULT, Charset
from dicomlake.headers.encodings import Encoding, Plan
from dicomlake.headers.header import Value

if TYPE_CHECKING:
    from dicomlake.headers.oddities import Signed
    from dicomlake.headers.private import Blocks, Heads

_NO_PLANS: Final[dict[bytes, Plan]] = {}
_NO_HEADS: "Final[Heads]" = {}
"""Never written to: a level that reserves a block gets its own."""


class Level:
    """One data set or item while it is read. Most are small items: what is as usual stands in the class."""

    blocks: "Blocks | None" = None
    """The private blocks that are reserved so far; most items have none."""
    private: dict[bytes, Plan] = _NO_PLANS
    """Plans of the elements in these blocks."""
    heads: "Heads" = _NO_HEADS
    pending: "list[Signed] | None" = None
    """US-or-SS elements of this level or below whose pixel representation is not known yet."""
    delimited = False
    """Ends with an item delimitation item rather than after a length."""
    disordered = False
    depth = 0
    last = -1
    """The tag before the one to be read. Only the root's is kept up."""
    position = 0
    """Of the root: where the walk ended, or the element that needs more than the window has."""

    def __init__(self, encoding: Encoding, parent: "Level | None" = None, path: str = "") -> None:
        self.attributes: dict[str, Value] = {}
        self.encoding = encoding
        self.parent = parent
        self.path = path
        self.charset: Charset = DEFAULT
        if parent is not None:
            self.depth = parent.depth + 1
            self.charset = parent.charset

    @property
    def pixel_representation(self) -> int | None:
        """Pixel Representation (0028,0103), as far as it was read and is a number."""
        value = self.attributes.get("PixelRepresentation")
        return value if isinstance(value, int) else None

"""Decoded values by their bytes: archives repeat themselves, within a series and from one to the next.

Values are kept apart by decoder, that is by VR and byte order; only ASCII without escape sequences is kept, which
every character set reads alike. So neither pixel representation nor private creators, which choose the decoder, nor
character sets can mix values up. Values that break their VR are decoded anew each time.
"""

from typing import Final, TypeAlias

from dicomlake.headers.encodings import EXPLICIT_BIG, EXPLICIT_LITTLE
from dicomlake.headers.header import Value
from dicomlake.headers.values import Decoder

Memo: TypeAlias = dict[Decoder, dict[bytes, Value]]

VALUES_LIMIT: Final = 2048
"""Values of one decoder."""
LONGEST: Final = 96
"""Bytes of a value that is kept: at most 96 x 2,048 for each of some 20 decoders."""

_REPEATED: Final = ("AE", "AS", "AT", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UI")
"""VRs whose decoding takes longer than the look-up."""


def empty() -> Memo:
    """A memo without values, with its decoders."""
    return {encoding.decoders[vr]: {} for encoding in (EXPLICIT_LITTLE, EXPLICIT_BIG) for vr in _REPEATED}


def remember(known: dict[bytes, Value], raw: bytes, value: Value) -> None:
    """Keep a value that ``known`` does not have, if it is of the kind that is kept; a full one starts anew."""
    if len(raw) <= LONGEST and raw.isascii() and b"\x1b" not in raw:
        if len(known) >= VALUES_LIMIT:
            known.clear()
        known[raw] = value

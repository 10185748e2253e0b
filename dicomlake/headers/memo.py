"""What files have shown so far: archives repeat themselves, within a series and from one to the next.

Elements by their first eight bytes, which say tag, VR and length of most: as plans, these are the same for all files.
And decoded values by their bytes, which each reader keeps for itself. Values are kept apart by decoder, that is by VR
and byte order; of text, only ASCII without escape sequences is kept, which every character set reads alike. So neither
pixel representation nor private creators, which choose the decoder, nor character sets can mix values up. Values that
break their VR are decoded anew each time.
"""

from typing import Final, TypeAlias

from dicomlake.headers.encodings import EXPLICIT_BIG, EXPLICIT_LITTLE, Encoding, Plan
from dicomlake.headers.header import Value
from dicomlake.headers.values import Decoder

Values: TypeAlias = dict[bytes, Value]
"""Decoded values of one decoder."""
Memo: TypeAlias = list[Values | None]
"""The values of each decoder at its slot; None at slot 0, that of the decoders of which none are kept."""

HEADS_LIMIT: Final = 1 << 13
"""Elements of one encoding: the dictionary has 5,300, and some come in several lengths."""
COMMON: Final = 256
"""Bytes of a value whose length is likely to come again."""
VALUES_LIMIT: Final = 2048
"""Values of one decoder."""
LONGEST: Final = 96
"""Bytes of a value that is kept: at most 96 x 2,048 for each of some 20 decoders; of the small integers, less."""

_TEXTS: Final = ("LO", "LT", "PN", "SH", "ST")
"""VRs of text in the declared character set; every set reads ASCII without escape sequences alike."""
_REPEATED: Final = (*_TEXTS, "AE", "AS", "AT", "CS", "DA", "DS", "DT", "IS", "SS", "TM", "UI", "US")
"""VRs whose decoding takes longer than the look-up."""
_KEEPING: Final = dict.fromkeys(e.decoders[vr] for e in (EXPLICIT_LITTLE, EXPLICIT_BIG) for vr in _REPEATED)
SLOTS: Final[dict[Decoder, int]] = {decode: slot for slot, decode in enumerate(_KEEPING, 1)}
TEXTS: Final = len(_TEXTS)
"""The slots up to this one are of decoders for which the character set matters."""

NO_MEMO: Final[Memo] = [None] * (len(SLOTS) + 1)
"""For files that are read by themselves."""


def empty() -> Memo:
    """A memo without values yet."""
    return [None, *({} for _ in SLOTS)]


def know(encoding: Encoding, first: bytes, plan: Plan) -> None:
    """Keep what the first eight bytes of a public element say, when they are all that comes before its value, which has
    a decoder and is not worth noting: the caller has looked."""
    tag, key, decode, unpack, at, _, _, _ = plan
    if decode is not None and len(encoding.heads) < HEADS_LIMIT:
        length = unpack(first, at)[0]
        if length <= COMMON:
            encoding.heads[first] = (tag, key, decode, 8 + length, SLOTS.get(decode, 0))

"""Encodings of a data set (PS3.5 7.1 and annex A), and for each the plans by which its elements are read."""

import json
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from struct import Struct
from typing import Any, Final, TypeAlias

from dicomlake.headers.values import Decoder, decoders
from mappings import dictionary

UNDEFINED: Final = 0xFFFFFFFF

ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD

CHARSET_TAG: Final = 0x00080005
PIXEL_REPRESENTATION: Final = 0x00280103
LUT_DESCRIPTORS: Final = frozenset({0x00281100, 0x00281101, 0x00281102, 0x00281103, 0x00283002})
"""Their first value is a count, thus never negative, even where the others are signed: PS3.3 C.7.6.3.1.5."""
PIXEL_DATA: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})

SHORT_VRS: Final = frozenset(
    {
        "AE",
        "AS",
        "AT",
        "CS",
        "DA",
        "DS",
        "DT",
        "FD",
        "FL",
        "IS",
        "LO",
        "LT",
        "PN",
        "SH",
        "SL",
        "SS",
        "ST",
        "TM",
        "UI",
        "UL",
        "US",
    }
)
"""VRs whose explicit length has 16 bits: PS3.5 table 7.1-2."""
LONG_VRS: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
"""VRs whose explicit length has 32 bits: PS3.5 table 7.1-1."""
VRS: Final = SHORT_VRS | LONG_VRS
BINARY_VRS: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})

_AMBIGUOUS: Final = {"US or SS": ("US", "SS"), "OB or OW": ("OB", "OW")}

_SPECIAL: Final = PIXEL_DATA | LUT_DESCRIPTORS | {CHARSET_TAG}

_PLANS_LIMIT: Final = 3 * 5300
"""The dictionary has 5,300 elements; files write some of them in other VRs."""

Unpack: TypeAlias = Callable[[bytes, int], tuple[int]]
Plan: TypeAlias = tuple[int, str, Decoder | None, Unpack, int, int, str, bool]
"""How an element is read: tag; key; decoder, None for what is more than a value; function that reads its length, from
so many bytes behind its start; bytes from its start to its value; VR; whether the VR is worth noting."""

Head: TypeAlias = tuple[int, str, Decoder, int, int]
"""Tag, key and decoder of an element; bytes from its start to its end; the slot of its decoder in a memo."""


class Encoding:
    """Explicit or implicit VR in one byte order. ``plans`` are those of public elements met so far, by their first
    bytes: tag and VR, or tag. Only elements of the dictionary are kept, and no more than ``_PLANS_LIMIT``."""

    def __init__(self, uid: str, *, explicit: bool, byte_order: str) -> None:
        self.uid = uid
        self.explicit = explicit
        self.byte_order = byte_order
        self.mark = byte_order + str(explicit)
        self.head = 6 if explicit else 4
        self.tag = Struct(byte_order + "HH").unpack_from
        self.item_head = Struct(byte_order + "HHI").unpack_from
        self.short: Unpack = Struct(byte_order + "H").unpack_from
        self.long: Unpack = Struct(byte_order + "I").unpack_from
        self.decoders = decoders(byte_order)
        pack = Struct(byte_order + "HH").pack
        self.item = pack(ITEM >> 16, ITEM & 0xFFFF)
        self.item_end = pack(ITEM_END >> 16, ITEM_END & 0xFFFF)
        self.sequence_end = pack(SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF)
        self.plans: dict[bytes, Plan] = {}
        self.creators: dict[bytes, Plan] = {}
        """Plans of the private creators met so far, by the same; ``private`` keeps them."""
        self.heads: dict[bytes, Head] = {}
        """Elements with a plain value by their first eight bytes, as far as they were met (``memo.know``)."""
        for tag in (ITEM, ITEM_END, SEQUENCE_END):
            head = pack(tag >> 16, tag & 0xFFFF) + b"\0\0"
            self.plans[head[: self.head]] = self.delimiter(tag)

    def delimiter(self, tag: int) -> Plan:
        """The plan of an item or delimiter, which have no VR."""
        return (tag, "", None, self.long, 4, 8, "", False)

    def layout(self, vr: str) -> tuple[Unpack, int, int]:
        """Where the length of an element of this VR is, and its value."""
        if not self.explicit:
            return self.long, 4, 8
        return (self.short, 6, 8) if vr in SHORT_VRS else (self.long, 8, 12)

    def public(self, head: bytes, tag: int, written: str) -> Plan:
        """The plan of a public element. ``written`` is its explicit VR, "" when implicit.

        As pydicom does, UN gives way to the VR of the dictionary; an element that neither names is UN.
        """
        entry = dictionary.lookup(tag)
        vr = written
        if entry is None:
            vr = vr or ("UL" if tag & 0xFFFF == 0 else "UN")
        elif not vr or (vr == "UN" and entry.vr != "NONE"):
            vr = entry.vr
        if vr == "OB or OW":
            vr = "OW"
        key = entry.keyword if entry and entry.keyword else f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
        special = tag & 0xFFFF == 0 or tag in _SPECIAL
        decode = None if special else self.decoders.get(vr)
        note = entry is None or (vr != entry.vr and vr not in _AMBIGUOUS.get(entry.vr, ()))
        plan: Plan = (tag, key, decode, *self.layout(written), vr, note)
        if entry is not None and len(self.plans) < _PLANS_LIMIT and not dictionary.repeats(tag):
            self.plans[head] = plan
        return plan

    def private(self, tag: int, written: str, creator: str) -> Plan:
        """The plan of a private element in the block of ``creator`` ("" when no creator reserved it)."""
        group, element = tag >> 16, tag & 0xFFFF
        vr = written
        if vr in ("", "UN"):
            entry = dictionary.private(creator, group, element) if creator else None
            vr = entry.vr if entry and (entry.vr in VRS or entry.vr in _AMBIGUOUS) else "UN"
        if vr == "OB or OW":
            vr = "OW"
        key = f'({group:04X},"{creator}",{element & 0xFF:02X})' if creator else f'({group:04X},"",{element:04X})'
        return (tag, key, self.decoders.get(vr), *self.layout(written), vr, True)


IMPLICIT_LITTLE: Final = Encoding("1.2.840.10008.1.2", explicit=False, byte_order="<")
EXPLICIT_LITTLE: Final = Encoding("1.2.840.10008.1.2.1", explicit=True, byte_order="<")
EXPLICIT_BIG: Final = Encoding("1.2.840.10008.1.2.2", explicit=True, byte_order=">")
IMPLICIT_BIG: Final = Encoding("", explicit=False, byte_order=">")
"""No transfer syntax: implicit items inside big endian data sets, and ACR-NEMA files of big endian machines."""


def sibling(encoding: Encoding, *, explicit: bool) -> Encoding:
    """The encoding of the same byte order, explicit or implicit."""
    if encoding.byte_order == "<":
        return EXPLICIT_LITTLE if explicit else IMPLICIT_LITTLE
    return EXPLICIT_BIG if explicit else IMPLICIT_BIG


@lru_cache(maxsize=256)
def of_transfer_syntax(uid: str) -> tuple[Encoding, bool]:
    """Encoding of the data set, and whether it is deflated. Unknown transfer syntaxes are explicit little endian, as
    all encapsulated ones (PS3.5 A.4)."""
    table = _transfer_syntaxes()
    if uid in table["implicit"]:
        return IMPLICIT_LITTLE, False
    if uid in table["bigEndian"]:
        return EXPLICIT_BIG, False
    return EXPLICIT_LITTLE, uid in table["deflated"]


@cache
def _transfer_syntaxes() -> dict[str, Any]:
    table: dict[str, Any] = json.loads((Path(__file__).parent / "syntaxes.json").read_bytes())
    return table

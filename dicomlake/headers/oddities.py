"""What real files do that one rule does not cover: ambiguous VRs, unknown VRs, private blocks, tags out of order."""

import re
from struct import error as StructError
from typing import TYPE_CHECKING, Final, NamedTuple

from dicomlake.headers import private
from dicomlake.headers.encodings import LUT_DESCRIPTORS, UNDEFINED, Plan, sibling
from dicomlake.headers.faults import Breach, Damage, NeedMore
from dicomlake.headers.header import Value
from dicomlake.headers.values import Decoder, binary
from mappings import dictionary

if TYPE_CHECKING:
    from dicomlake.headers.level import Level
    from dicomlake.headers.walk import Walker

_KEY: Final = re.compile(r'\(([0-9A-F]{4}),(?:"(.*)",)?([0-9A-F]{2,4})\)', re.DOTALL)


_BELIEVED: Final = 1 << 20
"""Bytes of a value without a known VR that are looked beyond, to see whether an element follows."""


class Signed(NamedTuple):
    """A US-or-SS value that was read as US until the pixel representation is known."""

    attributes: dict[str, Value]
    key: str
    tag: int
    raw: bytes
    decode: Decoder


def ambiguous(level: "Level", plan: Plan, raw: bytes) -> Decoder:
    """The decoder of an element whose VR the data dictionary leaves open.

    US or SS goes by Pixel Representation (0028,0103) of the same data set, else of the nearest around it, else it is
    US. LUT Data is US when its descriptor tells one entry, else OW (PS3.3 C.11.1.1.1).
    """
    tag, key, vr = plan[0], plan[1], plan[6]
    numbers = level.encoding.decoders
    if vr == "US or SS":
        own = level.pixel_representation
        if own is None and raw:
            signed = Signed(level.attributes, key, tag, raw, numbers["SS"])
            if level.pending is None:
                level.pending = []
            level.pending.append(signed)
        return numbers["SS" if own == 1 else "US"]
    if vr == "US or OW":
        descriptor = level.attributes.get("LUTDescriptor")
        return numbers["US"] if isinstance(descriptor, list) and descriptor[0] == 1 else binary
    return binary


def settle(level: "Level") -> None:
    """What only the end of a level tells: the sign of its US-or-SS elements; the order of its tags."""
    if level.pending:
        if level.pixel_representation is None and level.parent is not None:
            if level.parent.pending is None:
                level.parent.pending = []
            level.parent.pending += level.pending
        elif level.pixel_representation == 1:
            for signed in level.pending:
                try:
                    value = signed.decode(signed.raw, level.charset)
                except Breach:  # has been reported and kept as text already
                    continue
                signed.attributes[signed.key] = unsigned_count(value) if signed.tag in LUT_DESCRIPTORS else value
        level.pending = None
    if level.disordered:
        blocks = level.blocks.first if level.blocks else {}
        ordered = sorted(level.attributes.items(), key=lambda attribute: _tag(attribute[0], blocks))
        level.attributes.clear()
        level.attributes.update(ordered)


def unsigned_count(value: Value) -> Value:
    """A LUT descriptor whose first value, a number of entries, is not negative."""
    if isinstance(value, list) and value and isinstance(value[0], int) and value[0] < 0:
        return [value[0] + 0x10000, *value[1:]]
    return value


def repeated(level: "Level", plan: Plan) -> Plan:
    """The plan of an element whose key is there already: in the second and further groups of a repeating group
    (overlays, PS3.5 7.6) the tag is the key."""
    tag = plan[0]
    if not dictionary.repeats(tag):
        return plan
    return (tag, f"({tag >> 16:04X},{tag & 0xFFFF:04X})", *plan[2:])


def report(walker: "Walker", level: "Level", plan: Plan, position: int, breach: Breach) -> None:
    """Report a value that breaks its VR, unless the file did not say the VR: it came from the private dictionary, or
    replaced UN, and may be wrong."""
    path = level.path + plan[1]
    if isinstance(breach.value, dict) and breach.code == "wrong-length":
        walker.vrs[path] = "UN"
    encoding = level.encoding
    unsaid = walker.data[position + 4 : position + 6] == b"UN" if encoding.explicit else bool(plan[0] >> 16 & 1)
    if not unsaid:
        walker.issue(breach.code, path, breach.detail)


def unknown_vr(walker: "Walker", level: "Level", position: int, end: int) -> Plan:
    """The plan of an element in explicit VR whose VR is none of PS3.5 table 6.2-1.

    Writers fall back to implicit VR within explicit data sets; VRs of later editions have a long length (PS3.5 7.1.2),
    other inventions a short one. The first way in which the element ends where another can begin is taken.
    """
    data, encoding = walker.data, level.encoding
    if len(data) < position + 12 and len(data) < walker.total:
        raise NeedMore(position + 12)
    group, element = encoding.tag(data, position)
    tag = group << 16 | element
    letters = data[position + 4 : position + 6]
    implicit = sibling(encoding, explicit=False)
    if tag == 0:  # zeros, which are no element in explicit VR
        return implicit.public(data[position : position + 4], tag, "")
    ways = [(encoding.long, 8, 12), (encoding.short, 6, 8), (encoding.long, 4, 8)]
    if not (letters.isalpha() and letters.isupper()):
        ways = [ways[2], ways[0], ways[1]]
    for unpack, at, skip in ways:
        try:
            (length,) = unpack(data, position + at)
        except StructError:
            continue
        if at == 8 and data[position + 6 : position + 8] != b"\0\0":
            continue
        if length != UNDEFINED and (
            length > _BELIEVED or not _can_end(walker, level, tag, position + skip + length, end)
        ):
            continue
        if at == 4:
            walker.issue(
                "implicit-in-explicit", level.path[:-1], "an element in implicit VR in a data set in explicit VR"
            )
            head = data[position : position + 4]
            if group & 1 and element:
                return private.plan(walker, level, implicit, head, "")
            return implicit.public(head, tag, "")
        head = data[position : position + 4] + b"UN"
        is_private = group & 1 and element
        plan = private.plan(walker, level, encoding, head, "UN") if is_private else encoding.public(head, tag, "UN")
        walker.issue("unknown-vr", level.path + plan[1], "a VR that the standard does not have")
        return (*plan[:3], unpack, at, skip, *plan[6:])
    raise Damage("bad-structure", position, level.path[:-1], "neither explicit nor implicit VR")


def _can_end(walker: "Walker", level: "Level", tag: int, stop: int, end: int) -> bool:
    """Whether a value can end at ``stop``: with its container, or where the next tag follows."""
    if stop > end and (end < len(walker.data) or stop > walker.total):
        return False
    if stop + 8 > len(walker.data) < walker.total:
        raise NeedMore(int(min(stop + 8, walker.total)))
    if end - stop < 8:
        return True
    group, element = level.encoding.tag(walker.data, stop)
    following: int = group << 16 | element
    return following > tag


def _tag(key: str, blocks: dict[tuple[int, str], int]) -> int:
    """The tag that a key stands for, to sort by."""
    match = _KEY.fullmatch(key)
    if match is None:
        return dictionary.tag_of(key) or 0
    group, creator, element = int(match[1], 16), match[2], int(match[3], 16)
    if creator:
        element |= (blocks.get((group, creator), 0) & 0xFF) << 8
    return group << 16 | element

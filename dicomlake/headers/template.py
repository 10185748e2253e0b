"""Templates of series: the files of one series differ in few elements, and the rest needs no second reading.

A template is made of one file that was read in full. It holds the bytes between the elements that vary, and matches a
file only where all of them are at their places; then the varying elements are all that is left to decode. Only plain
values may vary: what other elements depend on (character set, pixel representation, private creators, transfer
syntax), sequences and whatever was odd are part of the bytes that must be the same.
"""

import struct
from collections.abc import Sequence, Set
from hashlib import sha256
from typing import Final, TypeAlias

from dicomlake.headers.charsets import DEFAULT, Charset
from dicomlake.headers.encodings import (
    CHARSET_TAG,
    LUT_DESCRIPTORS,
    PIXEL_REPRESENTATION,
    UNDEFINED,
    VRS,
    Encoding,
    Plan,
    Unpack,
)
from dicomlake.headers.faults import Breach
from dicomlake.headers.header import Header
from dicomlake.headers.start import PREAMBLE, PREFIX
from dicomlake.headers.values import Decoder
from dicomlake.headers.walk import Level

_FIRST: Final = PREAMBLE + len(PREFIX)
_TRANSFER_SYNTAX: Final = 0x00020010
_LONGEST: Final = 0x4000
"""Bytes of a varying value. Shorter lengths in implicit VR are never taken for a VR: ``AE`` reads as 0x4541."""
_GROUP_LENGTH: Final = b"\x02\0\0\0UL\x04\0"

VALUE_CODES: Final = frozenset(
    {
        "bad-age",
        "bad-code-string",
        "bad-date",
        "bad-datetime",
        "bad-name",
        "bad-number",
        "bad-time",
        "bad-title",
        "bad-uid",
        "bad-uri",
        "missing-private-creator",
        "non-finite-number",
        "number-out-of-range",
        "repeated-private-creator",
        "undeclared-characters",
        "undecodable-text",
        "value-too-long",
        "wrong-length",
    }
)
"""Issues that an element has by its own bytes and by what never varies; a file with any other makes no template."""


class Elements:
    """The elements of file meta and data set, in lists: their first bytes, tag and VR; where they begin (and the last
    ends); their plans and decoders. The plan is None where an element may not vary."""

    __slots__ = ("bounds", "decoders", "heads", "meta", "plans")

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.bounds: list[int] = []
        self.plans: list[Plan | None] = []
        self.decoders: list[Decoder | None] = []
        self.meta = 0
        """How many are file meta information."""

    def add(self, data: bytes, position: int, end: int, encoding: Encoding, level: Level, ends: dict[int, int]) -> bool:
        """Those from ``position`` up to ``end`` of a file that was read in full into ``level``; ``ends`` are the
        indices behind the ones of undefined length. False when one is of a kind that makes no template."""
        size, plans, own = encoding.head, encoding.plans, level.private
        while position < end:
            head = data[position : position + size]
            plan = plans.get(head) or own.get(head) or _bare(head, encoding)
            if plan is None or plan[0] == 0:  # an oddity, or zeros behind the end
                return False
            tag, _, decode, unpack, at, skip, vr, _ = plan
            length = unpack(data, position + at)[0]
            self.heads.append(head)
            self.bounds.append(position)
            if vr == "US or SS" and tag > PIXEL_REPRESENTATION and tag not in LUT_DESCRIPTORS:
                sign = level.pixel_representation
                decode = None if sign is None else encoding.decoders["SS" if sign == 1 else "US"]
            fixed = length > _LONGEST or (decode is None and tag & 0xFFFF != 0) or tag == _TRANSFER_SYNTAX
            self.plans.append(None if fixed else plan)
            self.decoders.append(decode)
            position = ends.get(position, -1) if length == UNDEFINED else position + skip + length
            if position <= self.bounds[-1]:
                return False
        return position == end


def _bare(head: bytes, encoding: Encoding) -> Plan | None:
    """What can be said of an element without a plan: a group length, or one that may not vary."""
    group, element = encoding.tag(head, 0)
    written = head[4:].decode("latin-1")
    if encoding.explicit and written not in VRS:
        return None
    return (group << 16 | element, "", None, *encoding.layout(written), "", False)


_Part: TypeAlias = tuple[bytes, int, Unpack, int, int, str, Decoder | None, Charset]
"""Bytes up to and with the head of a varying element, and how many of them are before it; function that reads its
length, where that is, and where the value is; key, decoder (None: a group length), character set."""
_Found: TypeAlias = list[tuple[str, Decoder, Charset, int, int]]


class Template:
    """What a file of a series was like: its elements, and which of them (by index) vary."""

    __slots__ = (
        "_attributes",
        "_data",
        "_head",
        "_issues",
        "_meta",
        "_meta_rest",
        "_parts",
        "_pixels",
        "_syntax",
        "_tail",
        "_vrs",
        "elements",
        "varying",
    )

    def __init__(
        self, data: bytes, header: Header, elements: Elements, charset: Charset, varying: Set[int], pixels: Plan | None
    ) -> None:
        """``charset``: that of the data set; ``pixels``: the plan of the pixel data behind the last element, if any."""
        end, bounds = header.length, elements.bounds
        self._pixels, self._head = pixels, len(elements.heads[-1]) if pixels else 0
        self._data = data[:end]
        self._attributes, self._vrs, self._issues = header.attributes.copy(), header.vrs.copy(), header.issues.copy()
        self._syntax = header.transfer_syntax
        self.elements, self.varying = elements, varying
        position = last = PREAMBLE
        self._meta: list[_Part] = []
        self._parts: list[_Part] = []
        for index in sorted(varying):
            plan = elements.plans[index]
            if plan is not None:
                tag, key, _, unpack, at, skip, _, _ = plan
                begin, head = bounds[index], elements.heads[index]
                run = data[position : begin + len(head)]
                valid = charset if tag > CHARSET_TAG else DEFAULT
                part = (run, begin - position, unpack, at, skip, key, elements.decoders[index], valid)
                position = bounds[index + 1]
                if index < elements.meta:
                    self._meta.append(part)
                    last = position
                else:
                    self._parts.append(part)
        self._meta_rest = bounds[elements.meta] - last
        self._tail = data[position : end + self._head]

    def resembles(self, header: Header) -> bool:
        """Whether a file has the same attributes, whatever their values."""
        return self._attributes.keys() == header.attributes.keys()

    def differing(self, data: bytes, elements: Elements) -> frozenset[int] | None:
        """The elements of another file that vary, when it has the same ones; None when it has not."""
        own, mine, other = self._data, self.elements.bounds, elements.bounds
        if self.elements.heads != elements.heads or self.elements.meta != elements.meta:
            return None
        found = {
            index
            for index in range(len(elements.heads))
            if own[mine[index] : mine[index + 1]] != data[other[index] : other[index + 1]]
        }
        return frozenset(index for index in found | self.varying if elements.plans[index])

    def header(self, data: bytes, size: int) -> Header | None:
        """The header of a file of ``size`` bytes that begins with ``data``; None unless it is as this one in all but
        the values that vary, and these are sound."""
        found: _Found = []
        try:
            position = _follow(self._meta, data, PREAMBLE, found)
            if position < 0:
                return None
            behind = position + self._meta_rest
            group = int.from_bytes(data[_FIRST + 8 : _FIRST + 12], "little")
            if data[_FIRST : _FIRST + 8] == _GROUP_LENGTH and group != behind - _FIRST - 12:
                return None
            position = _follow(self._parts, data, position, found)
            if position < 0 or not data.startswith(self._tail, position):
                return None
            end = position + len(self._tail)
            if self._pixels:
                _, _, _, unpack, at, skip, _, _ = self._pixels
                end -= self._head
                length = unpack(data, end + at)[0]
                if end + skip > len(data) or (end + skip + length > size and length != UNDEFINED):
                    return None
            elif end != size:
                return None
            attributes = self._attributes.copy()
            for key, decode, charset, start, stop in found:
                attributes[key] = decode(data[start:stop], charset) if start < stop else None
        except (struct.error, Breach):
            return None
        digest = sha256(memoryview(data)[:end]).hexdigest()
        return Header(attributes, self._vrs.copy(), self._issues.copy(), self._syntax, end, digest, size)


def _follow(parts: Sequence[_Part], data: bytes, position: int, found: _Found) -> int:
    """The index behind the last of the parts, their values added to ``found``; -1 when they are not all there."""
    for run, before, unpack, at, skip, key, decode, charset in parts:
        if not data.startswith(run, position):
            return -1
        position += before
        start = position + skip
        position = start + unpack(data, position + at)[0]
        if position - start > _LONGEST or position > len(data):
            return -1
        if decode:
            found.append((key, decode, charset, start, position))
    return position

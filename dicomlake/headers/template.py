"""Templates of series: the files of one series differ in few elements, and the rest needs no second reading.

A template is made of one file that was read in full. It holds the bytes between the elements that vary, and matches a
file only where all of them are at their places; then the varying elements are all that is left to decode. Only plain
values may vary: what other elements depend on (character set, pixel representation, private creators, transfer
syntax), sequences and whatever was odd are part of the bytes that must be the same.
"""

import struct
from collections.abc import Mapping, Sequence, Set
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

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


class Element(NamedTuple):
    """One element of file meta or data set; ``plan`` is None when it may not vary."""

    start: int
    stop: int
    head: bytes
    plan: Plan | None
    decode: Decoder | None
    charset: Charset


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
        self, data: bytes, header: Header, elements: list[Element], meta: int, varying: Set[int], pixels: Plan | None
    ) -> None:
        """``meta``: how many of the elements are file meta information; ``pixels``: the plan of the pixel data behind
        the last, if any."""
        end = header.length
        head = len(elements[-1].head) if pixels else 0
        self._pixels, self._head = pixels, head
        self._data = data[:end]
        self._attributes, self._vrs, self._issues = header.attributes.copy(), header.vrs.copy(), header.issues.copy()
        self._syntax = header.transfer_syntax
        self.elements, self.varying = elements, varying
        position = PREAMBLE
        parts: list[_Part] = []
        for element in (elements[index] for index in sorted(varying)):
            if element.plan is not None:
                _, key, _, unpack, at, skip, _, _ = element.plan
                run = data[position : element.start + len(element.head)]
                parts.append((run, element.start - position, unpack, at, skip, key, element.decode, element.charset))
                position = element.stop
        inside = [index for index in varying if index < meta]
        self._meta, self._parts = parts[: len(inside)], parts[len(inside) :]
        self._meta_rest = elements[meta - 1].stop - (elements[max(inside)].stop if inside else PREAMBLE)
        self._tail = data[position : end + head]

    def differing(self, data: bytes, elements: Sequence[Element]) -> frozenset[int] | None:
        """The elements of another file that vary, when it has the same ones; None when it has not."""
        if len(elements) != len(self.elements):
            return None
        found = set(self.varying)
        for index, (own, other) in enumerate(zip(self.elements, elements, strict=True)):
            if own.head != other.head:
                return None
            if other.plan and self._data[own.start : own.stop] != data[other.start : other.stop]:
                found.add(index)
        return frozenset(index for index in found if elements[index].plan)

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


def elements(
    data: bytes, position: int, end: int, encoding: Encoding, level: Level, ends: Mapping[int, int]
) -> list[Element] | None:
    """The elements from ``position`` up to ``end`` of a file that was read in full into ``level``; ``ends`` are the
    indices behind those of undefined length. None when an element is of a kind that makes no template."""
    found = []
    head_size = encoding.head
    while position < end:
        head = data[position : position + head_size]
        plan = encoding.plans.get(head) or level.private.get(head)
        group, element = encoding.tag(head, 0)
        tag = group << 16 | element
        if tag == 0:  # zeros behind the end of the data set, perhaps
            return None
        if plan:
            unpack, at, skip = plan[3:6]
        else:
            written = head[4:].decode("latin-1")
            if encoding.explicit and written not in VRS:
                return None
            unpack, at, skip = encoding.layout(written)
        length = unpack(data, position + at)[0]
        stop = position + skip + length
        if length == UNDEFINED:
            stop = ends.get(position, -1)
        if not position < stop <= end:
            return None
        if plan is None and element == 0:
            plan = (tag, "", None, unpack, at, skip, "", False)
        decode = _decoder(plan, level) if plan else None
        fixed = (decode is None and element != 0) or length == UNDEFINED or length > _LONGEST
        charset = level.charset if tag > CHARSET_TAG else DEFAULT
        found.append(Element(position, stop, head, None if fixed else plan, decode, charset))
        position = stop
    return found


def _decoder(plan: Plan, level: Level) -> Decoder | None:
    """What decodes the element wherever it stands in a file like this one; None when there is no such thing."""
    tag, _, decode, _, _, _, vr, _ = plan
    if tag == _TRANSFER_SYNTAX:
        return None
    if vr == "US or SS" and tag not in LUT_DESCRIPTORS and tag > PIXEL_REPRESENTATION:
        own = level.pixel_representation
        return None if own is None else level.encoding.decoders["SS" if own == 1 else "US"]
    return decode

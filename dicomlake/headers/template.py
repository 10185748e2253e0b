"""Templates of series: the files of one series differ in few elements, and the rest needs no second reading.

A template is made of one file that was read in full. It holds the bytes between the elements that vary, and matches a
file only where all of them are at their places; then the varying elements are all that is left to decode. Only plain
values may vary: what other elements depend on (character set, pixel representation, private creators, transfer
syntax), sequences and whatever was odd are part of the bytes that must be the same.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence, Set
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
from dicomlake.headers.level import Level
from dicomlake.headers.start import PREAMBLE, PREFIX
from dicomlake.headers.values import Decoder

_FIRST: Final = PREAMBLE + len(PREFIX)
_DECISIVE: Final = frozenset({0x00020010, PIXEL_REPRESENTATION})
"""Elements with a plain value that say how others are read: Transfer Syntax UID is the first."""
_STRIDE: Final = 8
"""Elements that are compared at once; most do not vary."""
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
    """The elements of file meta and data set, in lists: their plans, and where they begin (and the last ends)."""

    __slots__ = ("_decoders", "_sign", "bounds", "meta", "plans")

    def __init__(self) -> None:
        self.bounds: list[int] = []
        self.plans: list[Plan] = []
        self.meta = 0
        """How many are file meta information."""
        self._decoders: Mapping[str, Decoder] = {}
        self._sign: int | None = None

    def add(self, data: bytes, position: int, end: int, encoding: Encoding, level: Level, ends: dict[int, int]) -> bool:
        """Those from ``position`` up to ``end`` of a file that was read in full into ``level``; ``ends`` are the
        indices behind the ones of undefined length. False when one is of a kind that makes no template."""
        size, known, own = encoding.head, encoding.plans, level.private
        self._decoders, self._sign = encoding.decoders, level.pixel_representation
        bounds, plans = self.bounds, self.plans
        while position < end:
            head = data[position : position + size]
            plan = known.get(head) or own.get(head) or _bare(head, encoding)
            if plan is None or plan[0] == 0:  # an oddity, or zeros behind the end
                return False
            length = plan[3](data, position + plan[4])[0]
            plans.append(plan)
            bounds.append(position)
            behind = ends.get(position, -1) if length == UNDEFINED else position + plan[5] + length
            if behind <= position:
                return False
            position = behind
        return position == end

    def may_vary(self, index: int) -> bool:
        """Whether the element may be another in each file."""
        tag, _, decode, _, _, skip, vr, _ = self.plans[index]
        if self.bounds[index + 1] - self.bounds[index] - skip > _LONGEST or tag in _DECISIVE:
            return False
        return decode is not None or tag & 0xFFFF == 0 or self._signed(tag, vr) is not None

    def decoder(self, index: int) -> Decoder | None:
        """What decodes an element that may vary; None for a group length."""
        tag, _, decode, _, _, _, vr, _ = self.plans[index]
        return decode or self._signed(tag, vr)

    def _signed(self, tag: int, vr: str) -> Decoder | None:
        """The decoder of an element whose VR the pixel representation decides."""
        if vr != "US or SS" or tag <= PIXEL_REPRESENTATION or tag in LUT_DESCRIPTORS or self._sign is None:
            return None
        return self._decoders["SS" if self._sign == 1 else "US"]

    def differing(self, data: bytes, other: bytes, end: int) -> frozenset[int] | None:
        """Which elements of ``data``, the file that these are of, are otherwise in another file, whose header ends at
        ``end``; None when it has not the same ones, or they are otherwise in what may not vary."""
        found = []
        bounds, plans, count = self.bounds, self.plans, len(self.plans)
        position = bounds[0]
        for begin in range(0, count, _STRIDE):
            stop = min(begin + _STRIDE, count)
            several = data[bounds[begin] : bounds[stop]]
            if other.startswith(several, position):
                position += len(several)
                continue
            for index in range(begin, stop):
                element = data[bounds[index] : bounds[index + 1]]
                if other.startswith(element, position):
                    position += len(element)
                    continue
                _, _, _, unpack, at, skip, _, _ = plans[index]
                if not self.may_vary(index) or not other.startswith(element[:at], position) or position + skip > end:
                    return None
                found.append(index)
                position += skip + unpack(other, position + at)[0]
        return frozenset(found) if position == end else None


def _bare(head: bytes, encoding: Encoding) -> Plan | None:
    """What can be said of an element without a plan: a group length, or one that may not vary."""
    group, element = encoding.tag(head, 0)
    written = head[4:].decode("latin-1")
    if encoding.explicit and written not in VRS:
        return None
    return (group << 16 | element, "", None, *encoding.layout(written), "", False)


_Part: TypeAlias = tuple[bytes, int, Unpack, int, int, str, Decoder | None, Charset]
"""Bytes up to the length of a varying element, and how many of them are before it; function that reads its
length, where that is, and where the value is; key, decoder (None: a group length), character set."""
_Found: TypeAlias = list[tuple[str, Decoder, Charset, int, int]]


class Template:
    """What a file of a series was like: its elements, and which of them (by index) vary."""

    __slots__ = (
        "_attributes",
        "_charset",
        "_data",
        "_elements",
        "_head",
        "_header",
        "_meta",
        "_meta_rest",
        "_parts",
        "_pixels",
        "_tail",
        "_varying",
    )

    def __init__(
        self, data: bytes, header: Header, elements: Elements, charset: Charset, varying: Set[int], pixels: Plan | None
    ) -> None:
        """``header`` is the template's from now on. ``charset``: that of the data set; ``pixels``: plan of the pixel
        data behind the last element, if any."""
        bounds = elements.bounds
        self._pixels, self._head = pixels, pixels[4] if pixels else 0
        end = header.length + self._head
        self._data = data[:end]
        self._header, self._attributes = header, header.attributes
        self._elements, self._charset, self._varying = elements, charset, varying
        position = last = PREAMBLE
        self._meta: list[_Part] = []
        self._parts: list[_Part] = []
        for index in sorted(varying):
            tag, key, _, unpack, at, skip, _, _ = elements.plans[index]
            begin = bounds[index]
            run = data[position : begin + at]
            valid = charset if tag > CHARSET_TAG else DEFAULT
            part = (run, begin - position, unpack, at, skip, key, elements.decoder(index), valid)
            position = bounds[index + 1]
            if index < elements.meta:
                self._meta.append(part)
                last = position
            else:
                self._parts.append(part)
        self._meta_rest = bounds[elements.meta] - last
        self._tail = data[position:end]

    def resembles(self, header: Header) -> bool:
        """Whether a file has the same attributes, whatever their values."""
        return self._attributes.keys() == header.attributes.keys()

    def widened(self, data: bytes, end: int) -> "Template | None":
        """A template for a file that begins with ``data``, and whose header ends at ``end``, too;
        None when that file has other elements, or they are otherwise in what may not vary."""
        found = self._elements.differing(self._data, data, end)
        if found is None:
            return None
        varying = found | self._varying
        return Template(self._data, self._header, self._elements, self._charset, varying, self._pixels)

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
        own = self._header
        return Header(attributes, own.vrs.copy(), own.issues.copy(), own.transfer_syntax, end, digest, size)

    @property
    def tags(self) -> Iterator[int]:
        """The tags of the elements that vary."""
        return (self._elements.plans[index][0] for index in self._varying)


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

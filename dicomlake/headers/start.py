"""Where a DICOM file begins, what encodes it, and whether it is one at all (PS3.10 7.1)."""

from typing import Final

from dicomlake.headers.encodings import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_BIG,
    IMPLICIT_LITTLE,
    PIXEL_DATA,
    SHORT_VRS,
    UNDEFINED,
    VRS,
    Encoding,
)
from mappings import dictionary

PREFIX: Final = b"DICM"
PREAMBLE: Final = 128

_ENOUGH: Final = 8
_LEAST: Final = 3
"""Elements that must be readable for bytes without the prefix to be DICOM; all of them when the file has fewer."""
_FIRST_GROUPS: Final = frozenset({0x0002, 0x0004, 0x0008})
"""Groups that data sets begin with: file meta, directory, SOP common."""


def find(data: bytes, total: float) -> tuple[int, bool] | None:
    """Offset of the first element and whether the prefix is there; None when the bytes are no DICOM."""
    if data[PREAMBLE : PREAMBLE + 4] == PREFIX:
        return PREAMBLE + 4, True
    if data[:4] == PREFIX and readable(data, 4, total):
        return 4, False
    for offset in (0, PREAMBLE + 4, PREAMBLE):
        if readable(data, offset, total):
            return offset, False
    return None


def readable(data: bytes, offset: int, total: float) -> Encoding | None:
    """The encoding in which several known elements, in order, are at ``offset``; None when there is none."""
    best = max(_ENCODINGS, key=lambda encoding: elements(data, offset, total, encoding))
    count = elements(data, offset, total, best)
    return best if count >= _LEAST else None


def elements(data: bytes, offset: int, total: float, encoding: Encoding) -> int:
    """How many elements, up to eight, are readable: tags known and ascending, VRs those of the dictionary, values
    within the file. 0 when the first of them are not those of a data set, or one is not readable."""
    previous = -1
    count = 0
    while count < _ENOUGH and offset + 8 <= len(data):
        group, element = encoding.tag(data, offset)
        tag = group << 16 | element
        if count == 0 and group not in _FIRST_GROUPS:
            return 0
        if tag in PIXEL_DATA:
            return _ENOUGH
        if group == 0x0008 and previous >> 16 == 0x0002:  # behind the file meta another encoding may begin
            return count + max(elements(data, offset, total, other) for other in _ENCODINGS)
        entry = dictionary.lookup(tag)
        known = entry is not None or group & 1 or element == 0
        if tag <= previous or not known:
            return 0
        written = data[offset + 4 : offset + 6].decode("latin-1")
        if encoding.explicit:
            if written not in VRS:
                return 0
            if entry and written != "UN" and written not in entry.vr and entry.vr != "NONE":
                return 0
        elif written in VRS:
            return 0
        if encoding.explicit and written not in SHORT_VRS and len(data) < offset + 12:
            break
        unpack, at, skip = encoding.layout(written)
        length = unpack(data, offset + at)[0]
        if length == UNDEFINED:
            count += 1
            break
        offset += skip + length
        if offset > total:
            return 0
        count += 1
        previous = tag
    return _LEAST if offset == total and count == _LEAST - 1 else count


def looks_like(data: bytes, offset: int, encoding: Encoding) -> bool:
    """Whether the first element looks like one in this encoding; cheap, and right for whatever is well-formed."""
    if len(data) < offset + 8:
        return True
    letters = data[offset + 4 : offset + 6].decode("latin-1")
    group = encoding.tag(data, offset)[0]
    if encoding.explicit:
        return letters in VRS and group <= 0x00FF
    return letters not in VRS


_ENCODINGS: Final = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, IMPLICIT_BIG)

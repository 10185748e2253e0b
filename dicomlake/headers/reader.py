"""From the bytes of a file to its header, in one pass that ends at the pixel data."""

import os
import zlib
from collections.abc import Callable

from dicomlake.errors import HeaderError, NotDicomError
from dicomlake.headers import oddities, start
from dicomlake.headers.encodings import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    VRS,
    Encoding,
    of_transfer_syntax,
)
from dicomlake.headers.faults import Damage, NeedMore
from dicomlake.headers.header import Header
from dicomlake.headers.values import INLINE_LIMIT
from dicomlake.headers.walk import Level, Walker
from dicomlake.headers.window import Inflater, Window

_ADVICE = "copy the file from its source again"


def read_file(path: str | os.PathLike[str]) -> Header:
    """The header of a file.

    Raises NotDicomError and HeaderError as :func:`read_header` does; OSError when the file cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        size = os.fstat(descriptor).st_size
        return read_header(lambda offset, length: os.pread(descriptor, length, offset), size)
    finally:
        os.close(descriptor)


def read_header(read: Callable[[int, int], bytes], size: int) -> Header:
    """The header of ``size`` bytes, of which ``read(offset, length)`` gives any part.

    Raises NotDicomError when the bytes have neither the DICM prefix nor a start that reads as several known elements;
    HeaderError, with offset and reason (a code of ``quality.yml``), when they are damaged before they say which SOP
    instance they are. Damage behind that ends the header, or the sequence it is in, with an issue.
    """
    window = Window(read, size)
    found = start.find(window.data, window.total)
    if found is None:
        raise NotDicomError("no DICM prefix and no readable data elements at the start; this is no DICOM file")
    walker = Walker()
    offset, prefix = found
    if not prefix:
        walker.issue("no-prefix", "", "the file does not begin with a preamble and DICM")
    root = Level(EXPLICIT_LITTLE)
    try:
        offset = _read_meta(window, walker, root, offset)
        syntax = root.attributes.get("TransferSyntaxUID")
        uid = syntax if isinstance(syntax, str) else ""
        encoding, deflated = of_transfer_syntax(uid)
        inflater = None
        if deflated:
            try:
                inflater = Inflater(read, window.base + offset, size)
            except zlib.error:
                walker.issue("wrong-transfer-syntax", "TransferSyntaxUID", "the data set is not deflated")
                uid = ""
            else:
                window = Window(inflater.read, prefix=read(0, window.base + offset))
                offset = 0
        root.encoding, uid = _encoding(window, walker, offset, encoding, uid)
        root.last = -1
        try:
            offset = _read_data_set(window, walker, root, offset)
        except Damage:
            if inflater and inflater.damaged:
                walker.issue("damaged-deflate", "", "the deflated data set ends early or cannot be inflated")
            raise
    except Damage as damage:
        at = window.base + damage.position
        if not root.attributes.get("SOPInstanceUID"):
            raise HeaderError(f"{damage.detail} (byte {at}); {_ADVICE}", offset=at, reason=damage.code) from damage
        walker.issue(damage.code, damage.path, f"{damage.detail} (byte {at})")
        offset = damage.position
    oddities.settle(root)
    if not root.attributes:
        raise HeaderError(f"the file ends behind DICM, without data elements; {_ADVICE}", offset=offset, reason="empty")
    length, digest = window.finish(min(offset, len(window.data)))
    return Header(root.attributes, walker.vrs, walker.issues, uid, length, digest, size)


def _read_data_set(window: Window, walker: Walker, root: Level, offset: int) -> int:
    """Read the data set, with more of the file as it is needed; the offset in the window at which it ends."""
    while True:
        walker.data, walker.total = window.data, window.total
        try:
            return walker.walk(root, offset, len(window.data))
        except NeedMore as more:
            if more.bulk is None:
                window.grow(root.position, more.wanted)
            else:
                _read_bulk(window, walker, root, more)
            offset = 0


def _read_bulk(window: Window, walker: Walker, root: Level, more: NeedMore) -> None:
    """Hash a long binary value without holding it."""
    assert more.bulk is not None
    plan, first = more.bulk
    tag, key, _, _, _, _, vr, note = plan
    length = more.wanted - first
    if length <= INLINE_LIMIT:
        window.grow(root.position, more.wanted)
        return
    if note:
        walker.vrs[key] = vr
    digest, missing = window.digest(first, more.wanted)
    root.last = tag
    if missing:
        walker.data, walker.total = window.data, window.total
        raise Damage("truncated", 0, key, "the value ends beyond the end of the file")
    root.attributes[key] = {"length": length, "sha256": digest}


def _read_meta(window: Window, walker: Walker, root: Level, offset: int) -> int:
    """Read the File Meta Information (PS3.10 7.1), which is explicit VR little endian; the offset behind it."""
    first = offset
    encoding = EXPLICIT_LITTLE
    while True:
        data = window.data
        if len(data) < offset + 12 and len(data) < window.total:
            window.grow(0, offset + 12)
            continue
        if data[offset : offset + 2] != b"\x02\0" or len(data) < offset + 8:
            break
        written = data[offset + 4 : offset + 6].decode("latin-1")
        if written not in VRS:
            encoding = IMPLICIT_LITTLE
        unpack, at, skip = encoding.layout(written)
        if len(data) < offset + skip:
            break
        stop = offset + skip + unpack(data, offset + at)[0]
        if stop > window.total:
            raise Damage("truncated", offset, "", "the file ends within the file meta information")
        if stop > len(data):
            window.grow(0, stop + 8)
            continue
        offset = stop
    if offset == first:
        walker.issue("no-file-meta", "", "no file meta information")
        return offset
    walker.data, walker.total = window.data, offset
    root.encoding = encoding
    walker.walk(root, first, offset)
    _check_group_length(window, walker, first, offset)
    return offset


def _check_group_length(window: Window, walker: Walker, first: int, stop: int) -> None:
    data = window.data
    if data[first : first + 8] != b"\x02\0\0\0UL\x04\0":
        return
    if int.from_bytes(data[first + 8 : first + 12], "little") != stop - first - 12:
        walker.issue("wrong-group-length", "FileMetaInformationGroupLength", "not the length of the file meta")


def _encoding(window: Window, walker: Walker, offset: int, encoding: Encoding, uid: str) -> tuple[Encoding, str]:
    """The encoding that the data set is really in, and the transfer syntax of that."""
    data = window.data
    if uid and start.plausible_first(data, offset, encoding):
        return encoding, uid
    found = start.readable(data, offset, window.total)
    if found is None:
        letters = data[offset + 4 : offset + 6]
        found = EXPLICIT_LITTLE if letters.decode("latin-1") in VRS else IMPLICIT_LITTLE
    if not uid:
        walker.issue("missing-transfer-syntax", "TransferSyntaxUID", "the transfer syntax was found by trying")
    elif found is not encoding:
        walker.issue("wrong-transfer-syntax", "TransferSyntaxUID", "the data set is in another encoding")
    else:
        return encoding, uid
    return found, found.uid

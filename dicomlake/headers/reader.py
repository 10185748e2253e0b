"""From the bytes of a file to its header, in one pass that ends at the pixel data."""

import os
import zlib
from collections.abc import Callable
from typing import Final

from dicomlake.errors import HeaderError, NotDicomError
from dicomlake.headers import oddities, start
from dicomlake.headers.encodings import (
    BINARY_VRS,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    VRS,
    Encoding,
    Plan,
    of_transfer_syntax,
)
from dicomlake.headers.faults import Damage, NeedMore
from dicomlake.headers.header import Header
from dicomlake.headers.level import Level
from dicomlake.headers.memo import NO_MEMO, Memo
from dicomlake.headers.values import INLINE_LIMIT
from dicomlake.headers.walk import Walker
from dicomlake.headers.window import HELD_LIMIT, HELD_RATIO, Inflater, Read, Window

OPEN_FLAGS: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_ADVICE = "get the file from its source again"
_META_GROUP = b"\x02\0"
_LONGEST_META = 1 << 20
"""Bytes of file meta information, which has to be held as a whole."""


def read_file(path: str | os.PathLike[str]) -> Header:
    """The header of a file.

    Raises NotDicomError and HeaderError as :func:`read_header` does; OSError when the file cannot be read.
    """
    descriptor = os.open(path, OPEN_FLAGS)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)  # a quarter of what fstat takes
        return read_header(lambda offset, length: pread(descriptor, length, offset), size)
    finally:
        os.close(descriptor)


def read_header(read: Read, size: int) -> Header:
    """The header of ``size`` bytes, of which ``read(offset, length)`` gives any part.

    Raises NotDicomError when the bytes have neither the DICM prefix nor a start that reads as several known elements;
    HeaderError, with offset and reason (a code of ``quality.yml``), when they are damaged before they say which SOP
    instance they are. Damage behind that ends the header, or the sequence it is in, with an issue.
    """
    return Reading(read, size).header()


def _seek_and_read(descriptor: int, length: int, offset: int) -> bytes:
    """``os.pread`` where the system has none (Windows)."""
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, length)


pread: Callable[[int, int, int], bytes] = getattr(os, "pread", _seek_and_read)


class Reading:
    """One file while it is read, from its first bytes ``data`` on. Offsets are indices of the window."""

    def __init__(self, read: Read, size: int, data: bytes = b"", memo: Memo = NO_MEMO) -> None:
        self.read = read
        self.size = size
        self.window = Window(read, size, data=data)
        found = start.find(self.window.data, self.window.total)
        if found is None:
            raise NotDicomError(
                "this is no DICOM file: neither the DICM prefix nor readable data elements at the start; choose another"
            )
        self.start, prefixed = found
        self.root = Level(EXPLICIT_LITTLE)
        self.walker = Walker(memo)
        self.transfer_syntax = ""
        self.meta_attributes = 0
        self.behind_meta = 0
        self._moved = False
        if not prefixed:
            self.walker.issue("no-prefix", "", "the file does not begin with a preamble and DICM")

    @property
    def plain(self) -> bool:
        """Whether what was read had prefix and file meta and was neither inflated nor more than the first window."""
        return self.start == start.PREAMBLE + len(start.PREFIX) and self.behind_meta > self.start and not self._moved

    def header(self) -> Header:
        """Read all of it. Raises HeaderError."""
        try:
            offset = self._data_set(self._file_meta())
        except Damage as damage:
            offset = self.window.offset(damage.position)
            if not self.root.attributes.get("SOPInstanceUID"):
                message = f"{damage.detail} (byte {offset}); {_ADVICE}"
                raise HeaderError(message, offset=offset, reason=damage.code) from damage
            self.walker.issue(damage.code, damage.path, f"{damage.detail} (byte {offset})")
            offset = damage.position
        return self._finish(offset)

    def _file_meta(self) -> int:
        """Read the File Meta Information (PS3.10 7.1); the offset behind it."""
        window = self.window
        first = window.data[self.start : self.start + 12]
        claimed = 0
        if first[:8] == b"\x02\0\0\0UL\x04\0":
            claimed = self.start + 12 + int.from_bytes(first[8:], "little")
            if self._has_sound_meta(claimed):
                self.behind_meta = claimed
                return claimed
        stop, encoding = self._meta_end(claimed)
        walker = self.walker
        self.behind_meta = stop
        if stop == self.start:
            walker.issue("no-file-meta", "", "no file meta information")
            return stop
        walker.data, walker.total = window.data[:stop], stop
        self.root.encoding = encoding
        try:
            walker.walk(self.root, self.start, stop)
        except Damage as damage:  # where the data set begins is known all the same
            walker.issue("bad-structure", damage.path, "the file meta information cannot be read to its end")
        self.root.last = -1
        self.meta_attributes = len(self.root.attributes)
        if claimed and claimed != stop:
            walker.issue("wrong-group-length", "FileMetaInformationGroupLength", "not the length of the file meta")
        return stop

    def _has_sound_meta(self, stop: int) -> bool:
        """Read file meta that is as it should be: ordered elements of group 0002 that end at ``stop``, where others
        follow. If it is not, nothing was read."""
        data, root, walker = self.window.data, self.root, self.walker
        if not self.start < stop <= len(data) - 2 or data[stop : stop + 2] == _META_GROUP:
            return False
        before = len(walker.issues)
        walker.data, walker.total = data[:stop], stop
        try:
            end = walker.walk(root, self.start, stop)
        except Damage:
            end = -1
        if end == stop and len(walker.issues) == before and root.last >> 16 == 2:
            root.last = -1
            self.meta_attributes = len(root.attributes)
            return True
        self.root, self.walker = Level(EXPLICIT_LITTLE), Walker(walker.memo)
        self.walker.issues += walker.issues[:before]
        return False

    def _meta_end(self, claimed: int) -> tuple[int, Encoding]:
        """The offset behind the file meta, and its encoding. The elements tell, unless their group length ``claimed``
        is where a data set begins and they are not."""
        try:
            stop, encoding = _meta_end(self.window, self.start)
        except Damage:
            if not self._begins(claimed):
                raise
            return claimed, EXPLICIT_LITTLE
        if stop != claimed and self._begins(claimed) and not self._begins(stop):
            stop = claimed
        return stop, encoding

    def _begins(self, offset: int) -> bool:
        """Whether a data set begins at ``offset``, which file meta of sane length ends at: so the next 1 KB look."""
        window, stop = self.window, offset + 1024
        if not self.start < offset < min(_LONGEST_META, window.total):
            return False
        if len(window.data) < min(stop, window.total):
            window.grow(0, stop)
        return start.readable(window.data[:stop], offset, window.total) is not None

    def _data_set(self, offset: int) -> int:
        """Read the data set, with more of the file as it is needed; the offset at which it ends."""
        syntax = self.root.attributes.get("TransferSyntaxUID")
        uid = syntax[:64] if isinstance(syntax, str) else ""
        encoding, deflated = of_transfer_syntax(uid)
        inflater = None
        if deflated:
            try:
                inflater = Inflater(self.read, self.window.offset(offset), self.size)
            except zlib.error:
                self.walker.issue("wrong-transfer-syntax", "TransferSyntaxUID", "the data set is not deflated")
                uid = encoding.uid
            else:
                self._moved = True
                room = HELD_LIMIT + HELD_RATIO * self.size
                self.window = Window(inflater.read, prefix=self.read(0, self.window.offset(offset)), room=room)
                offset = 0
        self.root.encoding, self.transfer_syntax = self._encoding(offset, encoding, uid)
        try:
            end = self._walk(offset)
            if inflater and inflater.damaged:
                raise Damage("truncated", end, "", "the deflated data set has no end")
        except Damage:
            if inflater and (inflater.damaged or self.window.cut):
                self.walker.issue("damaged-deflate", "", "the deflated data set ends early or cannot be inflated")
            raise
        return end

    def _finish(self, offset: int) -> Header:
        """What was read, when the header ends at ``offset``."""
        root, walker = self.root, self.walker
        oddities.settle(root)
        if len(root.attributes) == self.meta_attributes:
            raise HeaderError(f"the file has no data set; {_ADVICE}", offset=self.window.offset(offset), reason="empty")
        length, digest = self.window.finish(offset)
        return Header(root.attributes, walker.vrs, walker.issues, self.transfer_syntax, length, digest, self.size)

    def _walk(self, offset: int) -> int:
        root, walker = self.root, self.walker
        while True:
            walker.data, walker.total = self.window.data, self.window.total
            try:
                return walker.walk(root, offset, len(self.window.data))
            except NeedMore as more:
                self._moved = True
                if more.bulk is None or more.wanted - more.bulk[1] <= INLINE_LIMIT:
                    self.window.grow(root.position, more.wanted)
                else:
                    self._hash_value(*more.bulk, more.wanted)
                offset = 0

    def _hash_value(self, plan: Plan, first: int, stop: int) -> None:
        """Read a long binary value without holding it."""
        tag, key, vr, note = plan[0], plan[1], plan[6], plan[7]
        self.root.last = tag
        digest, missing = self.window.digest(first, stop)
        if missing:
            raise Damage("truncated", 0, key, "the value ends beyond the end of the file")
        if note:
            self.walker.vrs[key] = vr
        if vr not in BINARY_VRS:
            self.walker.issue("value-too-large", key, "more than 16 MB; only length and hash are kept")
        self.root.attributes[key] = {"length": stop - first, "sha256": digest}

    def _encoding(self, offset: int, encoding: Encoding, uid: str) -> tuple[Encoding, str]:
        """The encoding that the data set is really in, and its transfer syntax."""
        data = self.window.data
        if uid and start.looks_like(data, offset, encoding):
            return encoding, uid
        found = start.readable(data, offset, self.window.total)
        if found is None:
            found = EXPLICIT_LITTLE if data[offset + 4 : offset + 6].decode("latin-1") in VRS else IMPLICIT_LITTLE
        if not uid:
            self.walker.issue("missing-transfer-syntax", "TransferSyntaxUID", "the encoding was found by trying")
        elif found is encoding:
            return encoding, uid
        else:
            self.walker.issue("wrong-transfer-syntax", "TransferSyntaxUID", "the data set is in another encoding")
        return found, found.uid


def _meta_end(window: Window, first: int) -> tuple[int, Encoding]:
    """The offset behind the elements of group 0002, and their encoding: explicit little endian, implicit in error."""
    offset, encoding = first, EXPLICIT_LITTLE
    while True:
        if len(window.data) < offset + 12 and len(window.data) < window.total:
            window.grow(0, offset + 12)
        data = window.data
        if data[offset : offset + 2] != b"\x02\0" or len(data) < offset + 8:
            return offset, encoding
        written = data[offset + 4 : offset + 6].decode("latin-1")
        layout = encoding if written in VRS else IMPLICIT_LITTLE
        if offset == first:
            encoding = layout
        unpack, at, skip = layout.layout(written)
        stop = offset + skip + (unpack(data, offset + at)[0] if len(data) >= offset + skip else 0)
        if stop > window.total:
            raise Damage("truncated", offset, "", "the file ends within the file meta information")
        if stop > first + _LONGEST_META:
            raise Damage("value-too-large", offset, "", "the file meta information has more than 1 MB")
        offset = stop
        if len(data) < stop:
            window.grow(0, stop + 12)

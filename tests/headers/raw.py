"""DICOM bytes put together by hand, right or wrong as a test needs them."""

import struct
import zlib

from dicomlake.headers import Header, read_header

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
JPEG = "1.2.840.10008.1.2.4.50"

UID = "1.2.826.0.1.3680043.8.498.1"
LONG = ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
UNDEFINED = 0xFFFFFFFF


class Writer:
    """Writes elements in one encoding."""

    def __init__(self, *, explicit: bool = True, big: bool = False) -> None:
        self.explicit = explicit
        self.order = ">" if big else "<"

    def tag(self, tag: int) -> bytes:
        return struct.pack(self.order + "HH", tag >> 16, tag & 0xFFFF)

    def element(self, tag: int, vr: str, value: bytes | str = b"", *, length: int | None = None) -> bytes:
        """An element as given: the value is not padded; ``length`` lies about it."""
        raw = value.encode("latin-1") if isinstance(value, str) else value
        size = len(raw) if length is None else length
        if not self.explicit:
            return self.tag(tag) + struct.pack(self.order + "I", size) + raw
        if vr in LONG:
            return self.tag(tag) + vr.encode() + struct.pack(self.order + "HI", 0, size) + raw
        return self.tag(tag) + vr.encode() + struct.pack(self.order + "H", size) + raw

    def item(self, *elements: bytes, undefined: bool = False, length: int | None = None) -> bytes:
        body = b"".join(elements)
        if undefined:
            return self.delimiter(0xFFFEE000, UNDEFINED) + body + self.delimiter(0xFFFEE00D)
        return self.delimiter(0xFFFEE000, len(body) if length is None else length) + body

    def sequence(
        self, tag: int, *items: bytes, undefined: bool = False, length: int | None = None, vr: str = "SQ"
    ) -> bytes:
        body = b"".join(items)
        if undefined:
            return self.element(tag, vr, body + self.delimiter(0xFFFEE0DD), length=UNDEFINED)
        return self.element(tag, vr, body, length=length)

    def delimiter(self, tag: int, length: int = 0) -> bytes:
        return self.tag(tag) + struct.pack(self.order + "I", length)


EL = Writer()
IL = Writer(explicit=False)
EB = Writer(big=True)
WRITERS = {EXPLICIT: EL, IMPLICIT: IL, BIG_ENDIAN: EB, DEFLATED: EL, JPEG: EL}


def identity(writer: Writer = EL) -> bytes:
    """SOP Class and SOP Instance UID."""
    return writer.element(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2\0") + writer.element(
        0x00080018, "UI", UID + "\0" * (len(UID) % 2)
    )


def meta(syntax: str | None = EXPLICIT) -> bytes:
    """File meta information with its group length."""
    body = EL.element(0x00020002, "UI", "1.2.840.10008.5.1.4.1.1.2\0") + EL.element(0x00020003, "UI", UID + "\0")
    if syntax is not None:
        body += EL.element(0x00020010, "UI", syntax + "\0" * (len(syntax) % 2))
    return EL.element(0x00020000, "UL", struct.pack("<I", len(body))) + body


def file(*elements: bytes, syntax: str = EXPLICIT, before: bytes | None = None) -> bytes:
    """A file whose data set has an identity (``before`` replaces it) and these elements."""
    writer = WRITERS[syntax]
    body = (identity(writer) if before is None else before) + b"".join(elements)
    if syntax == DEFLATED:
        squeezer = zlib.compressobj(wbits=-15)
        body = squeezer.compress(body) + squeezer.flush()
    return bytes(128) + b"DICM" + meta(syntax) + body


def read(data: bytes) -> Header:
    return read_header(lambda offset, length: data[offset : offset + length], len(data))


def codes(data: bytes) -> list[tuple[str, str]]:
    """Codes and paths of the issues of a file."""
    return [(issue.code, issue.path) for issue in read(data).issues]


def value(vr: str, raw: bytes | str, tag: int = 0x00091001, *, charset: str | None = None):
    """The value of one private element of this VR."""
    header = one(vr, raw, tag, charset=charset)
    return header.attributes['(0009,"ACME",01)']


def one(vr: str, raw: bytes | str, tag: int = 0x00091001, *, charset: str | None = None) -> Header:
    """A file with one private element of this VR besides its identity."""
    text = EL.element(0x00080005, "CS", charset) if charset is not None else b""
    return read(file(text + identity(), EL.element(0x00090010, "LO", "ACME"), EL.element(tag, vr, raw), before=b""))

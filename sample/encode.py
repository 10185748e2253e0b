"""Planned attributes to the bytes of a DICOM file (PS3.10); pydicom encodes the elements."""

import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydicom import config
from pydicom.charset import convert_encodings
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.pixels.encoders.base import RLELosslessEncoder
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from sample.forms import Attributes, Private, decimal, private_parts, vr_of
from sample.plan import Instance, Series

SYNTAXES: dict[str, UID] = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "rle": RLELossless,
}
IMPLEMENTATION = "2.25.329800735698586629295641978511506172918"
"""ImplementationClassUID of everything the sample writes, so that no library's version shows in the bytes."""

PREAMBLE = bytes(128) + b"DICM"
_PIXEL_DATA = 0x7FE00010

Encoded = dict[int, bytes]
"""Encoded elements by tag."""


def file_meta(series: Series, instance: Instance) -> Attributes:
    """The File Meta Information of an instance (PS3.10 7.1), group length aside."""
    return {
        "FileMetaInformationVersion": b"\x00\x01",
        "MediaStorageSOPClassUID": series.sop_class,
        "MediaStorageSOPInstanceUID": instance.uid,
        "TransferSyntaxUID": str(SYNTAXES[series.syntax]),
        "ImplementationClassUID": IMPLEMENTATION,
        "ImplementationVersionName": series.device["implementation"],
        "SourceApplicationEntityTitle": series.study.site["aet"],
    }


class Encoder:
    """Writes the files of one series; what they share is encoded once."""

    def __init__(self, series: Series) -> None:
        self._series = series
        self._syntax = SYNTAXES[series.syntax]
        self._held = dataset(series.attributes)
        self._encodings = convert_encodings(series.attributes.get("SpecificCharacterSet") or "ISO_IR 6")
        self._shared = self._encoded(self._held)

    def file(self, instance: Instance) -> bytes:
        """The complete file: preamble, meta, data set, pixels."""
        return PREAMBLE + meta_group(file_meta(self._series, instance)) + self.body(instance)

    def body(self, instance: Instance) -> bytes:
        """The data set of an instance in the transfer syntax of its series."""
        body = joined(self.elements(instance))
        return deflated(body) if self._series.syntax == "deflated" else body

    def elements(self, instance: Instance) -> Encoded:
        """The elements of an instance, pixels included."""
        elements = {**self._shared, **self._encoded(dataset(instance.attributes, self._held))}
        if instance.pixels:
            elements |= self._encoded(self._pixels(instance))
        return elements

    def _encoded(self, held: Dataset) -> Encoded:
        return encoded(held, self._syntax, self._encodings)

    def _pixels(self, instance: Instance) -> Dataset:
        assert instance.pixels
        image = {**self._series.attributes, **instance.attributes}
        native, bits = instance.pixels(), image["BitsAllocated"]
        made = Dataset()
        if self._series.syntax == "rle":
            frames = image.get("NumberOfFrames", 1)
            size = len(native) // frames
            parts = [_rle(image, native[start : start + size]) for start in range(0, size * frames, size)]
            made.add_new(_PIXEL_DATA, "OB", encapsulate(parts))
            made[_PIXEL_DATA].is_undefined_length = True
            return made
        if bits == 16 and self._series.syntax == "big":
            native = np.frombuffer(native, "<u2").astype(">u2").tobytes()
        word = bits == 16 or self._series.syntax == "implicit"
        made.add_new(_PIXEL_DATA, "OW" if word else "OB", native)
        return made


def meta_group(meta: Mapping[str, Any]) -> bytes:
    """File meta attributes as group 0002, always explicit little endian, its length first."""
    group = joined(encoded(dataset(meta), ExplicitVRLittleEndian, ["latin_1"]))
    return struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(group)) + group


def joined(elements: Encoded) -> bytes:
    """Elements in the order of their tags."""
    return b"".join(part for _, part in sorted(elements.items()))


def deflated(data: bytes) -> bytes:
    """Raw deflate of an even length (PS3.5 A.5)."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush()
    return packed + bytes(len(packed) % 2)


def encoded(held: Dataset, syntax: UID, encodings: list[str]) -> Encoded:
    """Every element of a data set, encoded alone."""
    made: Encoded = {}
    for element in held:
        out = DicomBytesIO()
        out.is_little_endian = syntax.is_little_endian
        out.is_implicit_VR = syntax.is_implicit_VR
        write_data_element(out, element, encodings)
        made[int(element.tag)] = out.getvalue()
    return made


def dataset(attributes: Mapping[str, Any], beside: Dataset | None = None) -> Dataset:
    """A pydicom data set of planned attributes; private blocks are those of ``beside`` or come after them."""
    made = Dataset()
    blocks: dict[tuple[int, str], int] = {}
    for key, value in attributes.items():
        if isinstance(value, Private):
            group, creator, byte = private_parts(key)
            block = blocks.get((group, creator)) or _block(made, beside, group, creator)
            blocks[group, creator] = block
            made[group, block << 8 | byte] = _element(group << 16 | block << 8 | byte, value.vr, value.value)
        else:
            tag = tag_for_keyword(key)
            assert tag is not None, key
            made[tag] = _element(tag, vr_of(key), value)
    return made


def _block(made: Dataset, beside: Dataset | None, group: int, creator: str) -> int:
    """The block a creator has reserved in a group, or the next free one, reserved now (PS3.5 7.8.1)."""
    block = 0x10
    while True:
        for held in (beside, made):
            if held is not None and (group, block) in held:
                if held[group, block].value == creator:
                    return block
                break
        else:
            made[group, block] = _element(group << 16 | block, "LO", creator)
            return block
        block += 1


def _element(tag: int, vr: str, value: Any) -> DataElement:
    if vr == "SQ":
        return DataElement(tag, vr, Sequence([dataset(item) for item in value]))
    if vr == "DS" and value is not None:
        value = [decimal(one) for one in value] if isinstance(value, list) else decimal(value)
    elif vr == "AT" and value:
        value = [_tag(one) for one in value] if isinstance(value, list) else _tag(value)
    return DataElement(tag, vr, value, validation_mode=config.IGNORE)


def _tag(shown: str) -> Any:
    return Tag(int(shown[1:5], 16), int(shown[6:10], 16))


def _rle(image: Mapping[str, Any], frame: bytes) -> bytes:
    return RLELosslessEncoder.encode(
        frame,
        rows=image["Rows"],
        columns=image["Columns"],
        samples_per_pixel=image["SamplesPerPixel"],
        number_of_frames=1,
        bits_allocated=image["BitsAllocated"],
        bits_stored=image["BitsStored"],
        photometric_interpretation=image["PhotometricInterpretation"],
        pixel_representation=image["PixelRepresentation"],
        planar_configuration=0,
        encoding_plugin="pydicom",
    )

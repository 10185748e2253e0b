"""Planned attributes to the bytes of a DICOM file (PS3.10), by pydicom."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydicom import config, dcmwrite
from pydicom.dataelem import DataElement
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from sample.forms import Attributes, Private, decimal, private_parts, vr_of
from sample.plan import Instance, Series

SYNTAXES = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "rle": RLELossless,
}
IMPLEMENTATION = "2.25.329800735698586629295641978511506172918"
"""ImplementationClassUID of everything the sample writes, so that no library's version shows in the bytes."""


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
    """Writes the files of one series; what they share is converted once."""

    def __init__(self, series: Series) -> None:
        self._series = series
        self._shared = dataset(series.attributes)

    def file(self, instance: Instance) -> bytes:
        """The complete file: preamble, meta, data set, pixels."""
        made = Dataset()
        made.update(self._shared)
        made.update(dataset(instance.attributes, made))
        if instance.pixels:
            self._add_pixels(made, instance.pixels())
        meta = FileMetaDataset()
        meta.update(dataset(file_meta(self._series, instance)))
        made.file_meta = meta
        return written(made)

    def _add_pixels(self, made: Dataset, native: bytes) -> None:
        bits = made.BitsAllocated
        if self._series.syntax == "rle":
            frames = int(made.get("NumberOfFrames", 1))
            size = len(native) // frames
            parts = [self._rle(made, native[start : start + size]) for start in range(0, size * frames, size)]
            made.add_new(0x7FE00010, "OB", encapsulate(parts))
            made["PixelData"].is_undefined_length = True
            return
        if bits == 16 and self._series.syntax == "big":
            native = np.frombuffer(native, "<u2").astype(">u2").tobytes()
        word = bits == 16 or self._series.syntax == "implicit"
        made.add_new(0x7FE00010, "OW" if word else "OB", native)

    @staticmethod
    def _rle(made: Dataset, frame: bytes) -> bytes:
        return RLELosslessEncoder.encode(
            frame,
            rows=made.Rows,
            columns=made.Columns,
            samples_per_pixel=made.SamplesPerPixel,
            number_of_frames=1,
            bits_allocated=made.BitsAllocated,
            bits_stored=made.BitsStored,
            photometric_interpretation=made.PhotometricInterpretation,
            pixel_representation=made.PixelRepresentation,
            planar_configuration=0,
            encoding_plugin="pydicom",
        )


def written(made: Dataset) -> bytes:
    """A data set with its file meta as a DICOM file."""
    out = io.BytesIO()
    dcmwrite(out, made, enforce_file_format=True)
    return out.getvalue()


def dataset(attributes: Mapping[str, Any], beside: Dataset | None = None) -> Dataset:
    """A pydicom data set of planned attributes; private blocks go on after those of ``beside``."""
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

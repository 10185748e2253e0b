"""One frame of a file, decoded: pydicom and the decoders that it finds. Runs in a child process only.

Nothing is read but the header and, of the pixels, the frame that is asked for.
"""

import io
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dicomlake.errors import NoPictureError, NotFoundError, PictureLimitError, UndecodableError
from dicomlake.images.header import Frame, first, number, text
from dicomlake.storage.content import AsFile, Bytes

_PIXELS: Final = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
_NUMBERS: Final = {
    "rows": "Rows",
    "columns": "Columns",
    "samples_per_pixel": "SamplesPerPixel",
    "planar_configuration": "PlanarConfiguration",
    "bits_allocated": "BitsAllocated",
    "bits_stored": "BitsStored",
    "pixel_representation": "PixelRepresentation",
    "number_of_frames": "NumberOfFrames",
}
_LONG: Final = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN")
_FORMS: Final = {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"}
_FORMS_IN_CODECS: Final = {"YBR_PARTIAL_420", "YBR_PARTIAL_422"}
"""Forms that the decoders of JPEG 2000 and of video turn into RGB; nobody does for plain pixels."""


class _File(io.BufferedReader):
    """Bytes as pydicom reads them: it wants a name."""

    name = ""


@dataclass(slots=True)
class Opened:
    """A file whose header was read, and where its pixels begin."""

    header: Dataset
    syntax: UID
    options: dict[str, Any]
    offset: int
    inflated: bytes = b""
    """The data set of a deflated file."""

    @property
    def frames(self) -> int:
        """Frames that the header announces."""
        return int(self.options["number_of_frames"])


def read(data: Bytes) -> Opened:
    """The header of a file. Raises NoPictureError when it has no pixels, UndecodableError when it cannot be read."""
    file = _File(AsFile(data), 1 << 16)
    try:
        header = dcmread(file, stop_before_pixels=True, force=True)
    except (InvalidDicomError, EOFError) as error:
        raise UndecodableError("the file is no DICOM that can be read; index it again") from error
    syntax = _syntax(header)
    inflated = b""
    if syntax == DeflatedExplicitVRLittleEndian:
        file.seek(0)
        whole = dcmread(file, force=True)
        keyword = next((name for name in _PIXELS.values() if name in whole), "")
        if not keyword:
            raise NoPictureError("no picture: the header is followed by no pixel data")
        inflated, offset, vr = whole[keyword].value, 0, whole[keyword].VR
        header = whole
        del header[keyword]
    else:
        offset = file.tell()
        keyword, vr, length = _begin(file.read(12), syntax)
        offset += length
    options = _options(header) | {"pixel_keyword": keyword, "pixel_vr": vr, "transfer_syntax_uid": syntax}
    return Opened(header, syntax, options, offset, inflated)


def _options(header: Dataset) -> dict[str, Any]:
    """What decoders need to know, of it what the header says."""
    found: dict[str, Any] = {"photometric_interpretation": text(header, "PhotometricInterpretation")}
    for name, keyword in _NUMBERS.items():
        if (value := first(header, keyword)) is not None:
            found[name] = int(value)
    found["number_of_frames"] = max(1, found.get("number_of_frames", 1))
    offsets, lengths = (header.get(name) for name in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"))
    if isinstance(offsets, bytes) and isinstance(lengths, bytes):
        found["extended_offsets"] = offsets, lengths
    return found


def check(opened: Opened, data: Bytes, index: int, most: int) -> None:
    """Raises NotFoundError for a frame that is not there, PictureLimitError for one of more than ``most`` bytes, and
    UndecodableError for pixels of an unknown form. Nothing was decoded yet."""
    if not 0 <= index < opened.frames:
        frames = f"{opened.frames} frames, counted from 0" if opened.frames > 1 else "one frame, number 0"
        raise NotFoundError(f"no frame {index}: the object has {frames}")
    shape = [int(opened.options.get(name) or 0) for name in ("rows", "columns", "samples_per_pixel", "bits_allocated")]
    if not all(0 < size <= 65_535 for size in shape):
        raise UndecodableError("the header does not say how large the pixels are (Rows, Columns, Samples, Bits)")
    rows, columns, samples, bits = shape
    size = rows * columns * samples * bits // 8
    if size > most:
        raise PictureLimitError(
            f"a frame of {columns} x {rows} pixels is {size:,} bytes, more than the {most:,} that one may have "
            "(DICOMLAKE_IMAGE_FRAME_BYTES)",
            limit="DICOMLAKE_IMAGE_FRAME_BYTES",
        )
    held = len(opened.inflated) or data.size - opened.offset
    if not opened.syntax.is_compressed and held * 8 < size_of(opened, index + 1):
        raise UndecodableError("the file ends before the frame does; get it from its source again")
    form = str(opened.options.get("photometric_interpretation", ""))
    if form not in _FORMS and not (form in _FORMS_IN_CODECS and opened.syntax.is_compressed):
        raise UndecodableError(f"pixels of the form {form[:16] or '(none)'} are not shown")
    if samples not in (1, 3):
        raise UndecodableError(f"pixels of {samples} samples are not shown")


def size_of(opened: Opened, frames: int) -> int:
    """Bits of so many frames as they lie in a file that is not compressed."""
    bits = frames
    for name in ("rows", "columns", "samples_per_pixel", "bits_allocated"):
        bits *= int(opened.options[name])
    return bits * 2 // 3 if opened.options.get("photometric_interpretation") == "YBR_FULL_422" else bits


def decoded(opened: Opened, data: Bytes, index: int) -> NDArray[Any]:
    """Stored values of one frame (rows, columns), or colours (rows, columns, 3), red, green and blue."""
    try:
        decoder = get_decoder(opened.syntax)
    except NotImplementedError as error:
        raise UndecodableError(f"there is no decoder for {opened.syntax.name}") from error
    if not decoder.is_available:
        raise UndecodableError(f"there is no decoder for {opened.syntax.name}")
    stream = io.BytesIO(opened.inflated) if opened.inflated else _File(AsFile(data), 1 << 16)
    file = cast(BinaryIO, stream)
    file.seek(opened.offset)
    return decoder.as_array(file, index=index, **opened.options)[0]


def eight_bits(colours: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """Colours of ``bits`` as such of eight."""
    if colours.dtype == np.uint8:
        return colours
    if colours.dtype.kind != "u" or not 8 <= bits <= colours.dtype.itemsize * 8:
        raise UndecodableError(f"colours of {bits} bits ({colours.dtype.name}) are not shown")
    return (colours >> (bits - 8)).astype(np.uint8)


def coloured(opened: Opened, frame: NDArray[Any]) -> NDArray[np.uint8]:
    """The colours that a palette gives to stored values (PS3.3 C.7.6.3.1.5, C.7.9)."""
    if tables := Frame(opened.header, 0).palette():
        size = min(len(table.entries) for table in tables)
        colours = np.stack([table.entries[:size] for table in tables], axis=-1)
        place = np.clip(frame.astype(np.int32) - int(tables[0].first), 0, size - 1)
        return np.take(colours, place, axis=0)
    try:
        found = apply_color_lut(frame, opened.header)  # palettes in segments
    except (ValueError, AttributeError, IndexError, KeyError, TypeError) as error:
        raise UndecodableError(f"the colour palette cannot be used ({type(error).__name__})") from error
    return eight_bits(found[..., :3], found.dtype.itemsize * 8)


def trimmed(opened: Opened, frame: NDArray[Any]) -> NDArray[Any]:
    """Stored values without what else lies in their cells (PS3.5 8.1.1): overlays of old, and bits below the lowest."""
    allocated, stored = (int(first(opened.header, name) or 0) for name in ("BitsAllocated", "BitsStored"))
    high = first(opened.header, "HighBit")
    if frame.dtype.kind not in "iu" or not 0 < stored < allocated or allocated != frame.dtype.itemsize * 8:
        return frame
    above = allocated - 1 - int(stored - 1 if high is None else high)
    if not 0 <= above <= allocated - stored or (above == allocated - stored and not _overlaid(opened.header)):
        return frame
    return (frame << above) >> (allocated - stored)


def _overlaid(header: Dataset) -> bool:
    """Whether an overlay lies in the unused bits of the pixels (retired: PS3.3-2004 C.9.2)."""
    return any(number(header, 0x60000102 + (group << 16)) for group in range(0, 0x20, 2))


def _syntax(header: Dataset) -> UID:
    """The transfer syntax; of a file without meta information, the one that it was read by."""
    named = getattr(header, "file_meta", {}).get("TransferSyntaxUID")
    if named:
        syntax = UID(str(named))
        if not syntax.is_transfer_syntax:
            raise UndecodableError(f"there is no decoder for the transfer syntax {str(named)[:64]}")
        return syntax
    implicit, little = header.original_encoding
    return ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _begin(start: bytes, syntax: UID) -> tuple[str, str, int]:
    """Keyword and VR of the element of pixels that begins so, and the bytes before its value. Raises NoPictureError
    when it is none."""
    order = "<" if syntax.is_little_endian else ">"
    if len(start) >= 8:
        group, element = struct.unpack_from(f"{order}HH", start)
        if keyword := _PIXELS.get(group << 16 | element):
            vr = start[4:6]
            # There are files without VRs whose syntax would have some.
            if syntax.is_implicit_VR or vr not in _LONG:
                return keyword, "OW", 8
            return keyword, vr.decode("ascii"), 12
    raise NoPictureError("no picture: the header is followed by no pixel data")

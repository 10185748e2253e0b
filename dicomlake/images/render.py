"""A frame of a file to the bytes of a picture. Runs in a child process only."""

import io
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dicomlake.errors import NotFoundError, UndecodableError
from dicomlake.images.decode import Opened, check, coloured, decoded, eight_bits, trimmed
from dicomlake.images.grey import Auto, Chain, Interest, Line, Modality, Window, shades
from dicomlake.images.header import Frame, first, text
from dicomlake.images.windows import DEFAULT, header_index, numbers
from dicomlake.storage.content import Bytes

MEASURED: Final = frozenset({"CT", "MR", "NM", "PT", "RTDOSE"})
"""Modalities whose values are measurements also where they have eight bits; others are made to be looked at."""

_WHOLE: Final = Auto(0.0, 100.0)
_COMPRESSION: Final = 3
"""Of PNG: from here on a second of work saves a few hundredths of the bytes."""
_QUALITY: Final = 85
"""Of JPEG, for thumbnails."""

Picture = NDArray[np.uint8]


def picture(opened: Opened, data: Bytes, index: int, window: str, size: int, most: int, *, small: bool) -> bytes:
    """A PNG of one frame, its longest side at most ``size``; ``small``: a JPEG where that has fewer bytes.

    ``most``: bytes of a decoded frame that are tried. Raises NotFoundError for a frame or window of the header that is
    not there, PictureLimitError and UndecodableError.
    """
    check(opened, data, index, most)
    pixels = shown(opened, decoded(opened, data, index), index, window)
    return encoded(fitted(Image.fromarray(pixels), Frame(opened.header, index).stretch(), size), small=small)


def shown(opened: Opened, frame: NDArray[Any], index: int, window: str) -> Picture:
    """The shades (rows, columns) or colours (rows, columns, 3) of a frame."""
    header = opened.header
    form = str(opened.options.get("photometric_interpretation", ""))
    if frame.ndim == 3:
        return np.ascontiguousarray(eight_bits(frame, int(first(header, "BitsStored") or 8)))
    frame = trimmed(opened, frame)
    if form == "PALETTE COLOR":
        return np.ascontiguousarray(coloured(opened, frame))
    return shades(frame, chain(opened, index, window))


def chain(opened: Opened, index: int, window: str) -> Chain:
    """How the stored values of a grey frame become shades, under a window as :mod:`dicomlake.images.windows` has it."""
    frame = Frame(opened.header, index)
    modality = frame.modality()
    voi = _voi(opened, frame, modality, window)
    return Chain(modality, voi, text(opened.header, "PhotometricInterpretation") == "MONOCHROME1", frame.padding())


def _voi(opened: Opened, frame: Frame, modality: Modality, window: str) -> Window | Interest | Auto:
    if chosen := numbers(window):
        return Window(*chosen) if chosen[1] >= 1 else Window(*chosen, "LINEAR_EXACT")
    offered = frame.offered(modality)
    index = header_index(window)
    if index is not None:
        if index >= len(offered):
            raise NotFoundError(f"no window {index}: the header has {len(offered)}, counted from 0")
        if (chosen_one := offered[index]) is None:
            raise UndecodableError(f"table {index} of the header cannot be used; ask for another window")
        return chosen_one.voi
    if window == DEFAULT and (usable := next(filter(None, offered), None)):
        return usable.voi
    return _auto(opened, modality, window)


def _auto(opened: Opened, modality: Modality, window: str) -> Window | Auto:
    """What suits values of which the header does not say how they are looked at."""
    header = opened.header
    bits = int(first(header, "BitsStored") or 0)
    kind = text(header, "Modality")
    if bits == 1:
        return Window(0.5, 1.0, "LINEAR_EXACT")
    if kind == "SEG":
        top = first(header, "MaximumFractionalValue")
        return Window(top / 2, top, "LINEAR_EXACT") if top else _WHOLE
    plain = modality == Line() and first(header, "PixelRepresentation") == 0
    if window == DEFAULT and bits <= 8 and plain and kind not in MEASURED and opened.options["bits_allocated"] == 8:
        return Window((2**bits - 1) / 2, 2**bits - 1, "LINEAR_EXACT")
    return _WHOLE if kind == "RTDOSE" else Auto()


def fitted(image: Image.Image, stretch: float, size: int) -> Image.Image:
    """The image in the shape that its pixels have (``stretch``: height of one by its width), and no larger than asked
    for; it is not made larger, but along the side that its pixels are longer on."""
    width, height = image.width * max(1.0, 1 / stretch), image.height * max(1.0, stretch)
    scale = min(1.0, size / max(width, height))
    target = max(1, round(width * scale)), max(1, round(height * scale))
    if target == image.size:
        return image
    return image.resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0)


def encoded(image: Image.Image, *, small: bool) -> bytes:
    """The bytes of the picture as PNG; ``small``: as JPEG where that has fewer."""
    png = io.BytesIO()
    image.save(png, "PNG", compress_level=_COMPRESSION)
    if small:
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=_QUALITY)
        if jpeg.tell() < png.tell():
            return jpeg.getvalue()
    return png.getvalue()

"""Every file with pixels that pydicom ships or that pydicom-data adds gives a picture, or a reason that is known."""

import io
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.pixels import apply_modality_lut, apply_voi_lut, pixel_array

from dicomlake.errors import DicomlakeError
from dicomlake.images import decode, render
from dicomlake.storage import opened
from tests.images.builders import SHIPPED, STORED, png

REASONS = {
    # Decoders under free licences know no JPEG of 12 bits.
    "JPEG-lossy.dcm": "undecodable-picture: RuntimeError",
    "JPGExtended.dcm": "undecodable-picture: RuntimeError",
    # Damaged on purpose.
    "JPEG2000-embedded-sequence-delimiter.dcm": "undecodable-picture: RuntimeError",
    "MR_truncated.dcm": "undecodable-picture: ends before the frame",
    # Headers made for other tests: what they have of pixels is a few bytes, or nothing at all.
    "meta_missing_tsyntax.dcm": "undecodable-picture: does not say how large",
    "nested_priv_SQ.dcm": "undecodable-picture: does not say how large",
    "UN_sequence.dcm": "no-picture: no pixel data",
}


def files() -> list[Path]:
    found = []
    for folder in (SHIPPED, STORED):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix not in (".py", ".pyc", ".json", ".txt", ".md", ".gz", ".zip", ".icc"):
                found.append(path)
    return found


def header(path: Path) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dcmread(path, force=True, stop_before_pixels=True)


FILES = [path for path in files() if "Rows" in header(path) or path.name in REASONS]


def test_there_are_many() -> None:
    assert len(FILES) > 150
    assert REASONS.keys() <= {path.name for path in FILES}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_gives_a_picture_or_a_known_reason(path: Path) -> None:
    try:
        shown = Image.open(io.BytesIO(png(path, size=256)))
    except DicomlakeError as error:
        said = f"{error.code}: {error.message}"
        code, words = REASONS[path.name].split(": ")
        assert re.match(f"{code}: .*{words}", said)
    else:
        assert path.name not in REASONS
        assert 1 <= max(shown.size) <= 256


GREY = [
    path
    for path in FILES
    if path.name not in REASONS
    and str(header(path).get("PhotometricInterpretation")).startswith("MONOCHROME")
    and ("WindowCenter" in header(path) or "VOILUTSequence" in header(path))
    and "TransferSyntaxUID" in header(path).file_meta
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", GREY, ids=lambda path: path.name)
def test_shades_are_those_of_pydicom(path: Path) -> None:
    ds = header(path)
    stored = pixel_array(path, index=0)
    values = apply_modality_lut(stored, ds)
    voi = np.asarray(apply_voi_lut(values, ds), dtype=np.float64)
    if "VOILUTSequence" in ds:
        low, high = 0.0, 2.0 ** int(ds.VOILUTSequence[0].LUTDescriptor[2]) - 1
    else:
        low, high = spread(ds)
    shade = (voi - low) / (high - low) * 255
    expected = 255 - shade if ds.PhotometricInterpretation == "MONOCHROME1" else shade
    with opened(str(path)) as data:
        own = decode.read(data)
        shown = render.shown(own, decode.decoded(own, data, 0), 0, "default").astype(float)
    keep = stored != ds.get("PixelPaddingValue", -(2**20))  # padding is black, whatever the window says
    assert np.abs(shown - expected)[keep].max() <= 0.5 + 1e-6


def spread(ds: Dataset) -> tuple[float, float]:
    """The range that pydicom spreads a window over: that of the stored values, rescaled."""
    bits = int(ds.BitsStored)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if ds.PixelRepresentation else (0, 2**bits - 1)
    if "ModalityLUTSequence" in ds:
        return 0, 2 ** int(ds.ModalityLUTSequence[0].LUTDescriptor[2]) - 1
    slope, intercept = float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0))
    return low * slope + intercept, high * slope + intercept

"""Builders: data sets with pixels, and pictures of them made in this process, without the limits of one of its own."""

import io
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
from PIL import Image
from pydicom.dataset import Dataset

from dicomlake.images import jobs
from dicomlake.images.jobs import Job
from dicomlake.images.worker import answer
from tests.builders import data_set, write

SHIPPED = Path(pydicom.data.__file__).parent / "test_files"
"""Files inside the pydicom package."""
STORED = Path(__import__("data_store").__path__[0]) / "data"
"""Those of pydicom-data."""


def image(values: np.ndarray, **attributes: Any) -> Dataset:
    """A CT instance whose stored values are those of an array: (rows, columns), with colours (rows, columns, 3), or
    with frames before that where NumberOfFrames says so. Attributes by keyword win over what follows from the array."""
    frames = int(attributes.get("NumberOfFrames", 0))
    shape = values.shape[1:] if frames else values.shape
    bits = values.dtype.itemsize * 8
    given = {
        "Rows": shape[0], "Columns": shape[1], "SamplesPerPixel": 3 if len(shape) == 3 else 1,
        "PhotometricInterpretation": "RGB" if len(shape) == 3 else "MONOCHROME2",
        "BitsAllocated": bits, "BitsStored": bits, "HighBit": bits - 1,
        "PixelRepresentation": int(values.dtype.kind == "i"),
    }  # fmt: skip
    if len(shape) == 3:
        given["PlanarConfiguration"] = 0
    ds = data_set(**{**given, **attributes})
    if values.dtype == np.float32:
        ds.FloatPixelData = values.tobytes()
    else:
        data = values.tobytes()
        ds.PixelData = data + b"\0" * (len(data) % 2)
        ds["PixelData"].VR = "OB" if bits == 8 else "OW"
    return ds


def job(path: Path, **wanted: Any) -> Job:
    """A job about a file: its first frame under the default window, within usual limits."""
    usual = {"frame": 0, "window": "default", "size": 2_048, "small": False, "most": 1 << 27, "seconds": 10.0}
    return Job(str(path), **{**usual, **wanted})


def png(path: Path, **wanted: Any) -> bytes:
    """The picture of a file, or the error that says why there is none."""
    return jobs.read(answer(job(path, **wanted), OrderedDict()))


def pixels(ds: Dataset, folder: Path, **wanted: Any) -> np.ndarray:
    """The picture of a data set as an array."""
    return np.asarray(Image.open(io.BytesIO(png(write(ds, folder / "image.dcm"), **wanted))))


def ramp(low: int = -1_000, high: int = 1_000, rows: int = 20, columns: int = 40) -> np.ndarray:
    """Signed values that grow from left to right."""
    return np.linspace(low, high, columns).round().astype(np.int16)[None].repeat(rows, 0)

"""Pictures that show what they are named for: slices and projections of bodies made of ellipsoids.

Only sums, products and comparisons of doubles are used, so that every machine draws the same bytes.
"""

from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample.tables import table

Picture = NDArray[np.float64]

_SOFT = 0.12
"""Width of the edge of an ellipsoid, as a share of its radius squared."""


@cache
def grid(size: int) -> tuple[Picture, Picture]:
    """Columns and rows of a square picture, -1..1, at pixel centres."""
    axis = (np.arange(size, dtype=np.float64) + 0.5) * 2 / size - 1
    return axis[None, :], axis[:, None]


@lru_cache(maxsize=512)
def slice_through(anatomy: str, look: str, plane: str, depth: float, size: int) -> Picture:
    """A slice of a body: ``look`` is a column of tissues.yml, ``depth`` the place along the plane's normal, -1..1.

    Rows run as DICOM shows them: axial from front to back, coronal and sagittal from head to foot.
    """
    across, down = grid(size)
    x: Any
    y: Any
    z: Any
    if plane == "axial":
        x, y, z = across, down, depth
    elif plane == "coronal":
        x, y, z = across, depth, -down
    else:
        x, y, z = depth, across, -down
    tissues = table("tissues")
    picture = np.full((size, size), float(tissues["air"][look]))
    for tissue, (cx, cy, cz), (rx, ry, rz) in table("anatomy")[anatomy]:
        inside = 1 - ((x - cx) / rx) ** 2 - ((y - cy) / ry) ** 2 - ((z - cz) / rz) ** 2
        cover = np.clip(inside / _SOFT, 0, 1)
        picture += cover * (tissues[tissue][look] - picture)
    picture.setflags(write=False)
    return picture


def grain(size: int, seed: int) -> Picture:
    """Fine grain of mean 0 within -1..1, from an integer hash of place and seed."""
    column = np.arange(size, dtype=np.uint32)[None, :] * np.uint32(73856093)
    row = np.arange(size, dtype=np.uint32)[:, None] * np.uint32(19349663)
    mixed = column ^ row ^ np.uint32(seed * 83492791 & 0xFFFFFFFF)
    for shift, factor in ((15, 2246822519), (13, 3266489917)):
        mixed = (mixed ^ mixed >> np.uint32(shift)) * np.uint32(factor)
    mixed ^= mixed >> np.uint32(16)
    return mixed.astype(np.float64) * (2 / 0xFFFFFFFF) - 1


def stored(picture: Picture, *, low: float = 0, high: float = 4095, offset: float = 0) -> bytes:
    """The picture as little-endian 16-bit unsigned stored values, clipped to low..high after adding ``offset``."""
    return np.clip(picture + offset, low, high).astype("<u2").tobytes()


def stored_bytes(picture: Picture) -> bytes:
    """The picture as 8-bit stored values, clipped."""
    return np.clip(picture, 0, 255).astype(np.uint8).tobytes()

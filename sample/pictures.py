"""Pictures that show what they are named for: slices and projections of bodies made of ellipsoids.

Only sums, products and comparisons of doubles are used, so that every machine draws the same bytes.
"""

from functools import cache, lru_cache
from itertools import pairwise
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


@lru_cache(maxsize=64)
def projection(anatomy: str, direction: str, size: int, steps: int = 24) -> Picture:
    """A radiograph of a body, 0 (air) to 1 (most attenuating), seen from the ``front`` or the ``side``."""
    plane = "coronal" if direction == "front" else "sagittal"
    depths = [(step + 0.5) * 2 / steps - 1 for step in range(steps)]
    total = sum((slice_through(anatomy, "mu", plane, depth, size) for depth in depths), np.zeros((size, size)))
    seen: Picture = total / total.max()
    seen.setflags(write=False)
    return seen


@lru_cache(maxsize=64)
def mammogram(view: str, laterality: str, size: int) -> Picture:
    """A mammogram, 0 (air) to about 1.2; the chest wall is on the right edge for a right breast."""
    seen = slice_through(f"mammogram-{view}", "mu", "axial", 0.0, size)
    return seen if laterality == "R" else seen[:, ::-1]


@lru_cache(maxsize=128)
def ultrasound(anatomy: str, shape: str, depth: float, size: int) -> Picture:
    """An ultrasound picture, 0..255: a fan, or all of the width for a LINEAR probe, with speckle."""
    across, down = grid(size)
    seen = slice_through(f"us-{anatomy}", "us", "axial", depth, size) * (0.75 + 0.25 * grain(size, 7))
    if shape == "LINEAR":
        return seen
    away = down + 1.15
    distance = across * across + away * away
    spread = 0.75 if shape == "CURVED LINEAR" else 0.6
    inside = (across * across <= (spread * away) ** 2) & (distance >= 0.06) & (distance <= 4.2)
    return np.where(inside, seen, 0.0)


@lru_cache(maxsize=128)
def angiogram(vessels: str, filled: float, size: int, subtracted: bool) -> Picture:
    """A vessel tree with contrast in its first share ``filled`` of segments; 0 is black, 255 white."""
    across, down = grid(size)
    seen = np.full((size, size), 190.0) if subtracted else 205 - 45 * (across * across + down * down)
    if not subtracted:
        seen = seen - np.where((across > 0.55) & (down < 0.9), 28.0, 0.0) - 10 * np.clip(down * 3, 0, 2)
    segments = [(line[0], *pair) for line in table("vessels")[vessels] for pair in pairwise(line[1:])]
    for width, (ax, ay), (bx, by) in segments[: round(filled * len(segments))]:
        along = np.clip(((across - ax) * (bx - ax) + (down - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2), 0, 1)
        distance = (across - ax - along * (bx - ax)) ** 2 + (down - ay - along * (by - ay)) ** 2
        seen = seen - np.clip(1.3 - distance / width**2, 0, 1) * (seen - 50)
    return seen


def lettering(picture: Picture, text: str, left: int, top: int, *, scale: int = 1, ink: float = 255) -> list[int]:
    """Burn text into a picture with the font of ``data/font.yml``; the rectangle it covers: [left, top, width, height].

    Letters without a glyph become spaces; text that does not fit is cut at the right edge.
    """
    font = table("font")
    room = (picture.shape[1] - left) // (4 * scale)
    shown = text.upper()[:room]
    for index, letter in enumerate(shown):
        for row, dots in enumerate(font.get(letter, "").split()):
            for column, dot in enumerate(dots):
                if dot == "#":
                    y, x = top + row * scale, left + (4 * index + column) * scale
                    picture[y : y + scale, x : x + scale] = ink
    return [left, top, 4 * scale * len(shown), 5 * scale]


def mask(anatomy: str, tissue: str, depth: float, size: int) -> NDArray[np.bool_]:
    """Where an axial slice of a body shows a tissue."""
    across, down = grid(size)
    shown = np.zeros((size, size), dtype=np.bool_)
    for name, (cx, cy, cz), (rx, ry, rz) in table("anatomy")[anatomy]:
        if name == tissue:
            shown |= ((across - cx) / rx) ** 2 + ((down - cy) / ry) ** 2 + ((depth - cz) / rz) ** 2 < 1
    return shown

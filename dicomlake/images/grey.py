"""Stored values to shades of grey: modality transformation, window or table of values of interest, inversion.

PS3.3 C.7.6.3 (pixels), C.11.1 (modality LUT), C.11.2 (VOI LUT). Everything is decided value by value, so for images of
up to 16 bits the chain is worked out once for each value there can be, and the image is looked up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]
Function = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]

SHADES: Final = 255.0
LOW_PERCENT: Final = 1.0
HIGH_PERCENT: Final = 99.0
_SAMPLE: Final = 1 << 20
"""Values that are worked on at once, and that percentiles of images beyond 16 bits are taken of."""


@dataclass(frozen=True, slots=True)
class Table:
    """A lookup table (PS3.3 C.11.1.1.1): ``entries[0]`` is for the value ``first`` and all below."""

    first: float
    entries: Values

    def apply(self, values: Values) -> Values:
        """The entries of values."""
        index = np.clip(np.nan_to_num(values) - self.first, 0, len(self.entries) - 1).astype(np.intp)
        found: Values = self.entries[index].astype(np.float64)
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """Rescale slope and intercept (PS3.3 C.11.1.1.2), or the scaling of a dose grid (C.8.8.3.2)."""

    slope: float = 1.0
    intercept: float = 0.0

    def apply(self, values: Values) -> Values:
        """The values in the unit of the modality."""
        return values * self.slope + self.intercept


Modality = Table | Line


@dataclass(frozen=True, slots=True)
class Window:
    """Centre and width (PS3.3 C.11.2.1.2), and the function of them (C.11.2.1.3)."""

    center: float
    width: float
    function: Function = "LINEAR"

    def apply(self, values: Values) -> Values:
        """Shades of values, 0 to :data:`SHADES`."""
        center, width = self.center, self.width
        if self.function == "SIGMOID":
            with np.errstate(over="ignore"):
                curve: Values = SHADES / (1 + np.exp(-4 * (values - center) / width))
            return curve
        if self.function == "LINEAR":
            # PS3.3 C.11.2.1.2.1: the interval of width w has w values, so it is w - 1 long, half a value further down.
            center, width = center - 0.5, width - 1
        if width <= 0:  # a width of 1 is a threshold
            return np.where(values > center, SHADES, 0.0)
        line: Values = np.clip((values - center) / width + 0.5, 0, 1) * SHADES
        return line


@dataclass(frozen=True, slots=True)
class Interest:
    """A table of values of interest (PS3.3 C.11.2.1.1) whose entries have ``bits``."""

    table: Table
    bits: int

    def apply(self, values: Values) -> Values:
        """Shades of values, 0 to :data:`SHADES`."""
        shade: Values = np.clip(self.table.apply(values) / (2**self.bits - 1), 0, 1) * SHADES
        return shade


@dataclass(frozen=True, slots=True)
class Auto:
    """The window is taken from the values: all between two percentiles of those that are no padding."""

    low: float = LOW_PERCENT
    high: float = HIGH_PERCENT

    def window(self, values: Values, counts: NDArray[np.int64] | None = None) -> Window:
        """The window of values, each as often as ``counts`` says (1 without)."""
        keep = np.isfinite(values) if counts is None else np.isfinite(values) & (counts > 0)
        values, counts = values[keep], None if counts is None else counts[keep]
        if not values.size:
            return Window(0.5, 1.0, "LINEAR_EXACT")
        low, high = self._bounds(values, counts)
        if high <= low:
            low, high = float(values.min()), float(values.max())
        return Window((low + high) / 2, (high - low) or 1.0, "LINEAR_EXACT")

    def _bounds(self, values: Values, counts: NDArray[np.int64] | None) -> tuple[float, float]:
        if counts is None:
            low, high = np.percentile(values, [self.low, self.high])
            return float(low), float(high)
        order = np.argsort(values, kind="stable")
        reached = np.cumsum(counts[order])
        places = np.searchsorted(reached, np.array([self.low, self.high]) / 100 * reached[-1])
        low, high = values[order][np.minimum(places, len(order) - 1)]
        return float(low), float(high)


Voi = Window | Interest | Auto


@dataclass(frozen=True, slots=True)
class Chain:
    """How stored values become shades. ``padding``: stored values, both included, that are no part of the image
    (PS3.3 C.7.5.1.1.2); they are black."""

    modality: Modality = Line()
    voi: Voi = Auto()
    inverted: bool = False
    padding: tuple[float, float] | None = None


def shades(frame: Values, chain: Chain) -> NDArray[np.uint8]:
    """The shades of a frame of stored values, of the same shape."""
    if frame.dtype.kind in "iu" and frame.dtype.itemsize <= 2:
        return _looked_up(frame, chain)
    flat = frame.reshape(-1)
    sample = flat[:: max(1, flat.size // _SAMPLE)].astype(np.float64)
    if (padded := _padded(sample, chain)) is not None:
        sample = sample[~padded]
    to_shades = _voi(chain, chain.modality.apply(sample), None)
    values = frame.astype(np.float64)
    result = _whole(to_shades(chain.modality.apply(values)), chain)
    if (padded := _padded(values, chain)) is not None:
        result[padded] = 0
    return result


def _looked_up(frame: Values, chain: Chain) -> NDArray[np.uint8]:
    """As unsigned numbers of the same width, which the table is in the order of."""
    unsigned = frame.view(np.dtype(f"u{frame.dtype.itemsize}").newbyteorder(frame.dtype.byteorder))
    unsigned = unsigned.astype(unsigned.dtype.newbyteorder("="), copy=False)
    stored = np.arange(1 << 8 * frame.dtype.itemsize, dtype=unsigned.dtype)
    stored = stored.view(f"{frame.dtype.kind}{frame.dtype.itemsize}").astype(np.float64)
    values = chain.modality.apply(stored)
    padded = _padded(stored, chain)
    counts = None
    if isinstance(chain.voi, Auto):
        counts = np.zeros(len(stored), np.int64)
        for part in _parts(unsigned):
            counts += np.bincount(part, minlength=len(stored))
        if padded is not None:
            counts[padded] = 0
    table = _whole(_voi(chain, values, counts)(values), chain)
    if padded is not None:
        table[padded] = 0
    result = np.empty(unsigned.shape, np.uint8)
    for part, place in zip(_parts(unsigned), _parts(result), strict=True):
        np.take(table, part, out=place)
    return result


def _parts(values: Values) -> Iterator[Values]:
    """The values in pieces: numpy makes eight bytes of each one that is an index."""
    flat = values.reshape(-1)
    return (flat[start : start + _SAMPLE] for start in range(0, flat.size, _SAMPLE))


def _voi(chain: Chain, values: Values, counts: NDArray[np.int64] | None) -> Callable[[Values], Values]:
    voi = chain.voi
    return (voi.window(values, counts) if isinstance(voi, Auto) else voi).apply


def _whole(shade: Values, chain: Chain) -> NDArray[np.uint8]:
    shade = np.nan_to_num(shade, nan=0.0, posinf=SHADES, neginf=0.0)
    return np.rint(SHADES - shade if chain.inverted else shade).astype(np.uint8)


def _padded(stored: Values, chain: Chain) -> NDArray[np.bool_] | None:
    if chain.padding is None:
        return None
    low, high = chain.padding
    return (stored >= low) & (stored <= high)

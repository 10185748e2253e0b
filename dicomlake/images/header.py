"""What a header says about showing a frame: values, windows, padding, shape of the pixels.

Attributes of functional groups (PS3.3 C.7.6.16) stand before those of the top level: the frame's own, then the shared.
Whatever a header holds there, nothing is raised: what makes no sense counts as not there.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from pydicom import Dataset

from dicomlake.images.grey import Function, Interest, Line, Modality, Table, Window

_FAULTS: Final = (ValueError, TypeError, KeyError, AttributeError, NotImplementedError, OverflowError, IndexError)
"""What pydicom raises for a value that it reads when it is asked for."""
_MOST_ENTRIES: Final = 1 << 16
_STRETCH: Final = 16.0
"""Pixels longer than this many times their width are a mistake of the header."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A window or table of the header, with its explanation."""

    voi: Window | Interest
    label: str


class Frame:
    """The header of one frame; ``index`` from 0."""

    def __init__(self, header: Dataset, index: int) -> None:
        self._header = header
        self._groups = [*_items(header, "PerFrameFunctionalGroupsSequence", index, 1)]
        self._groups += _items(header, "SharedFunctionalGroupsSequence", 0, 1)

    def modality(self) -> Modality:
        """How stored values become those that windows are about."""
        for place in self._places("PixelValueTransformationSequence"):
            slope = first(place, "RescaleSlope")
            if slope is not None:
                return Line(slope, first(place, "RescaleIntercept") or 0.0)
        for item in _items(self._header, "ModalityLUTSequence", 0, 1):
            if (table := self._table(item)) is not None:
                return table[0]
        scaling = first(self._header, "DoseGridScaling")
        return Line(scaling) if scaling else Line()

    def offered(self, modality: Modality) -> list[Offered | None]:
        """The tables and then the windows of the header, in its order; any of them would do (PS3.3 C.11.2.1.2). None
        stands for a table that cannot be used."""
        found: list[Offered | None] = []
        for item in _items(self._header, "VOILUTSequence", 0, _MOST_ENTRIES):
            table = self._table(item, isinstance(modality, Line) and modality.intercept < 0)
            found.append(Offered(Interest(*table), text(item, "LUTExplanation")) if table else None)
        for place in self._places("FrameVOILUTSequence"):
            centers, widths = numbers(place, "WindowCenter"), numbers(place, "WindowWidth")
            function = _function(text(place, "VOILUTFunction"))
            labels = texts(place, "WindowCenterWidthExplanation")
            windows: list[Offered | None] = [
                Offered(Window(center, width, function), labels[n] if n < len(labels) else "")
                for n, (center, width) in enumerate(zip(centers, widths, strict=False))
                if width >= 1 or (width > 0 and function != "LINEAR")
            ]
            if windows:
                return found + windows
        return found

    def padding(self) -> tuple[float, float] | None:
        """Stored values that are no part of the image, both included (PS3.3 C.7.5.1.1.2)."""
        for keyword, limit in (
            ("PixelPaddingValue", "PixelPaddingRangeLimit"),
            ("FloatPixelPaddingValue", "FloatPixelPaddingRangeLimit"),
            ("DoubleFloatPixelPaddingValue", "DoubleFloatPixelPaddingRangeLimit"),
        ):
            low = self._stored(keyword)
            if low is not None:
                high = self._stored(limit)
                return (low, low) if high is None else (min(low, high), max(low, high))
        return None

    def stretch(self) -> float:
        """Height of a pixel by its width; 1 where the header does not say."""
        for place in self._places("PixelMeasuresSequence"):
            for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"):
                pair = numbers(place, keyword)
                if len(pair) == 2 and all(part > 0 for part in pair):
                    ratio = pair[0] / pair[1]
                    return ratio if 1 / _STRETCH <= ratio <= _STRETCH else 1.0
        return 1.0

    def _places(self, group: str) -> Iterator[Dataset]:
        """Where attributes of a functional group may stand, nearest to the frame first."""
        for groups in self._groups:
            yield from _items(groups, group, 0, 1)
        yield self._header

    def _stored(self, keyword: str) -> float | None:
        """A stored value: of VR US or SS, and often written as the other one."""
        value = first(self._header, keyword)
        bits = first(self._header, "BitsAllocated") or 0
        if value is None or keyword.startswith(("Float", "Double")) or not 0 < bits <= 32:
            return value
        signed = first(self._header, "PixelRepresentation") == 1
        if signed and value >= 2 ** (bits - 1):
            return value - 2**bits
        return value + 2**bits if value < 0 and not signed else value

    def _table(self, item: Dataset, signed: bool = False) -> tuple[Table, int] | None:
        """A lookup table and the bits of its entries. ``signed``: its first value may be below 0."""
        return self._entries(item, "LUTDescriptor", "LUTData", signed)

    def palette(self) -> list[Table] | None:
        """The tables of red, green and blue of eight bits (PS3.3 C.7.6.3.1.5); None without, or where they are in
        segments."""
        tables = []
        for colour in ("Red", "Green", "Blue"):
            name = f"{colour}PaletteColorLookupTable"
            if (found := self._entries(self._header, f"{name}Descriptor", f"{name}Data", False)) is None:
                return None
            tables.append(found[0])
        # Entries of 16 bits that hold 8 are an old habit.
        shift = 8 if max(int(table.entries.max()) for table in tables) > 255 else 0
        return [Table(table.first, (table.entries >> shift).astype(np.uint8)) for table in tables]

    def _entries(self, item: Dataset, descriptor: str, data: str, signed: bool) -> tuple[Table, int] | None:
        try:
            entries, start, bits = (int(part) for part in item[descriptor].value)
            entries = entries or _MOST_ENTRIES
            held = item[data].value
            if isinstance(held, bytes):
                # Entries of 8 bits have a byte each, and one more where their number is odd, or two of them each.
                wide = len(held) > entries + entries % 2
                values = np.frombuffer(held[: len(held) // 2 * 2] if wide else held, self._word if wide else np.uint8)
            else:
                values = np.asarray(held, dtype=np.uint16).reshape(-1)
        except _FAULTS:
            return None
        signed = signed or first(self._header, "PixelRepresentation") == 1
        start = start - _MOST_ENTRIES if signed and start >= 1 << 15 else start
        if not 0 < entries <= _MOST_ENTRIES or not 1 <= bits <= 16 or not len(values):
            return None
        return Table(float(start), values[:entries]), bits

    @property
    def _word(self) -> str:
        return "<u2" if self._header.original_encoding[1] is not False else ">u2"


def _items(header: Dataset, keyword: str, start: int, most: int) -> list[Dataset]:
    """Items of a sequence from one on; none where there is no such sequence."""
    try:
        return [item for item in (header.get(keyword) or ())[start : start + most] if isinstance(item, Dataset)]
    except _FAULTS:
        return []


def numbers(header: Dataset, keyword: str) -> list[float]:
    """The finite numbers of an attribute; none where it is missing, empty or no number."""
    try:
        value = header.get(keyword)
        values = [float(one) for one in _several(value)]
    except _FAULTS:
        return []
    return values if all(map(math.isfinite, values)) else []


def first(header: Dataset, keyword: str) -> float | None:
    """The first number of an attribute."""
    return next(iter(numbers(header, keyword)), None)


def number(header: Dataset, tag: int) -> float | None:
    """The first number of an attribute by its tag."""
    try:
        return float(_several(header[tag].value)[0]) if tag in header else None
    except _FAULTS:
        return None


def texts(header: Dataset, keyword: str) -> list[str]:
    """The values of an attribute as text."""
    try:
        return [str(one).strip() for one in _several(header.get(keyword))]
    except _FAULTS:
        return []


def text(header: Dataset, keyword: str) -> str:
    """The first value of an attribute as text, ``""`` without one."""
    return next(iter(texts(header, keyword)), "")


def _several(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str | bytes | int | float) else list(value)


def _function(name: str) -> Function:
    return "SIGMOID" if name == "SIGMOID" else "LINEAR_EXACT" if name == "LINEAR_EXACT" else "LINEAR"

"""Which window a picture is asked for with, as text that stands in addresses and names files of the cache.

``default`` (the header's first window, else what suits the values), ``auto`` (what suits the values), ``header:N`` (the
N-th window of the header, from 0), the name of a preset (``ct-lung``), or ``CENTER,WIDTH``.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from dicomlake.errors import UsageError
from dicomlake.messages import Message

DEFAULT: Final = "default"
AUTO: Final = "auto"

MOST_HEADER_WINDOWS: Final = 64
_HEADER: Final = re.compile(r"header:(0|[1-9][0-9]?)")
_LARGEST: Final = 1e12
"""Beyond any stored value of 32 bits with any sensible slope."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A window by name, in the units of the modality (Hounsfield units for CT)."""

    name: str
    label: str
    center: float
    width: float


@cache
def ct_presets() -> tuple[Preset, ...]:
    """The windows for CT that do not depend on the header; the table names the source of the numbers."""
    rows = yaml.safe_load(Path(__file__).with_name("presets.yml").read_text(encoding="utf-8"))
    return tuple(Preset(row["name"], row["label"], float(row["center"]), float(row["width"])) for row in rows)


def preset(name: str) -> Preset | None:
    """The preset of that name."""
    return next((one for one in ct_presets() if one.name == name), None)


def header_index(window: str) -> int | None:
    """The N of ``header:N``."""
    match = _HEADER.fullmatch(window)
    return int(match[1]) if match else None


def numbers(window: str) -> tuple[float, float] | None:
    """Centre and width of ``CENTER,WIDTH`` or of a preset's name."""
    if found := preset(window):
        return found.center, found.width
    center, comma, width = window.partition(",")
    return (float(center), float(width)) if comma else None


def canonical(window: str | Sequence[float]) -> str:
    """The text of a window as typed or as two numbers, the same for the same window. Raises UsageError."""
    if isinstance(window, str):
        index = header_index(window)
        if window in (DEFAULT, AUTO) or preset(window) or (index is not None and index < MOST_HEADER_WINDOWS):
            return window
        parts: Sequence[str | float] = window.split(",")
    else:
        parts = window
    try:
        center, width = (float(part) for part in parts)
    except ValueError:
        names = ", ".join(one.name for one in ct_presets())
        raise UsageError(
            Message(
                "there is no such window; use default, auto, header:0, two numbers CENTER,WIDTH, or one of {names}",
                names=names,
            )
        ) from None
    if not (math.isfinite(center) and math.isfinite(width) and abs(center) <= _LARGEST and 0 < width <= _LARGEST):
        raise UsageError("a window needs a finite centre and a width above 0")
    return f"{center:.10g},{width:.10g}"

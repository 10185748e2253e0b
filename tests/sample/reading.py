"""The sample's files as pydicom reads them, in the form of instance documents: a second opinion on the truth file."""

from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataelem import DataElement
from pydicom.multival import MultiValue

from sample.forms import binary

PIXEL_GROUP = 0x7FE0


def document(path: Path) -> dict[str, Any]:
    """Every attribute of a file but group lengths, private creators, the pixels and what comes after them."""
    read = pydicom.dcmread(path)
    return {**attributes(read.file_meta), **attributes(read)}


def attributes(held: pydicom.Dataset) -> dict[str, Any]:
    made = {}
    for element in held:
        if element.tag.group >= PIXEL_GROUP or element.tag.element == 0 or element.tag.is_private_creator:
            continue
        made[_key(element)] = _value(element)
    return made


def _key(element: DataElement) -> str:
    tag = element.tag
    if not tag.is_private:
        return str(element.keyword) or f"({tag.group:04X},{tag.element:04X})"
    return f'({tag.group:04X},"{element.private_creator}",{tag.element & 0xFF:02X})'


def _value(element: DataElement) -> Any:
    if element.VR == "SQ":
        return [attributes(item) for item in element.value]
    value = element.value
    if isinstance(value, MultiValue | list):
        return [_single(one, element.VR) for one in value] if len(value) else None
    return _single(value, element.VR)


def _single(value: Any, vr: str) -> Any:
    if value is None or value in ("", b""):
        return None
    if isinstance(value, bytes):
        return binary(value)
    if vr in ("DS", "FL", "FD"):
        return float(value)
    if vr in ("IS", "SL", "SS", "UL", "US", "SV", "UV"):
        return int(value)
    if vr == "AT":
        return f"({value >> 16:04X},{value & 0xFFFF:04X})"
    return str(value)

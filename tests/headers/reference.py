"""The instance document as pydicom sees it, element by element: what the reader is compared with."""

import base64
import hashlib
from io import BytesIO
from pathlib import Path

import data_store
import pydicom
import pydicom.data
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.filereader import read_sequence
from pydicom.tag import BaseTag

PIXELS = {0x7FE00008, 0x7FE00009, 0x7FE00010}
BINARY = {"OB", "OD", "OF", "OL", "OV", "OW", "UN", "OB or OW", "US or OW", "US or SS or OW"}
PADDED = {"AE", "AS", "CS", "DA", "DT", "PN", "TM", "UI"}
"""VRs in which pydicom strips padding behind the last of several values only."""
FLOATS = {"DS", "FD", "FL"}
INTEGERS = {"IS", "SL", "SS", "SV", "UL", "US", "UV"}


def shipped_files() -> list[Path]:
    """Every file that pydicom and pydicom-data ship, DICOM or not."""
    folders = [Path(pydicom.data.__file__).parent, Path(data_store.__file__).parent / "data"]
    return [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]


def document(dataset: Dataset) -> dict:
    """The attributes of a data set, file meta first when it has one."""
    found = {}
    for source in (getattr(dataset, "file_meta", None) or [], dataset):
        for element in source:
            if element.tag.element == 0 or element.tag in PIXELS:
                continue
            name = key(dataset, element.tag)
            if name in found:
                name = f"({element.tag.group:04X},{element.tag.element:04X})"
            found[name] = value(element)
    return found


def key(dataset: Dataset, tag: BaseTag) -> str:
    if not tag.is_private:
        return keyword_for_tag(tag) or f"({tag.group:04X},{tag.element:04X})"
    if tag.is_private_creator:
        return f"({tag.group:04X},{tag.element:04X})"
    creator = dataset.get((tag.group, tag.element >> 8))
    if creator is None or not creator.value or tag.element < 0x1000:
        return f'({tag.group:04X},"",{tag.element:04X})'
    return f'({tag.group:04X},"{creator.value.strip()}",{tag.element & 0xFF:02X})'


def value(element):
    if element.VR == "SQ":
        return [document(item) for item in element.value]
    if element.VM == 0:
        return None
    if element.VR == "UN" and len(element.value) >= 8 and element.value[:4] == b"\xfe\xff\x00\xe0":
        raw = BytesIO(element.value)
        return [document(item) for item in read_sequence(raw, True, True, len(element.value), "iso8859")]
    if element.VR in BINARY:
        return binary(element.value)
    values = [element.value] if element.VM == 1 else list(element.value)
    if element.VR == "AT":
        typed = [f"({tag.group:04X},{tag.element:04X})" for tag in map(BaseTag, values)]
    else:
        typed = [scalar(element.VR, one) for one in values]
    return typed[0] if len(typed) == 1 else many(typed) if len(typed) > 256 else typed


def scalar(vr: str, one):
    text = str(one)
    if vr in PADDED:
        text = text.rstrip(" \0")
    if text == "" or (vr in FLOATS | INTEGERS and text.strip() == ""):
        return None
    if vr in FLOATS | INTEGERS and not isinstance(one, str):  # text where pydicom found no number
        return float(one) if vr in FLOATS else int(one)
    return text


def binary(raw: bytes) -> dict:
    if len(raw) <= 1024:
        return {"InlineBinary": base64.b64encode(raw).decode()}
    return {"length": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def many(values: list) -> dict:
    """A summary without its hash, which pydicom's decoded values do not give."""
    numbers = [one for one in values if isinstance(one, int | float)]
    extremes = {"min": min(numbers), "max": max(numbers)} if numbers else {}
    return {"count": len(values), **extremes, "first": values[:16]}


def differences(ours, theirs, path: str = "") -> list[str]:
    """Where two documents differ, as ``path: ours | theirs``."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if "count" in theirs and "sha256" in ours:
            ours = {name: inner for name, inner in ours.items() if name != "sha256"}
        found = [f"{path}.{name}: only ours: {ours[name]!r:.100}" for name in ours if name not in theirs]
        found += [f"{path}.{name}: only theirs: {theirs[name]!r:.100}" for name in theirs if name not in ours]
        for name in ours:
            if name in theirs:
                found += differences(ours[name], theirs[name], f"{path}.{name}" if path else name)
        return found
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [line for one, other in zip(ours, theirs, strict=True) for line in differences(one, other, path)]
    same = ours == theirs and type(ours) is type(theirs)
    return [] if same else [f"{path}: {ours!r:.200} | {theirs!r:.200}"]

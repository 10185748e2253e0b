"""An archive with an element of every VR in every kind of place, and its headers as pydicom reads them.

Nothing here uses our reader, typing or normal form: what a query should find is decided by these values alone.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pydicom
from pydicom import config
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.valuerep import DA, DT, TM, PersonName

from tests.builders import data_set, write

CREATOR: Final = 'Odd. "1.5" C* (x)?'
GROUP: Final = 0x0029
SERIES: Final = 60

_ASCII = ("LUNG", "Lung", "left_lung", "A*B", "A?B", "5", "2019", "x y", "(q)", "-neg", "LUNG 5", "to")
_ANY = (*_ASCII, "Tórax", "TORAX", "Straße", "日本語", "García", "low-dose CT", "CT, dose low", "...")
_INTEGERS = (0, 1, 2, 5, 100, 255)
_SIGNED = (*_INTEGERS, -1, -5, -100)
_FLOATS = (0.0, 1.0, 1.5, -0.5, 2.25, 100.0, -100.125)

VALUES: Final[dict[str, tuple[Any, ...]]] = {
    **dict.fromkeys(("AE", "CS", "UR"), _ASCII),
    **dict.fromkeys(("LO", "SH", "UC", "LT", "ST", "UT"), _ANY),
    "AS": ("060Y", "012M", "001D", "006W"),
    "AT": (0x00181063, 0x0020000D, 0x00080060),
    "PN": ("García^Juan", "GARCIA^JUAN", "Müller^Anna^^Dr.", "Doe^Jane", "Juan^García", "Yamada^Tarou=山田^太郎"),
    "UI": ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.3", "1.2.4"),
    **dict.fromkeys(("US", "UL", "UV"), _INTEGERS),
    **dict.fromkeys(("SS", "SL", "SV", "IS"), _SIGNED),
    **dict.fromkeys(("FL", "FD", "DS"), _FLOATS),
    "DA": ("20190101", "20190214", "20191231", "20200101", "19000101", "20181231", "last week"),
    "TM": ("10", "1015", "101530", "101530.5", "101530.55", "235959", "000000", "101600", "noon"),
    "DT": (
        "2019",
        "201902",
        "20190214",
        "20190214101530.5",
        "20190214101530.55",
        "20190214101530+0100",
        "20191231235959",
        "20200101",
    ),
    **dict.fromkeys(("OB", "UN"), (b"\x01\x02", b"abcd")),
    **dict.fromkeys(("OD", "OV"), (b"\0" * 8, b"\1" * 16)),
    **dict.fromkeys(("OF", "OL", "OW"), (b"\0" * 4, b"\1" * 8)),
}
"""What elements of each VR hold; some values break their VR."""

VRS: Final = tuple(sorted(VALUES))
SINGLE: Final = frozenset({"LT", "ST", "UT", "UR", *(vr for vr in VRS if vr[0] == "O"), "UN"})
"""VRs with one value only."""

REGISTRY: Final = {
    "CS": "BodyPartExamined",
    "LO": "SeriesDescription",
    "SH": "StationName",
    "AS": "PatientAge",
    "DA": "SeriesDate",
    "TM": "SeriesTime",
    "DT": "AcquisitionDateTime",
    "DS": "SliceThickness",
    "IS": "ExposureTime",
    "FD": "CTDIvol",
    "UI": "FrameOfReferenceUID",
    "PN": "OperatorsName",
    "LT": "PatientComments",
}
"""Fields people know, some of them columns of the engine, some searched by words though their VR is not."""

PLACES: Final = ("public", "registry", "nested", "deep", "private", "nested private", "private in private")


def path(vr: str, place: str) -> str:
    """The name of the element of a VR in a place."""
    keyword, number = f"Selector{vr}Value", VRS.index(vr)
    private = f'({GROUP:04X},"{CREATOR}",{number:02X})'
    return {
        "public": keyword,
        "registry": REGISTRY.get(vr, ""),
        "nested": f"RequestAttributesSequence.{keyword}",
        "deep": f"RequestAttributesSequence.ScheduledProtocolCodeSequence.{keyword}",
        "private": private,
        "nested private": f"RequestAttributesSequence.{private}",
        "private in private": f'({GROUP:04X},"{CREATOR}",F0).{private}',
    }[place]


@dataclass(frozen=True)
class Instance:
    """What pydicom reads of one file: values by path, and the VR of each path."""

    uid: str
    series: str
    study: str
    patient: str
    values: dict[str, list[Any]] = field(default_factory=dict)
    vrs: dict[str, str] = field(default_factory=dict)
    items: frozenset[str] = frozenset()


def make(folder: Path, seed: int = 5) -> list[Path]:
    """The files: 60 series of one or two instances, two series a study, four a patient."""
    chance = random.Random(seed)
    mode, config.settings.writing_validation_mode = config.settings.writing_validation_mode, config.IGNORE
    try:
        return [
            write(_instance(chance, number, copy), folder / f"{number}-{copy}.dcm")
            for number in range(SERIES)
            for copy in range(chance.choice((1, 1, 2)))
        ]
    finally:
        config.settings.writing_validation_mode = mode


def _instance(chance: random.Random, number: int, copy: int) -> Dataset:
    ds = data_set(
        uid=f"2.25.{number}.{copy}",
        series=f"2.25.{number}",
        study=f"2.25.{number // 2}.0",
        PatientID=f"P{number // 4}",
        Modality=chance.choice(("CT", "MR", "PT")),
    )
    _fill(ds, chance)
    for vr, keyword in REGISTRY.items():
        _put(ds, BaseTag(tag_for_keyword(keyword) or 0), vr, chance)
    outer = []
    for _ in range(chance.randrange(3)):
        item = Dataset()
        _fill(item, chance)
        inner = [Dataset() for _ in range(chance.randrange(3))]
        for one in inner:
            _fill(one, chance, private=False)
        item.ScheduledProtocolCodeSequence = Sequence(inner)
        outer.append(item)
    ds.RequestAttributesSequence = Sequence(outer)
    within = [Dataset() for _ in range(chance.randrange(3))]
    for one in within:
        _fill(one, chance, public=False)
    if within:
        ds.private_block(GROUP, CREATOR, create=True).add_new(0xF0, "SQ", Sequence(within))
    return ds


def _fill(ds: Dataset, chance: random.Random, public: bool = True, private: bool = True) -> None:
    block = ds.private_block(GROUP, CREATOR, create=True) if private else None
    for number, vr in enumerate(VRS):
        if public:
            _put(ds, BaseTag(tag_for_keyword(f"Selector{vr}Value") or 0), vr, chance)
        if block is not None:
            _put(ds, block.get_tag(number), vr, chance)


def _put(ds: Dataset, tag: BaseTag, vr: str, chance: random.Random) -> None:
    """A value, several, an empty one, or none."""
    form = chance.randrange(6)
    if form == 0:
        return
    pool = VALUES[vr]
    several = form > 4 and vr not in SINGLE
    value: Any = [chance.choice(pool) for _ in range(2)] if several else chance.choice(pool)
    if form == 1:
        value = b"" if isinstance(value, bytes) else None if isinstance(value, int | float) else ""
    ds.add(DataElement(tag, vr, value, validation_mode=config.IGNORE))


def read(file: Path) -> Instance:
    """A file, as pydicom reads it."""
    ds = pydicom.dcmread(file)
    values: dict[str, list[Any]] = {}
    vrs: dict[str, str] = {}
    items: set[str] = set()
    for name, vr, found in _elements(ds, ""):
        if vr == "SQ":
            items.add(name)
        else:
            values.setdefault(name, []).extend(found)
            vrs[name] = vr
    uids = str(ds.SOPInstanceUID), str(ds.SeriesInstanceUID), str(ds.StudyInstanceUID)
    return Instance(*uids, str(ds.PatientID), values, vrs, frozenset(items))


def _elements(ds: Dataset, before: str) -> Iterator[tuple[str, str, list[Any]]]:
    for element in ds:
        if element.tag.is_private:
            if element.tag.is_private_creator:
                continue
            name = f'({element.tag.group:04X},"{element.private_creator}",{element.tag.element & 0xFF:02X})'
        else:
            name = element.keyword
        if element.VR == "SQ":
            if element.value:
                yield before + name, "SQ", []
            for item in element.value:
                yield from _elements(item, f"{before}{name}.")
            continue
        found = element.value if element.VM > 1 else [element.value]
        plain = [_plain(element.VR, one) for one in found if one is not None and one not in ("", b"")]
        if plain:
            yield before + name, element.VR, plain


def _plain(vr: str, value: Any) -> Any:
    """Dates and times as such, where they are; numbers as numbers, text as text."""
    if isinstance(value, BaseTag):
        return f"({value.group:04X},{value.element:04X})"
    if vr == "AT":
        return f"({value >> 16:04X},{value & 0xFFFF:04X})"
    if isinstance(value, PersonName):
        return str(value)
    if isinstance(value, str) and vr in ("DA", "TM", "DT"):
        try:
            moment = {"DA": DA, "TM": TM, "DT": DT}[vr](value)
        except ValueError:
            return value
        return datetime(*moment.timetuple()[:6], moment.microsecond) if isinstance(moment, DT) else moment
    if vr == "DS":
        return float(value)
    if vr == "IS":
        return int(value)
    return value

"""Enhanced multi-frame CT and MR: a planned classic series as one object with functional groups (PS3.3 C.7.6.16)."""

from collections.abc import Mapping
from typing import Any

from sample import common
from sample.forms import Attributes, Private
from sample.plan import Instance, Series, da, later, tm
from sample.tables import table


def perhaps(series: Series, share: float = 0.6) -> Series:
    """The series as its device writes it: at times enhanced, when the device can."""
    can = series.device.get("enhanced") and series.role == "image"
    return merged(series) if can and series.study.chance.of("enhanced", series.number).happens(share) else series


def merged(series: Series) -> Series:
    """A series whose one instance holds the slices of a classic one as frames."""
    rules = table("functional_groups")[series.modality]
    classic, frames = series.attributes, list(series.instances)
    moved = {name for part in ("shared", "frame") for group in rules[part].values() for name in group.values()}
    gone = moved | set(rules["dropped"])
    organisation = series.study.chance.uid("series", series.number, "dimensions")
    series.sop_class = str(rules["sop_class"])
    series.attributes = {
        **{key: value for key, value in classic.items() if key not in gone},
        **rules["constant"],
        "SOPClassUID": series.sop_class,
        "ImageType": [*classic["ImageType"][:2], "VOLUME", "NONE"],
        "NumberOfFrames": len(frames),
        "AcquisitionDateTime": f"{da(series.moment)}{tm(series.moment, fraction=True)}",
        **dimensions(organisation),
        "SharedFunctionalGroupsSequence": [_shared(rules, classic)],
        "PerFrameFunctionalGroupsSequence": [_frame(series, rules["frame"], classic, one) for one in frames],
    }
    if "AcquisitionDuration" in classic:
        series.attributes["AcquisitionDuration"] = classic["AcquisitionDuration"]
    series.instances = []
    drawn = [one.pixels for one in frames if one.pixels]

    def pixels() -> bytes:
        return b"".join(draw() for draw in drawn)

    common.instance(series, 1, {"ContentDate": da(series.moment), "ContentTime": tm(series.moment)}, pixels)
    return series


def _groups(rules: Mapping[str, Mapping[str, str]], classic: Mapping[str, Any]) -> Attributes:
    """One item of functional groups; a group none of whose attributes is there is left out."""
    made: Attributes = {}
    for group, names in rules.items():
        held = {name: classic[origin] for name, origin in names.items() if classic.get(origin) is not None}
        if held:
            made[group] = [held]
    return made


def _shared(rules: Mapping[str, Any], classic: Attributes) -> Attributes:
    """The groups all frames share: those that come from the classic attributes, then the constant ones."""
    constant = {name: [dict(group)] for name, group in rules["shared_constant"].items()}
    anatomy = {"FrameLaterality": classic.get("Laterality", "U")}
    if "AnatomicRegionSequence" in classic:
        anatomy["AnatomicRegionSequence"] = classic["AnatomicRegionSequence"]
    return {**_groups(rules["shared"], classic), **constant, "FrameAnatomySequence": [anatomy]}


def _frame(series: Series, rules: Mapping[str, Any], classic: Attributes, frame: Instance) -> Attributes:
    moment = f"{da(series.moment)}{tm(later(series.moment, frame.number), fraction=True)}"
    content = {
        "FrameAcquisitionNumber": 1,
        "FrameReferenceDateTime": moment,
        "FrameAcquisitionDateTime": moment,
        "FrameAcquisitionDuration": 500,
        "StackID": "1",
        "InStackPositionNumber": frame.number,
        "DimensionIndexValues": [1, frame.number],
    }
    private = {key: value for key, value in frame.attributes.items() if isinstance(value, Private)}
    return {"FrameContentSequence": [content], **_groups(rules, {**classic, **frame.attributes}), **private}


def dimensions(organisation: str) -> Attributes:
    """The Multi-frame Dimension module: stack, then position in it (PS3.3 C.7.6.17)."""
    group = "(0020,9111)"
    index = [
        {
            "DimensionOrganizationUID": organisation,
            "DimensionIndexPointer": pointer,
            "FunctionalGroupPointer": group,
            "DimensionDescriptionLabel": label,
        }
        for pointer, label in (("(0020,9056)", "Stack ID"), ("(0020,9057)", "In-Stack Position Number"))
    ]
    return {
        "DimensionOrganizationSequence": [{"DimensionOrganizationUID": organisation}],
        "DimensionIndexSequence": index,
    }

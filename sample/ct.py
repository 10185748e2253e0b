"""CT studies: a localizer, then series of axial slices with the dose tags of PS3.3 C.8.2.1."""

from collections.abc import Iterator
from typing import Any

from sample import common, pictures, private
from sample.forms import Attributes
from sample.plan import Instance, Series, Study, da, later, tm, unix_time
from sample.tables import table

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
SIZE = 96
_ROTATION = 0.5
"""Seconds a rotation."""


def plan(study: Study) -> Iterator[Series]:
    """The series of a CT examination, the localizer first."""
    localizer = _localizer(study)
    yield localizer
    for number, wanted in enumerate(study.exam["series"], start=2):
        yield axial(study, wanted, number, localizer)


def axial(study: Study, wanted: dict[str, Any], number: int, localizer: Series | None) -> Series:
    """A series of axial slices; ``wanted`` is an entry of the exam's series."""
    series = common.series(study, number, CT_IMAGE, modality="CT", minutes=3.0 * number)
    chance = study.chance.of("ct", number)
    device, area = series.device, table("regions")[study.exam["region"]]
    kernel = device["kernels"][wanted["kernel"]].split("\\")
    thickness = wanted["thickness"]
    style = table("styles")["ct"][device["style"]]
    shown = {"region": area["meaning"], "thickness": thickness, "kernel": kernel[0]}
    pitch = chance.pick([0.6, 0.8, 1, 1.2, 1.375])
    ctdi = chance.near(study.exam["dose"], 0.35)
    current = chance.whole(80, 420)
    step = round(area["length"] * 0.8 / wanted["slices"], 2)
    spacing = round(area["fov"] / SIZE, 6)
    series.attributes |= {
        **_acquisition(study, series, current),
        **common.region(study.exam["region"], study.chance),
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SeriesDescription": style[wanted["name"]].format(**shown),
        "ProtocolName": style["protocol"].format(**shown),
        "ScanOptions": "HELICAL MODE" if device["style"] == "ge" else "HELIX",
        "ConvolutionKernel": kernel,
        "SliceThickness": thickness,
        "SpacingBetweenSlices": step,
        "PixelSpacing": [spacing, spacing],
        "ReconstructionDiameter": area["fov"],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "SpiralPitchFactor": pitch,
        "SingleCollimationWidth": 0.6,
        "TotalCollimationWidth": 38.4,
        "TableFeedPerRotation": round(38.4 * pitch, 2),
        "CTDIvol": ctdi,
        "CTDIPhantomTypeCodeSequence": [_phantom(study.exam["phantom"])],
        "EstimatedDoseSaving": chance.between(0, 40, 1),
        **_image(window=(50, 350) if wanted["kernel"] in ("soft", "head") else (-500, 1500)),
    }
    if study.exam.get("contrast"):
        series.attributes |= _contrast(study)
    if localizer:
        series.attributes["FrameOfReferenceUID"] = localizer.attributes["FrameOfReferenceUID"]
        series.attributes["ReferencedImageSequence"] = [
            {"ReferencedSOPClassUID": CT_IMAGE, "ReferencedSOPInstanceUID": one.uid} for one in localizer.instances
        ]
    facts = {**series.attributes, **_facts(series, pitch)}
    series.attributes |= private.elements(device, facts, chance)
    length = step * wanted["slices"]
    series.dose = {
        "CTDIvol": ctdi,
        "DLP": round(ctdi * length / 10, 1),
        "phantom": study.exam["phantom"],
        "length": length,
    }
    half = area["length"] / 2
    for index in range(wanted["slices"]):
        z = round(step * (index - (wanted["slices"] - 1) / 2), 2)
        picture = (area["anatomy"], z / half, study.patient.number * 1000 + index)
        series.instances.append(_slice(series, index + 1, z, picture, facts))
    return series


def _slice(series: Series, number: int, z: float, picture: tuple[str, float, int], facts: dict[str, Any]) -> Instance:
    chance = series.study.chance.of("ct", series.number, number)
    moment = later(series.moment, number * _ROTATION)
    spacing, fov = series.attributes["PixelSpacing"][0], series.attributes["ReconstructionDiameter"]
    corner = round(-fov / 2 + spacing / 2, 4)
    current = chance.near(series.attributes["XRayTubeCurrent"], 0.3, 0)
    attributes: Attributes = {
        "SOPInstanceUID": series.study.chance.uid("series", series.number, "instance", number),
        "InstanceNumber": number,
        "AcquisitionTime": tm(moment, fraction=True),
        "ContentTime": tm(later(moment, 2), fraction=True),
        "ImagePositionPatient": [corner, corner, z],
        "SliceLocation": z,
        "XRayTubeCurrent": int(current),
        "Exposure": int(current * _ROTATION),
        "ExposureTime": int(_ROTATION * 1000),
    }
    own = {**facts, **attributes, "number": number, "unix_time": unix_time(moment)}
    attributes |= private.elements(series.device, own, chance, each=True)
    anatomy, depth, seed = picture

    def pixels() -> bytes:
        seen = pictures.slice_through(anatomy, "ct", "axial", depth, SIZE)
        return pictures.stored(seen + 12 * pictures.grain(SIZE, seed), offset=1024)

    return Instance(number, str(attributes["SOPInstanceUID"]), attributes, pixels)


def _localizer(study: Study) -> Series:
    series = common.series(study, 1, CT_IMAGE, modality="CT", minutes=1)
    series.role = "localizer"
    area = table("regions")[study.exam["region"]]
    style = table("styles")["ct"][series.device["style"]]
    spacing = round(area["fov"] / SIZE, 6)
    series.attributes |= {
        **_acquisition(study, series, 35),
        **common.region(study.exam["region"], study.chance),
        "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"],
        "SeriesDescription": style["localizer"],
        "ProtocolName": style["protocol"].format(region=area["meaning"]),
        "ScanOptions": "SCOUT MODE" if series.device["style"] == "ge" else "SURVIEW",
        "SliceThickness": 0.6,
        "PixelSpacing": [spacing, spacing],
        "ImageOrientationPatient": [1, 0, 0, 0, 0, -1],
        **_image(window=(50, 500)),
    }
    half = round(area["fov"] / 2 - spacing / 2, 4)
    attributes: Attributes = {
        "SOPInstanceUID": study.chance.uid("series", 1, "instance", 1),
        "InstanceNumber": 1,
        "AcquisitionTime": tm(series.moment, fraction=True),
        "ContentTime": tm(series.moment, fraction=True),
        "ImagePositionPatient": [-half, 0, half],
        "XRayTubeCurrent": 35,
        "Exposure": 105,
        "ExposureTime": 3000,
    }

    def pixels() -> bytes:
        return pictures.stored(pictures.slice_through(area["anatomy"], "ct", "coronal", 0.1, SIZE), offset=1024)

    series.instances.append(Instance(1, str(attributes["SOPInstanceUID"]), attributes, pixels))
    return series


def _acquisition(study: Study, series: Series, current: int) -> Attributes:
    return {
        "FrameOfReferenceUID": study.chance.uid("frame of reference"),
        "PositionReferenceIndicator": "SN" if series.device["style"] == "ge" else None,
        "PatientPosition": "HFS" if study.exam["region"] == "HEAD" else "FFS",
        "AcquisitionNumber": series.number,
        "AcquisitionDate": da(series.moment),
        "ContentDate": da(series.moment),
        "InstanceCreationDate": da(series.moment),
        "InstanceCreationTime": tm(later(series.moment, 90)),
        "KVP": study.exam["kvp"],
        "XRayTubeCurrent": current,
        "DataCollectionDiameter": 500,
        "DistanceSourceToDetector": 1085.6,
        "DistanceSourceToPatient": 595,
        "GantryDetectorTilt": 0,
        "TableHeight": study.chance.of("table").between(120, 190, 1),
        "RotationDirection": "CW",
        "FilterType": "0",
        "GeneratorPower": 36,
        "FocalSpots": 1.2,
        "RevolutionTime": _ROTATION,
    }


def _image(window: tuple[int, int]) -> Attributes:
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": SIZE,
        "Columns": SIZE,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "WindowCenter": window[0],
        "WindowWidth": window[1],
        "RescaleIntercept": -1024,
        "RescaleSlope": 1,
        "RescaleType": "HU",
    }


def _contrast(study: Study) -> Attributes:
    chance = study.chance.of("contrast")
    volume = chance.whole(60, 120)
    return {
        "ContrastBolusAgent": chance.pick(["OMNIPAQUE 350", "Iopromida 300", "Visipaque 320 mgI/ml", "APPLIED"]),
        "ContrastBolusRoute": chance.pick(["IV", "INTRAVENOSA"]),
        "ContrastBolusVolume": volume,
        "ContrastFlowRate": chance.between(2, 5, 1),
        "ContrastBolusIngredient": "IODINE",
        "ContrastBolusIngredientConcentration": 350,
    }


def _phantom(kind: str) -> Attributes:
    """CT dosimetry phantom, CID 4052 (PS3.16)."""
    if kind == "HEAD":
        return common.code("113690", "DCM", "IEC Head Dosimetry Phantom")
    return common.code("113691", "DCM", "IEC Body Dosimetry Phantom")


def _facts(series: Series, pitch: float) -> dict[str, Any]:
    return {
        "feed": round(38.4 * pitch, 2),
        "pitch": pitch,
        "pitch_text": f"{pitch}:1",
        "equipment_uid": series.study.chance.uid("equipment", series.device["id"]),
        "volume_uid": series.study.chance.uid("series", series.number, "volume"),
    }

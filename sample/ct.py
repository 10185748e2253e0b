"""CT studies: a localizer, then series of axial slices with the dose tags of PS3.3 C.8.2.1."""

from collections.abc import Iterator
from typing import Any

from pydicom.uid import CTImageStorage

from sample import common, dose, enhanced, objects, pictures, private, report
from sample.forms import Attributes
from sample.plan import Instance, Series, Study, later, tm, unix_time
from sample.tables import table

SIZE = 96
COLLIMATION = 38.4
"""Total collimation, mm."""

ROTATION = 0.5
"""Seconds a rotation."""


def plan(study: Study) -> Iterator[Series]:
    """The series of a CT examination: the localizer, the slices, what was made of them, doses and at times a report."""
    localizer = plan_localizer(study)
    yield localizer
    made = [axial(study, wanted, number, localizer) for number, wanted in enumerate(study.exam["series"], start=2)]
    scanned = made[0]
    doses = dose.reports(study, made) if dose.reported(study) else objects.dose_screen(study, scanned)
    more = list(doses)
    if study.exam["region"] == "CHEST" and study.chance.of("segmented").happens(0.3):
        more += objects.segmentation(study, 800, scanned)
        yield from made
    else:
        yield from (enhanced.perhaps(series) for series in made)
    yield from more
    if study.chance.of("reported").happens(0.35):
        yield from report.radiology(study, 900, scanned)


def axial(
    study: Study, wanted: dict[str, Any], number: int, localizer: Series, device: dict[str, Any] | None = None
) -> Series:
    """A series of axial slices; ``wanted`` is an entry of the exam's series."""
    series = common.series(study, number, CTImageStorage, modality="CT", minutes=3.0 * number, device=device)
    chance = study.chance.of("ct", number)
    device, area = series.device, table("regions")[study.exam["region"]]
    kernel = device["kernels"][wanted["kernel"]].split("\\")
    thickness = wanted["thickness"]
    style = table("styles")["ct"][device["style"]]
    shown = {"region": area["meaning"], "thickness": thickness, "kernel": kernel[0]}
    step = round(area["length"] * 0.8 / wanted["slices"], 2)
    held = dose.event(study, wanted.get("event", 1))
    series.attributes |= {
        **_acquisition(study, series),
        **_exposure(study, held),
        **_geometry(area["fov"]),
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SeriesDescription": style[wanted["name"]].format(**shown),
        "ProtocolName": style["protocol"].format(**shown),
        "ScanOptions": "HELICAL MODE" if device["style"] == "ge" else "HELIX",
        "ConvolutionKernel": kernel,
        "SliceThickness": thickness,
        "SpacingBetweenSlices": step,
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ReferencedImageSequence": [
            {"ReferencedSOPClassUID": CTImageStorage, "ReferencedSOPInstanceUID": one.uid}
            for one in localizer.instances
        ],
        **_window((50, 350) if wanted["kernel"] in ("soft", "head") else (-500, 1500)),
    }
    if study.exam.get("contrast"):
        series.attributes |= _contrast(study)
    facts = {**series.attributes, **_facts(series)}
    series.attributes |= private.elements(device, facts, chance)
    series.dose = held
    for index in range(wanted["slices"]):
        z = round(step * (index - (wanted["slices"] - 1) / 2), 2)
        _slice(series, index + 1, z, facts)
    return series


def _slice(series: Series, number: int, z: float, facts: dict[str, Any]) -> Instance:
    chance = series.study.chance.of("ct", series.number, number)
    moment = later(series.moment, number * ROTATION)
    area = table("regions")[series.study.exam["region"]]
    corner = round((series.attributes["PixelSpacing"][0] - area["fov"]) / 2, 4)
    current = chance.near(series.attributes["XRayTubeCurrent"], 0.3, 0)
    attributes: Attributes = {
        **common.times(moment),
        "ImagePositionPatient": [corner, corner, z],
        "SliceLocation": z,
        "XRayTubeCurrent": int(current),
        "Exposure": int(current * ROTATION),
    }
    own = {**facts, **attributes, "number": number, "unix_time": unix_time(moment)}
    attributes |= private.elements(series.device, own, chance, each=True)
    seed = series.study.patient.number * 1000 + number

    def pixels() -> bytes:
        seen = pictures.slice_through(area["anatomy"], "ct", "axial", z * 2 / area["length"], SIZE)
        return pictures.stored(seen + 12 * pictures.grain(SIZE, seed), offset=1024)

    return common.instance(series, number, attributes, pixels)


def plan_localizer(study: Study, device: dict[str, Any] | None = None) -> Series:
    """The scout view that the slices are planned on."""
    series = common.series(study, 1, CTImageStorage, modality="CT", minutes=1, device=device)
    series.role = "localizer"
    area = table("regions")[study.exam["region"]]
    style = table("styles")["ct"][series.device["style"]]
    series.attributes |= {
        **_acquisition(study, series),
        **_geometry(area["fov"]),
        "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"],
        "SeriesDescription": style["localizer"],
        "ProtocolName": style["protocol"].format(region=area["meaning"]),
        "ScanOptions": "SCOUT MODE" if series.device["style"] == "ge" else "SURVIEW",
        "SliceThickness": 0.6,
        "ImageOrientationPatient": [1, 0, 0, 0, 0, -1],
        "XRayTubeCurrent": 35,
        "Exposure": 105,
        "ExposureTime": 3000,
        **_window((50, 500)),
    }
    half = round((area["fov"] - series.attributes["PixelSpacing"][0]) / 2, 4)

    def pixels() -> bytes:
        return pictures.stored(pictures.slice_through(area["anatomy"], "ct", "coronal", 0.1, SIZE), offset=1024)

    common.instance(series, 1, {**common.times(series.moment), "ImagePositionPatient": [-half, 0, half]}, pixels)
    return series


def _acquisition(study: Study, series: Series) -> Attributes:
    head = study.exam["region"] == "HEAD"
    return {
        **common.region(study.exam["region"], study.chance),
        "FrameOfReferenceUID": study.chance.uid("frame of reference"),
        "PositionReferenceIndicator": "SN" if series.device["style"] == "ge" else None,
        "PatientPosition": "HFS" if head else study.chance.of("position").pick(["FFS", "HFS"]),
        "AcquisitionNumber": series.number,
        "InstanceCreationDate": series.moment.strftime("%Y%m%d"),
        "InstanceCreationTime": tm(later(series.moment, 90)),
        "KVP": study.exam["kvp"],
        "DataCollectionDiameter": 500,
        "DistanceSourceToDetector": 1085.6,
        "DistanceSourceToPatient": 595,
        "GantryDetectorTilt": 0,
        "TableHeight": study.chance.of("table").between(120, 190, 1),
        "RotationDirection": "CW",
        "FilterType": "0",
        "GeneratorPower": 36,
        "FocalSpots": 1.2,
    }


def _exposure(study: Study, event: dict[str, Any]) -> Attributes:
    """The tags of an irradiation event; its reconstructions all have the same."""
    chance = study.chance.of("exposure", event["uid"])
    pitch = event["pitch"]
    return {
        "IrradiationEventUID": event["uid"],
        "RevolutionTime": ROTATION,
        "ExposureTime": int(ROTATION * 1000),
        "XRayTubeCurrent": event["current"],
        "SpiralPitchFactor": pitch,
        "SingleCollimationWidth": 0.6,
        "TotalCollimationWidth": COLLIMATION,
        "TableFeedPerRotation": round(COLLIMATION * pitch, 2),
        "TableSpeed": round(COLLIMATION * pitch / ROTATION, 2),
        "ExposureModulationType": chance.pick(["XYZ_EC", "Z_EC", "NONE"]),
        "CTDIvol": event["CTDIvol"],
        "CTDIPhantomTypeCodeSequence": [dose.phantom(event["phantom"])],
        "EstimatedDoseSaving": chance.between(0, 40, 1),
    }


def _geometry(fov: float) -> Attributes:
    spacing = round(fov / SIZE, 6)
    return {**common.image(SIZE, SIZE), "PixelSpacing": [spacing, spacing], "ReconstructionDiameter": fov}


def _window(window: tuple[int, int]) -> Attributes:
    return {
        "WindowCenter": window[0],
        "WindowWidth": window[1],
        "RescaleIntercept": -1024,
        "RescaleSlope": 1,
        "RescaleType": "HU",
    }


def _contrast(study: Study) -> Attributes:
    chance = study.chance.of("contrast")
    return {
        "ContrastBolusAgent": chance.pick(["OMNIPAQUE 350", "Iopromida 300", "Visipaque 320 mgI/ml", "APPLIED"]),
        "ContrastBolusRoute": chance.pick(["IV", "INTRAVENOSA"]),
        "ContrastBolusVolume": chance.whole(60, 120),
        "ContrastFlowRate": chance.between(2, 5, 1),
        "ContrastBolusIngredient": "IODINE",
        "ContrastBolusIngredientConcentration": 350,
    }


def _facts(series: Series) -> dict[str, Any]:
    pitch = series.attributes["SpiralPitchFactor"]
    return {
        "latin": series.study.patient.latin,
        "feed": series.attributes["TableFeedPerRotation"],
        "pitch": pitch,
        "pitch_text": f"{pitch}:1",
        "equipment_uid": series.study.chance.uid("equipment", series.device["id"]),
        "volume_uid": series.study.chance.uid("series", series.number, "volume"),
    }

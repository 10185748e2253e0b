"""Radiographs on CR and DX devices with their exposure and dose tags (PS3.3 C.8.1 and C.8.11)."""

from collections.abc import Iterator
from typing import Any

from pydicom.uid import ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation

from sample import common, pictures, private, report
from sample.forms import Attributes
from sample.plan import Series, Study, later
from sample.tables import table

SIZE = 144
_VIEWS = {
    "PA": ("399348003", "postero-anterior"),
    "AP": ("399067008", "antero-posterior"),
    "LL": ("399173006", "left lateral"),
}
"""View codes of CID 4010 (PS3.16)."""


def plan(study: Study) -> Iterator[Series]:
    """One series with all views, or one for each, as the device has it."""
    device = common.device_of(study, "DX", "CR")
    views: list[dict[str, Any]] = study.exam["views"]
    apart = study.chance.of("apart").happens(0.5)
    groups = [[view] for view in views] if apart else [views]
    made = [series_of(study, number, device, group) for number, group in enumerate(groups, start=1)]
    yield from made
    if study.chance.of("reported").happens(0.25):
        yield from report.radiology(study, len(made) + 1, made[0])


def series_of(study: Study, number: int, device: dict[str, Any], views: list[dict[str, Any]]) -> Series:
    """A series of some views of the exam on a device."""
    modality = device["modality"]
    sop_class = DigitalXRayImageStorageForPresentation if modality == "DX" else ComputedRadiographyImageStorage
    series = common.series(study, number, sop_class, modality=modality, minutes=2 * number, device=device)
    chance = study.chance.of("xr", number)
    side = study.chance.of("side").pick("LR")
    series.attributes |= {
        **common.region(study.exam["region"], study.chance, coded=modality == "DX"),
        **common.image(SIZE, SIZE),
        "SeriesDescription": " ".join((study.exam["names"][study.site["language"]][0], *_names(views))),
        "ProtocolName": f"{study.exam['region'].capitalize()} {views[0]['view']}",
        "PhotometricInterpretation": "MONOCHROME1" if modality == "CR" else "MONOCHROME2",
        "ViewPosition": views[0]["view"] if len(views) == 1 else None,
        "WindowCenter": 2048,
        "WindowWidth": 4096,
    }
    if study.exam.get("laterality"):
        series.attributes["Laterality" if modality == "CR" else "ImageLaterality"] = side
    elif modality == "DX":
        series.attributes["ImageLaterality"] = "U"
    series.attributes |= _dx(chance) if modality == "DX" else _cr(chance)
    series.attributes |= private.elements(device, {**series.attributes, "ViewPosition": views[0]["view"]}, chance)
    for index, view in enumerate(views, start=1):
        _add(series, index, view)
    return series


def _add(series: Series, number: int, view: dict[str, Any]) -> None:
    study = series.study
    chance = study.chance.of("xr", series.number, number)
    exposure = chance.near(view["mas"], 0.4)
    milliseconds = chance.whole(4, 120)
    target = 400 if series.modality == "DX" else 250
    index = chance.near(target, 0.5, 1)
    attributes: Attributes = {
        **common.times(later(series.moment, 70 * number)),
        "ImageType": ["DERIVED" if series.modality == "CR" else "ORIGINAL", "PRIMARY"],
        "ViewPosition": view["view"],
        "PatientOrientation": ["A", "F"] if view["direction"] == "side" else ["L", "F"],
        "KVP": view["kvp"],
        "ExposureTime": milliseconds,
        "XRayTubeCurrent": round(exposure / milliseconds * 1000),
        "Exposure": max(1, round(exposure)),
        "ExposureInuAs": round(exposure * 1000),
        "ImageAndFluoroscopyAreaDoseProduct": chance.near(view["dap"], 0.4, 3),
        "EntranceDoseInmGy": chance.near(view["entrance"], 0.4, 3),
        "ExposureIndex": index,
        "TargetExposureIndex": target,
        "DeviationIndex": round((index / target - 1) * 4, 1),
    }
    if series.modality == "DX":
        value, meaning = _VIEWS[view["view"]]
        attributes["ViewCodeSequence"] = [common.code(value, "SCT", meaning)]
    anatomy = table("regions")[study.exam["region"]]["anatomy"]
    seed = study.patient.number * 100 + number

    def pixels() -> bytes:
        through = pictures.projection(anatomy, view["direction"], SIZE)
        seen = (1.2 * through * through + 0.1) * 3000 + 50 * pictures.grain(SIZE, seed)
        return pictures.stored(4095 - seen if series.modality == "CR" else seen)

    made = common.instance(series, number, attributes, pixels)
    made.dose = {
        "DAP": attributes["ImageAndFluoroscopyAreaDoseProduct"],
        "entrance_dose": attributes["EntranceDoseInmGy"],
    }


def _names(views: list[dict[str, Any]]) -> list[str]:
    return [view["view"] for view in views] if len(views) == 1 else []


def _dx(chance: Any) -> Attributes:
    return {
        "PresentationIntentType": "FOR PRESENTATION",
        "ImagerPixelSpacing": [0.148, 0.148],
        "PixelIntensityRelationship": "LOG",
        "PixelIntensityRelationshipSign": -1,
        "RescaleIntercept": 0,
        "RescaleSlope": 1,
        "RescaleType": "US",
        "PresentationLUTShape": "IDENTITY",
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "00",
        "AcquisitionContextSequence": [],
        "PositionerType": None,
        "DetectorType": "SCINTILLATOR",
        "DetectorID": chance.digits("PX-####"),
        "DetectorTemperature": chance.between(24, 36, 1),
        "DetectorConditionsNominalFlag": "YES",
        "DistanceSourceToDetector": chance.pick([1100, 1150, 1800]),
        "Grid": chance.pick(["NONE", "FOCUSED"]),
        "FilterMaterial": chance.pick(["ALUMINUM", "COPPER"]),
        "FieldOfViewDimensions": [430, 430],
        "FieldOfViewShape": "RECTANGLE",
        "ExposureControlMode": "AUTOMATIC",
        "AnodeTargetMaterial": "TUNGSTEN",
        "FocalSpots": chance.pick([0.6, 1.2]),
    }


def _cr(chance: Any) -> Attributes:
    return {
        "PixelSpacing": [0.2, 0.2],
        "ImagerPixelSpacing": [0.2, 0.2],
        "PlateID": chance.digits("A########@"),
        "PlateType": "GP",
        "CassetteOrientation": "PORTRAIT",
        "CassetteSize": "35CMX43CM",
        "Sensitivity": chance.near(200, 0.5, 1),
        "RelativeXRayExposure": chance.whole(180, 1900),
        "AcquisitionDeviceProcessingCode": "10",
        "AcquisitionDeviceProcessingDescription": chance.pick(["TÓRAX PA", "Extremidades", "GEN ADULT"]),
    }

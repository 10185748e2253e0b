"""MR studies: series of slices by weighting and plane, with diffusion where the exam asks for it (PS3.3 C.8.3.1)."""

from collections.abc import Iterator
from typing import Any

from pydicom.uid import MRImageStorage

from sample import common, enhanced, pictures, private, report
from sample.forms import Attributes
from sample.plan import Instance, Series, Study, da, later, tm, unix_time
from sample.tables import table

SIZE = 96
ORIENTATIONS = {"axial": [1, 0, 0, 0, 1, 0], "coronal": [1, 0, 0, 0, 0, -1], "sagittal": [0, 1, 0, 0, 0, -1]}
"""ImageOrientationPatient by plane."""

_PLANE_LETTERS = {"axial": "Ax", "coronal": "Cor", "sagittal": "Sag"}


def plan(study: Study) -> Iterator[Series]:
    """The series of an MR examination, in the order of the exam."""
    made = [slices(study, wanted, number) for number, wanted in enumerate(study.exam["series"], start=2)]
    yield from (enhanced.perhaps(series) for series in made)
    if study.chance.of("reported").happens(0.3):
        yield from report.radiology(study, 900, made[0])


def slices(study: Study, wanted: dict[str, Any], number: int) -> Series:
    """One series; with ``b_values`` every slice is written once for each of them."""
    series = common.series(study, number, MRImageStorage, modality="MR", minutes=4.5 * number)
    chance = study.chance.of("mr", number)
    area = table("regions")[study.exam["region"]]
    b_values: list[int | None] = wanted.get("b_values", [None])
    count = wanted["slices"] * len(b_values)
    step = _step(area, wanted)
    series.attributes |= {
        **_acquisition(study, series, wanted),
        **_geometry(area, wanted, step),
        **_description(series, wanted),
        "MRAcquisitionType": "3D" if wanted["thickness"] < 2 else "2D",
        "SAR": chance.between(0.05, 2.4, 4),
        "dBdt": chance.between(0, 40, 2),
        "PixelBandwidth": chance.pick([130, 180, 260, 1447]),
        "AcquisitionDuration": chance.between(40, 380, 2),
    }
    if study.exam.get("laterality"):
        series.attributes["Laterality"] = study.chance.of("side").pick("LR")
    if wanted.get("ti"):
        series.attributes["InversionTime"] = wanted["ti"]
    if wanted.get("contrast"):
        series.attributes |= {
            "ContrastBolusAgent": study.chance.of("contrast").pick(["GADOVIST", "Dotarem 0.5 mmol/ml", "Gadolinio"]),
            "ContrastBolusVolume": chance.between(5, 15, 1),
        }
    facts = {**series.attributes, **_facts(series, wanted, count)}
    series.attributes |= private.elements(series.device, facts, chance)
    for index in range(count):
        place, b_value = index // len(b_values), b_values[index % len(b_values)]
        along = round(step * (place - (wanted["slices"] - 1) / 2), 3)
        _slice(series, wanted, index + 1, (along, _reach(area, wanted)), b_value, facts)
    return series


def _slice(
    series: Series,
    wanted: dict[str, Any],
    number: int,
    place: tuple[float, float],
    b_value: int | None,
    facts: dict[str, Any],
) -> Instance:
    chance = series.study.chance.of("mr", series.number, number)
    moment = later(series.moment, number * 1.7)
    along, reach = place
    attributes: Attributes = {
        **common.times(moment),
        "ImagePositionPatient": corner(wanted["plane"], facts["fov"], along),
        "SliceLocation": along,
        "WindowCenter": 450,
        "WindowWidth": 900,
    }
    if b_value is not None:
        attributes["DiffusionBValue"] = b_value
        attributes["SequenceName"] = f"*{wanted['tag']}{b_value}"
    own = {**facts, **attributes, "number": number, "unix_time": unix_time(moment), **_diffusion(b_value)}
    attributes |= private.elements(series.device, own, chance, each=True)
    seed = series.study.patient.number * 1000 + number
    anatomy, look, plane = facts["anatomy"], wanted["weighting"] if b_value else facts["look"], wanted["plane"]

    def pixels() -> bytes:
        seen = pictures.slice_through(anatomy, look, plane, along / reach, SIZE)
        return pictures.stored(seen + 14 * pictures.grain(SIZE, seed))

    return common.instance(series, number, attributes, pixels)


def corner(plane: str, fov: float, along: float) -> list[float]:
    """ImagePositionPatient of a slice centred on the origin, ``along`` mm on the plane's normal."""
    edge = round(-fov / 2 + fov / SIZE / 2, 4)
    if plane == "axial":
        return [edge, edge, along]
    return [edge, along, -edge] if plane == "coronal" else [along, edge, -edge]


def _step(area: dict[str, Any], wanted: dict[str, Any]) -> float:
    """Distance of slices in mm: the region is covered by the slices written."""
    covered = 1.5 * _reach(area, wanted)
    return round(covered / int(wanted["slices"]), 2)


def _reach(area: dict[str, Any], wanted: dict[str, Any]) -> float:
    """Half the region along the normal of the plane, mm."""
    return float((area["length"] if wanted["plane"] == "axial" else area["fov"] * 0.7) / 2)


def _acquisition(study: Study, series: Series, wanted: dict[str, Any]) -> Attributes:
    tesla = series.device["tesla"]
    return {
        "PositionReferenceIndicator": None,
        "FrameOfReferenceUID": study.chance.uid("frame of reference"),
        **common.region(study.exam["region"], study.chance),
        "PatientPosition": "FFS" if study.exam["region"] == "KNEE" else "HFS",
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"]
        if series.device["style"] == "siemens"
        else ["ORIGINAL", "PRIMARY", "OTHER"],
        "AcquisitionNumber": 1,
        "InstanceCreationDate": da(series.moment),
        "InstanceCreationTime": tm(later(series.moment, 200)),
        "ScanningSequence": wanted["sequence"],
        "SequenceVariant": ["SK", "SP"],
        "ScanOptions": ["PFP", "FS"] if wanted["name"] in ("pd", "dwi") else "PFP",
        "SequenceName": f"*{wanted['tag']}",
        "AngioFlag": "N",
        "RepetitionTime": wanted["tr"],
        "EchoTime": wanted["te"],
        "NumberOfAverages": 1 if wanted["thickness"] < 2 else 2,
        "ImagingFrequency": round(42.577 * tesla, 6),
        "ImagedNucleus": "1H",
        "EchoNumbers": 1,
        "MagneticFieldStrength": tesla,
        "NumberOfPhaseEncodingSteps": 256,
        "EchoTrainLength": 15 if wanted["sequence"] != "GR" else 1,
        "PercentSampling": 80,
        "PercentPhaseFieldOfView": 100,
        "TransmitCoilName": "Body",
        "ReceiveCoilName": {"KNEE": "Knee15", "BRAIN": "HeadNeck_20", "BREAST": "Breast_18"}.get(
            study.exam["region"], "Body_18"
        ),
        "AcquisitionMatrix": [256, 0, 0, 256],
        "InPlanePhaseEncodingDirection": "ROW",
        "FlipAngle": wanted["flip"],
        "VariableFlipAngleFlag": "N",
    }


def _geometry(area: dict[str, Any], wanted: dict[str, Any], step: float) -> Attributes:
    spacing = round(area["fov"] / SIZE, 6)
    return {
        "SliceThickness": wanted["thickness"],
        "SpacingBetweenSlices": step,
        "PixelSpacing": [spacing, spacing],
        "ImageOrientationPatient": ORIENTATIONS[wanted["plane"]],
        **common.image(SIZE, SIZE),
    }


def _description(series: Series, wanted: dict[str, Any]) -> Attributes:
    styles = table("styles")
    plane = (
        styles["planes"][wanted["plane"]] if series.device["style"] == "siemens" else _PLANE_LETTERS[wanted["plane"]]
    )
    text = styles["mr"][series.device["style"]][wanted["name"]].format(plane=plane)
    return {"SeriesDescription": text, "ProtocolName": text.removesuffix(" +C")}


def _facts(series: Series, wanted: dict[str, Any], count: int) -> dict[str, Any]:
    area = table("regions")[series.study.exam["region"]]
    seconds = int(series.attributes["AcquisitionDuration"])
    return {
        "latin": series.study.patient.latin,
        "fov": area["fov"],
        "anatomy": area["anatomy"],
        "look": "t2" if wanted["weighting"] == "dwi" else wanted["weighting"],
        "images": count,
        "orientation": {"axial": "TRANSVERSAL", "coronal": "CORONAL", "sagittal": "SAGITTAL"}[wanted["plane"]],
        "duration_text": f"TA {seconds // 60:02d}:{seconds % 60:02d}",
        "matrix_text": "256p*256",
        "fov_text": f"FoV {area['fov']}*{area['fov']}",
        "equipment_uid": series.study.chance.uid("equipment", series.device["id"]),
    }


def _diffusion(b_value: int | None) -> dict[str, Any]:
    """The b-value as each maker's private elements tell it."""
    if b_value is None:
        return {}
    return {
        "b_value": b_value,
        "directionality": "ISOTROPIC" if b_value else "NONE",
        "philips_direction": "I" if b_value else "N",
        "ge_b_values": [b_value + 1_000_000_000, 8, 0, 0],
    }

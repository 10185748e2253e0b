"""PET with CT in one study: slices with and without attenuation correction, tracer and activity (PS3.3 C.8.9)."""

from collections.abc import Iterator
from typing import Any

from pydicom.uid import PositronEmissionTomographyImageStorage

from sample import common, ct, dose, pictures, private
from sample.forms import Attributes
from sample.plan import Series, Study, da, later, tm
from sample.tables import table

SIZE = 64
_MEGA = 1_000_000


def plan(study: Study) -> Iterator[Series]:
    """Localizer, CT, PET with and without attenuation correction, and the CT's dose report."""
    device = common.device_of(study, "PT")
    localizer = ct.plan_localizer(study, device)
    yield localizer
    made = [ct.axial(study, one, number, localizer, device) for number, one in enumerate(study.exam["series"], start=2)]
    yield from made
    yield _series(study, len(made) + 2, device, localizer, corrected=True)
    if study.chance.of("uncorrected").happens(0.5):
        yield _series(study, len(made) + 3, device, localizer, corrected=False)
    if dose.reported(study):
        yield from dose.reports(study, made)


def _series(study: Study, number: int, device: dict[str, Any], localizer: Series, *, corrected: bool) -> Series:
    series = common.series(
        study, number, PositronEmissionTomographyImageStorage, modality="PT", minutes=10 + number, device=device
    )
    area, slices = table("regions")[study.exam["region"]], study.exam["slices"]
    step, spacing = round(area["length"] * 0.9 / slices, 3), round(area["fov"] / SIZE, 6)
    activity = study.chance.of("tracer").near(table("tracers")[study.exam["tracer"]]["activity"], 0.2, 1)
    series.attributes |= {
        **common.region(study.exam["region"], study.chance),
        **common.image(SIZE, SIZE, bits=16),
        **_injection(study, device, activity),
        **_acquisition(study, device, corrected, slices),
        "FrameOfReferenceUID": localizer.attributes["FrameOfReferenceUID"],
        "PositionReferenceIndicator": None,
        "SeriesDescription": "PET WB" if corrected else "PET WB sin corregir",
        "ProtocolName": f"PET {study.exam['tracer']} WB",
        "SliceThickness": step,
        "PixelSpacing": [spacing, spacing],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    }
    factor = round(study.patient.weight * 1000 / (activity * _MEGA), 9)
    facts = {**series.attributes, "suv_factor": factor, "activity_factor": 1}
    series.attributes |= private.elements(device, facts, study.chance.of("pt", number))
    series.dose = {"tracer": study.exam["tracer"], "activity_MBq": activity}
    for index in range(slices):
        _slice(series, index + 1, round(step * (index - (slices - 1) / 2), 3), 1 / factor, corrected)
    return series


def _slice(series: Series, number: int, z: float, becquerel: float, corrected: bool) -> None:
    """``becquerel``: activity concentration (Bq/ml) of an SUV of 1."""
    area = table("regions")[series.study.exam["region"]]
    slope = round(becquerel * 16 / 32767, 6)
    bed = (number - 1) // 5
    attributes: Attributes = {
        **common.times(later(series.moment, 150 * bed)),
        "ImagePositionPatient": [
            round((1 / SIZE - 1) * area["fov"] / 2, 4),
            round((1 / SIZE - 1) * area["fov"] / 2, 4),
            z,
        ],
        "SliceLocation": z,
        "ImageIndex": number,
        "FrameReferenceTime": 150000 * bed + 75000,
        "DecayFactor": round(1 + 0.016 * bed, 4),
        "RescaleSlope": slope,
        "WindowCenter": round(becquerel * 5, 1),
        "WindowWidth": round(becquerel * 10, 1),
    }
    seed = series.study.patient.number * 1000 + number

    def pixels() -> bytes:
        uptake = pictures.slice_through(area["anatomy"], "pt", "axial", z * 2 / area["length"], SIZE)
        seen = uptake * (1 + 0.15 * pictures.grain(SIZE, seed)) * (1 if corrected else 0.4)
        return pictures.stored(seen * becquerel / slope, high=32767)

    common.instance(series, number, attributes, pixels)


def _injection(study: Study, device: dict[str, Any], activity: float) -> Attributes:
    """RadionuclideTotalDose is in Bq (PS3.3 C.8.9.2); one device of the hospitals writes MBq, as some really do."""
    tracer = table("tracers")[study.exam["tracer"]]
    chance = study.chance.of("injection")
    injected = later(study.moment, -60 * (tracer["uptake_minutes"] + chance.whole(-5, 15)))
    nuclide = tracer["radionuclide"]
    item: Attributes = {
        "Radiopharmaceutical": chance.pick(tracer["name"]),
        "RadiopharmaceuticalRoute": "IV",
        "RadiopharmaceuticalVolume": chance.between(1, 8, 1),
        "RadiopharmaceuticalStartTime": tm(injected),
        "RadiopharmaceuticalStartDateTime": f"{da(injected)}{tm(injected)}",
        "RadionuclideTotalDose": activity if device.get("dose_unit") == "MBq" else round(activity * _MEGA),
        "RadionuclideHalfLife": tracer["half_life"],
        "RadionuclidePositronFraction": tracer["positron_fraction"],
        "RadionuclideCodeSequence": [common.code(nuclide["value"], "SCT", nuclide["meaning"])],
    }
    if tracer["code"]:
        item["RadiopharmaceuticalCodeSequence"] = [
            common.code(tracer["code"]["value"], "SCT", tracer["code"]["meaning"])
        ]
    return {"RadiopharmaceuticalInformationSequence": [item]}


def _acquisition(study: Study, device: dict[str, Any], corrected: bool, slices: int) -> Attributes:
    corrections = ["NORM", "DTIM", "ATTN", "SCAT", "DECY", "RADL"] if corrected else ["NORM", "DTIM", "DECY"]
    return {
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "SeriesType": ["WHOLE BODY", "IMAGE"],
        "Units": "BQML",
        "CountsSource": "EMISSION",
        "DecayCorrection": "START",
        "CorrectedImage": corrections,
        "AttenuationCorrectionMethod": "CT-derived mu-map" if corrected else "NONE",
        "ScatterCorrectionMethod": device["scatter"] if corrected else "NONE",
        "RandomsCorrectionMethod": device["randoms"],
        "ReconstructionMethod": device["reconstruction"],
        "CollimatorType": "NONE",
        "NumberOfSlices": slices,
        "ActualFrameDuration": 150000,
        "DoseCalibrationFactor": 1,
        "RescaleIntercept": 0,
        "EnergyWindowRangeSequence": [{"EnergyWindowLowerLimit": 435, "EnergyWindowUpperLimit": 650}],
        "PatientOrientationCodeSequence": [common.code("102538003", "SCT", "recumbent")],
        "PatientGantryRelationshipCodeSequence": [common.code("102540008", "SCT", "headfirst")],
    }

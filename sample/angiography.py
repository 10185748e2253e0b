"""Angiography: multi-frame runs by angle, with doses of each run and of fluoroscopy between them (PS3.3 C.8.7)."""

from collections.abc import Iterator
from typing import Any

from pydicom.uid import XRayAngiographicImageStorage

from sample import common, dose, pictures, private
from sample.forms import Attributes
from sample.plan import Series, Study, later

SIZE = 96
_FRAMES_A_SECOND = 15


def plan(study: Study) -> Iterator[Series]:
    """One series a run, then the dose report."""
    runs = [_run(study, number, wanted) for number, wanted in enumerate(study.exam["runs"], start=1)]
    chance = study.chance.of("fluoroscopy")
    fluoroscopy = chance.near(180, 0.7, 2)
    total = {
        "DAP": round(fluoroscopy + sum(run.dose["DAP"] for run in runs), 2),
        "reference_air_kerma": round(fluoroscopy * 1.8 + sum(run.dose["reference_air_kerma"] for run in runs), 3),
        "fluoroscopy_seconds": chance.whole(60, 1500),
        "acquisition_seconds": round(sum(run.attributes["NumberOfFrames"] for run in runs) / _FRAMES_A_SECOND, 2),
    }
    for run in runs:
        run.dose["study"] = total
    yield from runs
    yield from dose.angiography_report(study, runs, total)


def _run(study: Study, number: int, wanted: dict[str, Any]) -> Series:
    series = common.series(study, number, XRayAngiographicImageStorage, modality="XA", minutes=6 * number)
    chance = study.chance.of("xa", number)
    dap, kerma = chance.near(45, 0.6, 2), chance.near(80, 0.6, 2)
    frames: int = wanted["frames"]
    series.attributes |= {
        **common.region(study.exam["region"], study.chance),
        **common.image(SIZE, SIZE, bits=8),
        "ImageType": ["ORIGINAL", "PRIMARY", "SINGLE PLANE"],
        "SeriesDescription": wanted["name"],
        "ProtocolName": f"{wanted['name']} {_FRAMES_A_SECOND} f/s",
        "PixelIntensityRelationship": "LOG",
        "RadiationSetting": "GR",
        "RadiationMode": "PULSED",
        "KVP": chance.near(study.exam["kvp"], 0.15, 1),
        "XRayTubeCurrent": chance.whole(300, 850),
        "ExposureTime": round(frames * 7.5),
        "AveragePulseWidth": 7.5,
        "Exposure": chance.whole(20, 90),
        "ImageAndFluoroscopyAreaDoseProduct": dap,
        "EntranceDoseInmGy": kerma,
        "IrradiationEventUID": study.chance.uid("event", number),
        "PositionerMotion": "STATIC",
        "PositionerPrimaryAngle": wanted["primary"],
        "PositionerSecondaryAngle": wanted["secondary"],
        "DistanceSourceToDetector": chance.between(980, 1200, 0),
        "DistanceSourceToPatient": 765,
        "ImagerPixelSpacing": [0.184, 0.184],
        "IntensifierSize": 200,
        "TableMotion": "STATIC",
        "NumberOfFrames": frames,
        "FrameTime": round(1000 / _FRAMES_A_SECOND, 3),
        "FrameIncrementPointer": "(0018,1063)",
        "CineRate": _FRAMES_A_SECOND,
        "RecommendedDisplayFrameRate": _FRAMES_A_SECOND,
        "ContrastBolusAgent": chance.pick(["Visipaque 320", "Iomeron 350", "IODIXANOL"]),
        "WindowCenter": 128,
        "WindowWidth": 256,
    }
    if study.exam.get("subtracted"):
        series.attributes["MaskSubtractionSequence"] = [{"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 1}]
        series.attributes["RecommendedViewingMode"] = "SUB"
    series.attributes |= private.elements(series.device, series.attributes, chance)
    series.dose = {"uid": series.attributes["IrradiationEventUID"], "DAP": dap, "reference_air_kerma": kerma}
    attributes: Attributes = common.times(later(series.moment, 10))
    subtracted = bool(study.exam.get("subtracted"))

    def pixels() -> bytes:
        seen = (
            pictures.angiogram(wanted["vessels"], (frame + 1) / frames, SIZE, subtracted) for frame in range(frames)
        )
        return b"".join(pictures.stored_bytes(one + 5 * pictures.grain(SIZE, number)) for one in seen)

    common.instance(series, 1, attributes, pixels)
    return series

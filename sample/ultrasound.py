"""Ultrasound studies: stills and clips, grey and colour, the name burned in by some devices (PS3.3 C.8.5)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydicom.uid import UltrasoundImageStorage, UltrasoundMultiFrameImageStorage

from sample import common, objects, pictures, private, report
from sample.forms import Attributes, fold
from sample.plan import Series, Study, later, unix_time

SIZE = 128
_BURNS = frozenset({"us-pa-2", "us-rv-1", "us-wx-3"})
"""Devices that write the patient's name into the picture; the second of them says that it does not."""


def plan(study: Study) -> Iterator[Series]:
    """Stills in one series, clips in the next, and at times a report."""
    views: list[dict[str, Any]] = study.exam["views"]
    stills = [view for view in views if "frames" not in view]
    clips = [view for view in views if "frames" in view]
    made: list[Series] = []
    if stills:
        made.append(_series(study, len(made) + 1, UltrasoundImageStorage, stills))
    if clips:
        made.append(_series(study, len(made) + 1, UltrasoundMultiFrameImageStorage, clips))
    yield from made
    if study.chance.of("reported").happens(0.4):
        written = objects.pdf_report if study.exam["picture"] == "heart" else report.radiology
        yield from written(study, len(made) + 1, made[0])


def _series(study: Study, number: int, sop_class: str, views: list[dict[str, Any]]) -> Series:
    series = common.series(study, number, sop_class, modality="US", minutes=4 * number)
    chance, probe = study.chance.of("us", number), study.exam["transducer"]
    series.attributes |= {
        **common.region(study.exam["region"], study.chance),
        "SeriesDescription": study.exam["names"][study.site["language"]][0],
        "ProtocolName": study.exam["picture"].capitalize(),
        "PatientOrientation": None,
        "TransducerType": probe["type"],
        "TransducerData": probe["data"],
        "TransducerFrequency": probe["frequency"],
        "ProcessingFunction": study.exam["picture"].upper(),
        "DepthOfScanField": probe["depth"] * 10,
        "MechanicalIndex": chance.between(0.4, 1.6),
        "BoneThermalIndex": chance.between(0.1, 2.0),
        "SoftTissueThermalIndex": chance.between(0.1, 2.0),
        "SequenceOfUltrasoundRegions": [_region(probe)],
        "LossyImageCompression": "00",
    }
    if series.device["id"] in _BURNS:
        series.attributes["BurnedInAnnotation"] = "NO" if series.device["id"] == "us-rv-1" else "YES"
    series.attributes |= private.elements(series.device, series.attributes, chance)
    for index, view in enumerate(views, start=1):
        _add(series, index, view)
    return series


def _add(series: Series, number: int, view: dict[str, Any]) -> None:
    study, device = series.study, series.device
    frames: int = view.get("frames", 1)
    moment = later(series.moment, 45 * number)
    attributes: Attributes = {
        **common.times(moment),
        **common.image(SIZE, SIZE, bits=8, colour=view["colour"]),
        "ImageType": ["ORIGINAL", "PRIMARY", study.exam["picture"].upper()[:12], "0011" if view["colour"] else "0001"],
        "ImageComments": view["label"],
        "UltrasoundColorDataPresent": int(view["colour"]),
    }
    if frames > 1:
        attributes |= {
            "NumberOfFrames": frames,
            "FrameTime": 33.333,
            "FrameIncrementPointer": "(0018,1063)",
            "CineRate": 30,
            "RecommendedDisplayFrameRate": 30,
            "EffectiveDuration": round(frames / 30, 3),
            "HeartRate": study.chance.of("heart", number).whole(55, 110),
        }
    own = {**series.attributes, **attributes, "unix_time": unix_time(moment)}
    attributes |= private.elements(device, own, study.chance.of("us", series.number, number), each=True)
    text = _burned(series) if device["id"] in _BURNS else []
    depths = [round(0.05 * number + 0.5 * abs(frame / frames - 0.5), 3) for frame in range(frames)]
    anatomy, shape = study.exam["picture"], study.exam["transducer"]["type"]

    def pixels() -> bytes:
        return b"".join(_frame(anatomy, shape, depth, view, text) for depth in depths)

    made = common.instance(series, number, attributes, pixels)
    made.burned = [
        {"text": line, "rectangle": [1, 1 + 11 * row, 4 * scale * len(line), 5 * scale]}
        for row, (line, scale) in enumerate(text)
    ]


def _frame(anatomy: str, shape: str, depth: float, view: dict[str, Any], text: list[tuple[str, int]]) -> bytes:
    seen = pictures.ultrasound(anatomy, shape, depth, SIZE).copy()
    for row, (line, scale) in enumerate(text):
        pictures.lettering(seen, line, 1, 1 + 11 * row, scale=scale)
    pictures.lettering(seen, fold(view["label"]), 2, SIZE - 8)
    if not view["colour"]:
        return pictures.stored_bytes(seen)
    across, down = pictures.grid(SIZE)
    box = ((across - 0.2) / 0.35) ** 2 + ((down - 0.1) / 0.25) ** 2
    flow = np.clip((1 - box) * 220, 0, 220)
    red, blue = np.where(across > 0.2, flow, 0), np.where(across > 0.2, 0, flow)
    return pictures.stored_bytes(np.stack([np.maximum(seen, red), seen, np.maximum(seen, blue)], axis=-1))


def _burned(series: Series) -> list[tuple[str, int]]:
    """The lines burned in, cut to the width of the picture, with their scale."""
    name = series.study.patient.latin.replace("^", ", ")
    known = f"{series.attributes['PatientID']} {series.study.moment:%d/%m/%Y}"
    return [(name.upper()[: SIZE // 8 - 1], 2), (known, 1)]


def _region(probe: dict[str, Any]) -> Attributes:
    """One region over all of the picture (PS3.3 C.8.5.5), cm a pixel."""
    delta = round(probe["depth"] / SIZE, 6)
    return {
        "RegionSpatialFormat": 1,
        "RegionDataType": 1,
        "RegionFlags": 2,
        "RegionLocationMinX0": 0,
        "RegionLocationMinY0": 0,
        "RegionLocationMaxX1": SIZE - 1,
        "RegionLocationMaxY1": SIZE - 1,
        "PhysicalUnitsXDirection": 3,
        "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": delta,
        "PhysicalDeltaY": delta,
        "TransducerFrequency": probe["frequency"] // 1000,
    }

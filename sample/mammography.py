"""Digital mammograms: views of both sides with compression and dose (PS3.3 C.8.11.7)."""

from collections.abc import Iterator

import numpy as np
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation

from sample import common, pictures, private
from sample.forms import Attributes
from sample.plan import Series, Study, later

SIZE = 144
_VIEWS = {
    "CC": ("399162004", "cranio-caudal", 0),
    "MLO": ("399368009", "medio-lateral oblique", 45),
    "ML": ("399260004", "medio-lateral", 90),
}
"""View codes of CID 4014 (PS3.16) and the positioner's angle in degrees."""

_FAT = 0.88
"""Attenuation of fat; the curve is steep above it, so that glandular tissue stands out."""


def plan(study: Study) -> Iterator[Series]:
    """One series a view, as mammography workstations have it."""
    for number, (side, view) in enumerate(study.exam["views"], start=1):
        yield _series(study, number, side, view)


def _series(study: Study, number: int, side: str, view: str) -> Series:
    series = common.series(
        study, number, DigitalMammographyXRayImageStorageForPresentation, modality="MG", minutes=1.5 * number
    )
    chance = study.chance.of("mg", number)
    value, meaning, angle = _VIEWS[view]
    thickness, force = chance.whole(28, 82), chance.whole(60, 160)
    target, filtered = chance.pick([("TUNGSTEN", "RHODIUM"), ("TUNGSTEN", "SILVER"), ("MOLYBDENUM", "RHODIUM")])
    organ = chance.between(0.8, 2.6, 2)
    entrance = chance.near(organ * 4.2, 0.15, 2)
    series.attributes |= {
        **common.region(study.exam["region"], study.chance, coded=True),
        "OrganExposed": "BREAST",
        **common.image(SIZE, SIZE),
        **_constant(),
        "SeriesDescription": f"{side} {view}",
        "ProtocolName": "Routine",
        "ImageLaterality": side,
        "ViewPosition": view,
        "ViewCodeSequence": [{**common.code(value, "SCT", meaning), "ViewModifierCodeSequence": []}],
        "PatientOrientation": ["P" if side == "R" else "A", "L" if view == "CC" else "F"],
        "PositionerPrimaryAngle": angle,
        "KVP": chance.whole(26, 33),
        "Exposure": chance.whole(60, 170),
        "ExposureTime": chance.whole(400, 1400),
        "XRayTubeCurrent": 100,
        "BodyPartThickness": thickness,
        "CompressionForce": force,
        "AnodeTargetMaterial": target,
        "FilterMaterial": filtered,
        "HalfValueLayer": chance.between(0.35, 0.6, 3),
        "OrganDose": round(organ / 100, 5),
        "EntranceDoseInmGy": entrance,
        "BreastImplantPresent": "NO",
    }
    series.attributes |= private.elements(series.device, series.attributes, chance)
    series.dose = {"mean_glandular_dose": organ, "entrance_dose": entrance, "laterality": side, "thickness": thickness}
    attributes: Attributes = {**common.times(later(series.moment, 8)), "ImageType": ["ORIGINAL", "PRIMARY"]}

    def pixels() -> bytes:
        seen = pictures.mammogram(view, side, SIZE)
        dense = np.clip(seen - _FAT, 0, None)
        return pictures.stored(seen * 900 + dense * 5000 + 40 * pictures.grain(SIZE, number))

    common.instance(series, 1, attributes, pixels)
    return series


def _constant() -> Attributes:
    return {
        "PresentationIntentType": "FOR PRESENTATION",
        "ImagerPixelSpacing": [0.07, 0.07],
        "PixelIntensityRelationship": "LOG",
        "PixelIntensityRelationshipSign": -1,
        "RescaleIntercept": 0,
        "RescaleSlope": 1,
        "RescaleType": "US",
        "PresentationLUTShape": "IDENTITY",
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "00",
        "QualityControlImage": "NO",
        "PartialView": "NO",
        "AcquisitionContextSequence": [],
        "PositionerType": "MAMMOGRAPHIC",
        "ExposureControlMode": "AUTOMATIC",
        "DetectorType": "DIRECT",
        "DetectorActiveDimensions": [240, 290],
        "DistanceSourceToDetector": 650,
        "DistanceSourceToPatient": 630,
        "EstimatedRadiographicMagnificationFactor": 1.0317,
        "FocalSpots": 0.3,
        "WindowCenter": 2000,
        "WindowWidth": 3200,
    }

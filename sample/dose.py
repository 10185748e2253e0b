"""Irradiation events of CT and angiography and the dose reports about them (PS3.16 TID 10001 and TID 10011)."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydicom.uid import XRayRadiationDoseSRStorage

from sample import common, report
from sample.forms import Attributes
from sample.plan import Series, Study, da, later, tm
from sample.report import Item, code, container, moment, number, text, uid
from sample.tables import table

REPORTED_SINCE = 2013
"""Year from which the hospitals' devices write dose reports."""


def phantom(kind: str) -> Attributes:
    """CT dosimetry phantom, CID 4052 (PS3.16)."""
    if kind == "HEAD":
        return common.code("113690", "DCM", "IEC Head Dosimetry Phantom")
    return common.code("113691", "DCM", "IEC Body Dosimetry Phantom")


def event(study: Study, which: int) -> dict[str, Any]:
    """An irradiation event of a CT examination: CTDIvol in mGy, DLP in mGy.cm, length in mm, current in mA."""
    chance = study.chance.of("event", which)
    exam, area = study.exam, table("regions")[study.exam["region"]]
    grown = min(1.0, 0.4 + study.patient.age(study.moment.date()) / 30)
    ctdi = chance.near(exam["dose"] * grown, 0.35)
    length = round(area["length"] * 0.8 * chance.between(0.95, 1.05), 1)
    return {
        "uid": study.chance.uid("event", which),
        "CTDIvol": ctdi,
        "DLP": round(ctdi * length / 10, 2),
        "phantom": exam["phantom"],
        "length": length,
        "pitch": chance.pick([0.6, 0.8, 1, 1.2, 1.375]),
        "current": chance.whole(80, 420),
        "kvp": exam["kvp"],
    }


def reported(study: Study) -> bool:
    """Whether the study's device writes a dose report."""
    return study.moment.year >= REPORTED_SINCE


def reports(study: Study, series: Iterable[Series]) -> Iterator[Series]:
    """The dose report of a CT study as an X-Ray Radiation Dose SR, one acquisition for each irradiation event."""
    events = {one.dose["uid"]: one for one in series if one.dose}
    content = _ct(study, list(events.values()))
    yield _series(study, next(iter(events.values())), content)


def angiography_report(study: Study, runs: list[Series], total: dict[str, Any]) -> Iterator[Series]:
    """The dose report of an angiography: ``total`` as in the truth file."""
    if reported(study):
        yield _series(study, runs[0], _projection(study, runs, total))


def _series(study: Study, about: Series, content: Item) -> Series:
    series = common.series(study, 990, XRayRadiationDoseSRStorage, modality="SR", minutes=40, device=about.device)
    series.role = "dose report"
    series.attributes |= report.document(
        content, later(series.moment, 5), template="10011" if about.modality == "CT" else "10001"
    )
    series.attributes["SeriesDescription"] = "Dose Report"
    common.instance(series, 1, {"ContentDate": da(series.moment), "ContentTime": tm(series.moment)})
    return series


def _head(study: Study, about: Series, procedure: tuple[str, str, str]) -> list[Item]:
    device = about.attributes
    return [
        code("Procedure reported", procedure, "HAS CONCEPT MOD", [code("Has intent", "Diagnostic", "HAS CONCEPT MOD")]),
        code("Observer Type", "Device", "HAS OBS CONTEXT"),
        uid("Device Observer UID", study.chance.uid("equipment", about.device["id"]), "HAS OBS CONTEXT"),
        text("Device Observer Name", device["StationName"], "HAS OBS CONTEXT"),
        text("Device Observer Manufacturer", device["Manufacturer"], "HAS OBS CONTEXT"),
        text("Device Observer Model Name", device["ManufacturerModelName"], "HAS OBS CONTEXT"),
        text("Device Observer Serial Number", device["DeviceSerialNumber"], "HAS OBS CONTEXT"),
        moment("Start of X-Ray Irradiation", about.moment, "HAS OBS CONTEXT"),
        moment("End of X-Ray Irradiation", later(about.moment, 30), "HAS OBS CONTEXT"),
        code(
            "Scope of Accumulation",
            "Study",
            "HAS OBS CONTEXT",
            [uid("Study Instance UID", study.uid, "HAS PROPERTIES")],
        ),
    ]


def _ct(study: Study, series: list[Series]) -> Item:
    total = round(sum(one.dose["DLP"] for one in series), 2)
    accumulated = container(
        "CT Accumulated Dose Data",
        [
            number("Total Number of Irradiation Events", len(series), "{events}"),
            number("CT Dose Length Product Total", total, "mGy.cm"),
        ],
    )
    acquisitions = [_ct_acquisition(study, one) for one in series]
    procedure = ("77477000", "SCT", "Computed tomography")
    items = [*_head(study, series[0], procedure), accumulated, *acquisitions]
    return container(
        "X-Ray Radiation Dose Report", [*items, code("Source of Dose Information", "Automated Data Collection")]
    )


def _ct_acquisition(study: Study, series: Series) -> Item:
    held, attributes = series.dose, series.attributes
    area = table("regions")[study.exam["region"]]
    source = container(
        "CT X-Ray Source Parameters",
        [
            text("Identification of the X-Ray Source", "A"),
            number("KVP", held["kvp"], "kV"),
            number("Maximum X-Ray Tube Current", round(held["current"] * 1.3), "mA"),
            number("X-Ray Tube Current", held["current"], "mA"),
            number("Exposure Time per Rotation", attributes["RevolutionTime"], "s"),
        ],
    )
    parameters = container(
        "CT Acquisition Parameters",
        [
            number("Exposure Time", round(held["length"] / attributes["TableSpeed"], 2), "s"),
            number("Scanning Length", held["length"], "mm"),
            number("Nominal Single Collimation Width", attributes["SingleCollimationWidth"], "mm"),
            number("Nominal Total Collimation Width", attributes["TotalCollimationWidth"], "mm"),
            number("Pitch Factor", held["pitch"], "{ratio}"),
            number("Number of X-Ray Sources", 1, "{X-Ray sources}"),
            source,
        ],
    )
    measured = container(
        "CT Dose",
        [
            number("Mean CTDIvol", held["CTDIvol"], "mGy"),
            code(
                "CTDIw Phantom Type",
                "IEC Head Dosimetry Phantom" if held["phantom"] == "HEAD" else "IEC Body Dosimetry Phantom",
            ),
            number("DLP", held["DLP"], "mGy.cm"),
        ],
    )
    return container(
        "CT Acquisition",
        [
            text("Acquisition Protocol", attributes["ProtocolName"]),
            code("Target Region", (area["code"], "SCT", area["meaning"])),
            code("CT Acquisition Type", "Spiral Acquisition"),
            uid("Irradiation Event UID", held["uid"]),
            parameters,
            measured,
        ],
    )


def _projection(study: Study, runs: list[Series], total: dict[str, Any]) -> Item:
    plane = code("Acquisition Plane", "Single Plane", "HAS CONCEPT MOD")
    accumulated = container(
        "Accumulated X-Ray Dose Data",
        [
            plane,
            number("Dose Area Product Total", square_metres(total["DAP"]), "Gy.m2"),
            number("Dose (RP) Total", round(total["reference_air_kerma"] / 1000, 6), "Gy"),
            number("Total Fluoro Time", total["fluoroscopy_seconds"], "s"),
            number("Total Acquisition Time", total["acquisition_seconds"], "s"),
        ],
    )
    events = [_run(plane, one) for one in runs]
    procedure = ("44491008", "SCT", "Fluoroscopy")
    items = [*_head(study, runs[0], procedure), accumulated, *events]
    return container(
        "X-Ray Radiation Dose Report", [*items, code("Source of Dose Information", "Automated Data Collection")]
    )


def _run(plane: Item, series: Series) -> Item:
    held, attributes = series.dose, series.attributes
    return container(
        "Irradiation Event X-Ray Data",
        [
            plane,
            uid("Irradiation Event UID", held["uid"]),
            moment("DateTime Started", series.moment),
            code("Irradiation Event Type", "Stationary Acquisition"),
            text("Acquisition Protocol", attributes["ProtocolName"]),
            number("Dose Area Product", square_metres(held["DAP"]), "Gy.m2"),
            number("Dose (RP)", round(held["reference_air_kerma"] / 1000, 6), "Gy"),
            number("Positioner Primary Angle", attributes["PositionerPrimaryAngle"], "deg"),
            number("Positioner Secondary Angle", attributes["PositionerSecondaryAngle"], "deg"),
            number("KVP", attributes["KVP"], "kV"),
            number("X-Ray Tube Current", attributes["XRayTubeCurrent"], "mA"),
            number("Exposure Time", attributes["ExposureTime"], "ms"),
            number("Distance Source to Detector", attributes["DistanceSourceToDetector"], "mm"),
        ],
    )


def square_metres(dap: float) -> float:
    """A dose area product of dGy.cm2, as image headers tell it, in the Gy.m2 of dose reports."""
    return round(dap * 1e-5, 9)

"""Attributes of every object: the Patient, General Study, General Series and General Equipment modules (PS3.3 C.7)."""

from datetime import date, datetime
from typing import Any

from sample import private
from sample.chance import Chance
from sample.forms import Attributes
from sample.people import spelled
from sample.plan import Instance, Patient, Pixels, Series, Study, da, later, offset, tm
from sample.tables import table
from sample.visits import devices

PERFORMED_STEP = "1.2.840.10008.3.1.2.3.3"
"""Modality Performed Procedure Step SOP Class (PS3.4 F.7)."""


def series(
    study: Study, number: int, sop_class: str, *, modality: str, minutes: float, device: dict[str, Any] | None = None
) -> Series:
    """A series of a study with everything that does not depend on the modality; the planner adds the rest."""
    device = device or device_of(study, modality)
    chance = study.chance.of("series", number)
    moment = later(study.moment, 60 * minutes)
    charset = study.patient.charset if study.patient.charset is not None else device["charset"]
    attributes = {
        **_patient(study.patient, study),
        **_study(study),
        **_equipment(study, device),
        "SOPClassUID": sop_class,
        "Modality": modality,
        "SeriesInstanceUID": chance.uid("series"),
        "SeriesNumber": number,
        "SeriesDate": da(moment),
        "SeriesTime": tm(moment),
        "PerformedProcedureStepStartDate": da(study.moment),
        "PerformedProcedureStepStartTime": tm(study.moment),
        "PerformedProcedureStepID": f"PPS{study.accession}",
        "PerformedProcedureStepDescription": study.description,
        "RequestAttributesSequence": [_request(study)],
        "ReferencedPerformedProcedureStepSequence": [
            {"ReferencedSOPClassUID": PERFORMED_STEP, "ReferencedSOPInstanceUID": study.chance.uid("mpps")}
        ],
    }
    if study.site["id"] == "pena-alta":
        archive = {"private": ["hospital"], "syntax": device["syntax"]}
        attributes |= private.elements(archive, attributes, chance)
    if charset:
        attributes["SpecificCharacterSet"] = charset.split("\\")
    operators = table("people")["operators"][study.site["language"]]
    if chance.happens(0.8):
        attributes["OperatorsName"] = chance.pick(operators)
    return Series(
        study=study,
        device=device,
        number=number,
        uid=str(attributes["SeriesInstanceUID"]),
        moment=moment,
        sop_class=sop_class,
        charset=charset,
        syntax=device["syntax"],
        attributes=attributes,
        instances=[],
    )


def device_of(study: Study, *modalities: str) -> dict[str, Any]:
    """The device of one of some modalities this study was made on; the same for all its series."""
    day = study.moment.date()
    standing = [device for modality in modalities for device in devices(study.site, modality, day)]
    return study.chance.of("device", modalities[0]).pick(standing)


def region(name: str, chance: Chance, *, coded: bool = False) -> Attributes:
    """BodyPartExamined in one of its spellings and, at times or when ``coded`` is asked, the coded region."""
    entry = table("regions")[name]
    made: Attributes = {"BodyPartExamined": chance.weighted(entry["spellings"])}
    if coded or chance.happens(0.3):
        made["AnatomicRegionSequence"] = [code(entry["code"], "SCT", entry["meaning"])]
    return made


def code(value: str, scheme: str, meaning: str) -> Attributes:
    """An item of a code sequence (PS3.3 8.8)."""
    return {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}


def image(rows: int, columns: int, *, bits: int = 12, colour: bool = False) -> Attributes:
    """The Image Pixel module of a native picture (PS3.3 C.7.6.3): grey of 8 to 16 bits, or RGB."""
    made: Attributes = {
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 8 if bits == 8 else 16,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": 0,
    }
    if colour:
        made["PlanarConfiguration"] = 0
    return made


def instance(series: Series, number: int, attributes: Attributes, pixels: Pixels | None = None) -> Instance:
    """The next file of a series, with its SOPInstanceUID, InstanceNumber and the private elements of its own."""
    uid = series.study.chance.uid("series", series.number, "instance", number)
    made = Instance(number, uid, {"SOPInstanceUID": uid, "InstanceNumber": number, **attributes}, pixels)
    series.instances.append(made)
    return made


def times(moment: datetime, seconds: float = 0) -> Attributes:
    """Acquisition, content and creation times of an image made ``seconds`` after a moment."""
    made = later(moment, seconds)
    return {
        "AcquisitionDate": da(made),
        "AcquisitionTime": tm(made, fraction=True),
        "ContentDate": da(made),
        "ContentTime": tm(later(made, 1), fraction=True),
    }


def age(birth: date, day: date) -> str:
    """PatientAge (VR AS): days under a month, months under two years, years from then on."""
    days = (day - birth).days
    months = (day.year - birth.year) * 12 + day.month - birth.month - (day.day < birth.day)
    if days < 31:
        return f"{days:03d}D"
    return f"{months:03d}M" if months < 24 else f"{months // 12:03d}Y"


def _patient(patient: Patient, study: Study) -> Attributes:
    chance = study.chance.of("patient")
    grown = min(1.0, 0.3 + 0.7 * patient.age(study.moment.date()) / 17)
    made: Attributes = {
        "PatientName": patient.name if patient.charset else spelled(chance, patient.name),
        "PatientID": patient.identifier,
        "IssuerOfPatientID": patient.issuer,
        "PatientBirthDate": da(patient.birth),
        "PatientSex": patient.sex,
        "PatientAge": age(patient.birth, study.moment.date()),
        "PatientSize": round(patient.height * grown, 2),
        "PatientWeight": round(patient.weight * grown**2 * chance.between(0.95, 1.05), 1),
    }
    if chance.happens(0.25):
        made["PatientAddress"] = patient.address
        made["PatientTelephoneNumbers"] = patient.telephone
    if chance.happens(0.15):
        spoken = patient.name.split("=")[0].replace("^", " ")
        comment = table("people")[patient.language]["comment"]
        made["PatientComments"] = comment.format(patient=spoken, telephone=patient.telephone)
    if chance.happens(0.2):
        made["OtherPatientIDsSequence"] = [
            {"PatientID": chance.digits("########@"), "IssuerOfPatientID": "NATIONAL", "TypeOfPatientID": "TEXT"}
        ]
    if patient.sex == "F" and 14 <= patient.age(study.moment.date()) <= 50:
        made["PregnancyStatus"] = chance.pick([1, 4, 4])
    return made


def _study(study: Study) -> Attributes:
    referring, requesting, performing = study.physicians
    return {
        "StudyInstanceUID": study.uid,
        "StudyID": f"{int(study.accession[2:]) % 100000}",
        "StudyDate": da(study.moment),
        "StudyTime": tm(study.moment),
        "AccessionNumber": study.accession,
        "StudyDescription": study.description,
        "ReferringPhysicianName": referring,
        "RequestingPhysician": requesting,
        "PerformingPhysicianName": performing,
        "RequestedProcedureDescription": study.description,
        "ReasonForStudy": study.reason,
        "AdmittingDiagnosesDescription": study.reason if study.chance.of("diagnosis").happens(0.4) else None,
        "CurrentPatientLocation": study.chance.of("ward").pick(study.site["wards"]),
        "TimezoneOffsetFromUTC": offset(study.moment, study.site["utc_offset"], study.site["id"] != "abroad"),
        "ProcedureCodeSequence": [_procedure(study)],
    }


def _procedure(study: Study) -> Attributes:
    return code(study.exam["code"], f"99{study.site['issuer']}", study.description)


def _request(study: Study) -> Attributes:
    return {
        "RequestedProcedureDescription": study.description,
        "RequestedProcedureID": f"RP{study.accession}",
        "ReasonForTheRequestedProcedure": study.reason,
        "ScheduledProcedureStepID": f"SPS{study.accession}",
        "ScheduledProcedureStepDescription": study.exam["names"][study.site["language"]][0],
        "RequestedProcedureCodeSequence": [_procedure(study)],
    }


def _equipment(study: Study, device: dict[str, Any]) -> Attributes:
    abroad = study.site["id"] == "abroad"
    versions = [name for year, name in device["software"].items() if year <= study.moment.year]
    return {
        "Manufacturer": device["manufacturer"],
        "ManufacturerModelName": device["model"],
        "StationName": f"{study.site['issuer']}{device['modality']}1" if abroad else device["station"],
        "DeviceSerialNumber": study.chance.of("serial").digits("#####") if abroad else device["serial"],
        "SoftwareVersions": versions[-1].split("\\"),
        "InstitutionName": study.site["name"],
        "InstitutionAddress": study.site["address"],
        "InstitutionalDepartmentName": study.site["department"],
        "DateOfLastCalibration": f"{study.moment.year}0115",
    }

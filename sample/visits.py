"""Who was examined when, for what, where and on which device."""

from datetime import date, datetime, time, timedelta
from typing import Any

from sample.chance import Chance
from sample.people import FIRST_YEAR, LAST_YEAR, visitor_site
from sample.plan import Patient, Study
from sample.tables import exams, table

FOLLOW_UP_SHARE = 0.4
"""Share of visits that repeat an earlier examination."""


def studies(patient: Patient) -> list[Study]:
    """The visits of a patient in the order of time, one to seven over the years of the archive."""
    chance = patient.chance.of("visits")
    first = max(date(FIRST_YEAR, 1, 1), patient.birth + timedelta(days=3))
    days = (date(LAST_YEAR, 12, 20) - first).days
    wanted = chance.weighted({1: 2, 2: 4, 3: 5, 4: 4, 5: 3, 6: 1, 7: 1})
    visits = sorted(first + timedelta(days=chance.whole(0, days)) for _ in range(wanted))
    planned: list[Study] = []
    for number, day in enumerate(visits, start=1):
        study = _study(patient, number, day, [one.exam for one in planned])
        if study:
            planned.append(study)
    return planned


def devices(site: dict[str, Any], modality: str, day: date) -> list[dict[str, Any]]:
    """Devices of a modality that stood at a site on a day; abroad has one of every kind."""
    return [
        device
        for device in table("devices")
        if device["modality"] == modality
        and (site["id"] in (device["site"], "abroad"))
        and device["years"][0] <= day.year <= device["years"][1]
    ]


def _study(patient: Patient, number: int, day: date, earlier: list[dict[str, Any]]) -> Study | None:
    chance = patient.chance.of("study", number)
    site = _site(patient)
    possible = {exam["id"]: exam for exam in exams() if _suits(exam, patient, day) and _standing(site, exam, day)}
    if not possible:
        return None
    again = [exam["id"] for exam in earlier if exam["id"] in possible]
    if again and chance.happens(FOLLOW_UP_SHARE):
        exam = possible[chance.pick(again)]
    else:
        exam = possible[chance.weighted({name: exam["weight"] for name, exam in possible.items()})]
    moment = datetime.combine(day, time(chance.whole(7, 20), chance.whole(0, 59), chance.whole(0, 59)))
    return study_of(patient, number, exam, moment, chance)


def study_of(patient: Patient, number: int, exam: dict[str, Any], moment: datetime, chance: Chance) -> Study:
    """A visit for an examination at a moment of local time, at the patient's hospital."""
    site = _site(patient)
    names = table("people")["physicians"][site["language"]]
    return Study(
        patient=patient,
        number=number,
        exam=exam,
        site=site,
        moment=moment,
        uid=chance.uid("study"),
        accession=f"{site['issuer'][:2]}{moment:%y}{patient.number:04d}{number:02d}",
        description=chance.pick(exam["names"][site["language"]]),
        reason=chance.pick(exam["reasons"][site["language"]]),
        physicians=(chance.pick(names), chance.pick(names), chance.pick(names)),
        chance=chance,
    )


def _site(patient: Patient) -> dict[str, Any]:
    if patient.charset is not None:
        return visitor_site(patient.issuer)
    own: list[dict[str, Any]] = [site for site in table("sites") if site["issuer"] == patient.issuer]
    return patient.chance.of("site").pick(own)


def _standing(site: dict[str, Any], exam: dict[str, Any], day: date) -> bool:
    """Whether the site had a device for the examination; radiographs are made on CR as on DX."""
    modalities = ["DX", "CR"] if exam["modality"] == "DX" else [exam["modality"]]
    return any(devices(site, modality, day) for modality in modalities)


def _suits(exam: dict[str, Any], patient: Patient, day: date) -> bool:
    low, high = exam["ages"]
    return bool(low <= patient.age(day) <= high and exam.get("sex", patient.sex) == patient.sex)

"""The patients: Spanish, English, and visitors whose names need character sets of their own."""

from datetime import date, timedelta
from typing import Any

from sample.chance import Chance
from sample.forms import fold
from sample.plan import Patient
from sample.tables import table

VISITOR_EVERY = 5
"""Every fifth patient is a visitor, until the visitors of people.yml have all come once."""

ENGLISH_SHARE = 0.35
FIRST_YEAR, LAST_YEAR = 2009, 2024
"""Years of the archive's studies."""


def patient(chance: Chance, number: int) -> Patient:
    """The patient of a number, from 1; the same for every size of archive."""
    people = table("people")
    visitors: list[dict[str, Any]] = people["visitors"]
    turn, rest = divmod(number, VISITOR_EVERY)
    visitor = visitors[turn - 1] if rest == 0 and turn <= len(visitors) else None
    language = "english" if visitor or chance.happens(ENGLISH_SHARE) else "spanish"
    of_language = people[language]
    sex = visitor["sex"] if visitor else chance.pick("FM")
    height = chance.between(1.48, 1.76 if sex == "F" else 1.93)
    name = visitor["name"] if visitor else _name(chance, of_language, sex)
    return Patient(
        number=number,
        name=name,
        latin=visitor["folded"] if visitor else fold(name),
        identifier=_identifier(number, language, visitor=visitor is not None),
        issuer=visitor["issuer"] if visitor else of_language["issuer"],
        birth=_birth(chance),
        sex=sex,
        height=height,
        weight=round(height**2 * chance.between(18.5, 33, 1), 1),
        language=language,
        charset="\\".join(_listed(visitor["charset"])) if visitor else None,
        address=_address(chance, of_language),
        telephone=chance.digits(of_language["telephone"]),
        chance=chance,
    )


def visitor_site(issuer: str) -> dict[str, Any]:
    """The hospital abroad that made a visitor's disc."""
    found = next(one for one in table("people")["visitors"] if one["issuer"] == issuer)
    return {
        "id": "abroad",
        "name": found["institution"],
        "address": found["institution"],
        "department": "Radiology",
        "language": "english",
        "issuer": issuer,
        "utc_offset": found["utc_offset"],
        "aet": f"{issuer}_PACS",
        "wards": ["OPD", "ER"],
    }


def _name(chance: Chance, names: dict[str, Any], sex: str) -> str:
    family = chance.pick(names["family"])
    if names["two_surnames"]:
        family = f"{family} {chance.pick(names['family'])}"
    given = chance.pick(names["given"][sex])
    return f"{family}^{given}"


def _identifier(number: int, language: str, *, visitor: bool) -> str:
    """Spanish record numbers have leading zeros, English ones a letter. A visitor's is that of the patient before,
    when that one is Spanish: two people of two issuers with one PatientID."""
    own = 7 * (number - visitor) + 5
    return f"{own:07d}" if visitor or language == "spanish" else f"W{4_100_000 + own}"


def _birth(chance: Chance) -> date:
    """Ages from newborn to over ninety at the archive's first year, most of them over forty; some born later."""
    band = chance.weighted({(1918, 1935): 2, (1935, 1960): 6, (1960, 1985): 6, (1985, 2008): 2.5, (2008, 2016): 1.5})
    return date(chance.whole(*band), 1, 1) + timedelta(days=chance.whole(0, 364))


def _address(chance: Chance, names: dict[str, Any]) -> str:
    place = f"{chance.digits(names['postcode'])} {chance.pick(names['cities'])}"
    return f"{chance.pick(names['streets'])} {chance.whole(1, 120)}, {place}"


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def spelled(chance: Chance, name: str) -> str:
    """The name as a hurried clerk types it: mostly right, at times in capitals or without accents."""
    how = chance.weighted({"right": 7, "capitals": 2, "plain": 1})
    return {"right": name, "capitals": name.upper(), "plain": fold(name)}[how]

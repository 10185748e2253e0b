"""Structured reports: content items (PS3.3 C.17.3) and the radiology report with its names in free text."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydicom.uid import BasicTextSRStorage

from sample import common
from sample.forms import Attributes
from sample.plan import Series, Study, da, later, tm
from sample.tables import table

Item = Attributes
"""An item of a ContentSequence."""

Concept = str | tuple[str, str, str]
"""A meaning of concepts.yml, or code value, scheme and meaning."""


def container(name: Concept, items: list[Item], relation: str = "CONTAINS") -> Item:
    return _item(name, "CONTAINER", relation, {"ContinuityOfContent": "SEPARATE"}, items)


def number(name: Concept, value: float, unit: str, relation: str = "CONTAINS") -> Item:
    """A measured value; units are UCUM codes."""
    measured = {"MeasurementUnitsCodeSequence": [common.code(unit, "UCUM", unit)], "NumericValue": value}
    return _item(name, "NUM", relation, {"MeasuredValueSequence": [measured]})


def code(name: Concept, value: Concept, relation: str = "CONTAINS", items: list[Item] | None = None) -> Item:
    return _item(name, "CODE", relation, {"ConceptCodeSequence": [_concept(value)]}, items)


def text(name: Concept, value: str, relation: str = "CONTAINS") -> Item:
    return _item(name, "TEXT", relation, {"TextValue": value})


def uid(name: Concept, value: str, relation: str = "CONTAINS") -> Item:
    return _item(name, "UIDREF", relation, {"UID": value})


def person(name: Concept, value: str, relation: str = "CONTAINS") -> Item:
    return _item(name, "PNAME", relation, {"PersonName": value})


def moment(name: Concept, value: datetime, relation: str = "CONTAINS") -> Item:
    return _item(name, "DATETIME", relation, {"DateTime": f"{da(value)}{tm(value)}"})


def document(content: Item, made: datetime, template: str) -> Attributes:
    """The SR Document General and Content modules of a report: the root item without its relationship."""
    root = {key: value for key, value in content.items() if key != "RelationshipType"}
    return {
        **root,
        "ContentTemplateSequence": [{"MappingResource": "DCMR", "TemplateIdentifier": template}],
        "PerformedProcedureCodeSequence": [],
        "CompletionFlag": "COMPLETE",
        "VerificationFlag": "UNVERIFIED",
        "InstanceCreationDate": da(made),
        "InstanceCreationTime": tm(made),
    }


def _item(name: Concept, kind: str, relation: str, value: Attributes, items: list[Item] | None = None) -> Item:
    made: Item = {"RelationshipType": relation, "ValueType": kind, "ConceptNameCodeSequence": [_concept(name)], **value}
    if items:
        made["ContentSequence"] = items
    return made


def _concept(concept: Concept) -> Attributes:
    if isinstance(concept, tuple):
        return common.code(*concept)
    value, scheme = table("concepts")[concept]
    return common.code(value, scheme, concept)


def radiology(study: Study, number_of_series: int, about: Series) -> Iterator[Series]:
    """The radiologist's report as a Basic Text SR; its text names the patient, as hurried dictation does."""
    words = table("reports")[study.site["language"]]
    chance = study.chance.of("report")
    spoken = study.patient.name.split("=")[0].replace("^", " ")
    known: dict[str, Any] = {
        "patient": spoken,
        "id": study.patient.identifier,
        "age": study.patient.age(study.moment.date()),
        "reason": study.reason,
        "referrer": study.physicians[0].split("^")[0],
        "description": study.description,
        "date": f"{study.moment:%d/%m/%Y}",
    }
    findings = chance.pick(words["findings"].get(study.exam["region"], words["findings"]["any"]))
    content = container(
        "Diagnostic imaging report",
        [
            code(
                "Language of Content Item and Descendants",
                "Spanish" if study.site["language"] == "spanish" else "English",
                "HAS CONCEPT MOD",
            ),
            code("Observer Type", "Person", "HAS OBS CONTEXT"),
            person("Person Observer Name", study.physicians[2], "HAS OBS CONTEXT"),
            container("History", [text("History", words["history"].format(**known))]),
            container("Findings", [text("Finding", findings.format(**known))]),
            container("Impressions", [text("Impression", chance.pick(words["impressions"]).format(**known))]),
        ],
    )
    series = common.series(study, number_of_series, BasicTextSRStorage, modality="SR", minutes=95, device=about.device)
    series.role = "report"
    series.attributes |= document(content, later(series.moment, 60), template="2000")
    series.attributes["SeriesDescription"] = words["title"]
    common.instance(series, 1, {"ContentDate": da(series.moment), "ContentTime": tm(series.moment)})
    yield series

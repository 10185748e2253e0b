"""What was planted, written from the plan and never from the files: the answer key of ``OUT.truth.json``."""

from dataclasses import dataclass, field
from typing import Any

from sample.encode import file_meta
from sample.forms import Attributes, document
from sample.plan import Instance, Patient, Series, Study, da
from sample.tables import table

VERSION = 1
"""Of the truth file's form."""

INDEXED, IGNORED, QUARANTINED = "indexed", "ignored", "quarantined"
"""What an index makes of a file."""


@dataclass(slots=True)
class Planted:
    """A file with its fault. ``attributes`` are all of its document's, ``unsure`` those nothing is promised of."""

    path: str
    data: bytes
    outcome: str
    kind: str
    series: Series | None = None
    instance: Instance | None = None
    attributes: Attributes | None = None
    identity: dict[str, str | None] = field(default_factory=dict)
    unsure: list[str] = field(default_factory=list)
    defects: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Truth:
    """Collects records while the archive is written."""

    arguments: dict[str, Any]
    patients: list[dict[str, Any]] = field(default_factory=list)
    studies: list[dict[str, Any]] = field(default_factory=list)
    series: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    _identifiers: dict[int, dict[str, set[str]]] = field(default_factory=dict)

    def add_patient(self, patient: Patient) -> None:
        self.patients.append(
            {
                "number": patient.number,
                "PatientName": patient.name,
                "PatientID": patient.identifier,
                "IssuerOfPatientID": patient.issuer,
                "PatientBirthDate": da(patient.birth),
                "PatientSex": patient.sex,
                "address": patient.address,
                "telephone": patient.telephone,
            }
        )

    def add_study(self, study: Study) -> None:
        self.studies.append(
            {
                "StudyInstanceUID": study.uid,
                "patient": study.patient.number,
                "exam": study.exam["id"],
                "region": study.exam["region"],
                "site": study.site["id"],
                "StudyDate": da(study.moment),
                "AccessionNumber": study.accession,
                "StudyDescription": study.description,
                "physicians": list(study.physicians),
                "age": study.patient.age(study.moment.date()),
            }
        )

    def add_series(self, series: Series) -> None:
        self._collect(series)
        self.series.append(
            {
                "SeriesInstanceUID": series.uid,
                "StudyInstanceUID": series.study.uid,
                "patient": series.study.patient.number,
                "role": series.role,
                "device": series.device["id"],
                "maker": series.device["maker"],
                "region": series.study.exam["region"],
                "instances": len(series.instances),
                "dose": series.dose,
                "attributes": _before_pixels(document(series.attributes)),
            }
        )

    def add_file(self, path: str, data: bytes, outcome: str, kind: str, **more: Any) -> None:
        self.files.append({"path": path, "size": len(data), "outcome": outcome, "kind": kind, **more})

    def add_instance(
        self, path: str, data: bytes, series: Series, instance: Instance, kind: str = "instance", **more: Any
    ) -> None:
        identity: Attributes = {
            "SOPInstanceUID": instance.uid,
            "SeriesInstanceUID": series.uid,
            "StudyInstanceUID": series.study.uid,
            "patient": series.study.patient.number,
        }
        planted = {"burned": instance.burned, "dose": instance.dose}
        more |= {name: value for name, value in planted.items() if value}
        attributes = {**document(file_meta(series, instance)), **_before_pixels(document(instance.attributes))}
        self.add_file(path, data, INDEXED, kind, **identity, attributes=attributes, **more)

    def add_planted(self, planted: Planted) -> None:
        """A file with a fault; its attributes are all its own (``whole``)."""
        more: dict[str, Any] = {}
        if planted.series and planted.instance:
            more = {**planted.identity, "patient": planted.series.study.patient.number, "defects": planted.defects}
            more |= {"whole": True, "attributes": _before_pixels(planted.attributes or {}), "unsure": planted.unsure}
            self._add_fault_records(planted.series)
        self.add_file(planted.path, planted.data, planted.outcome, planted.kind, **more)

    def _collect(self, series: Series) -> None:
        """Remember what identifies the patient of a series, by attribute."""
        held = self._identifiers.setdefault(series.study.patient.number, {})
        for path in table("identifiers"):
            keyword, _, nested = path.partition(".")
            value = series.attributes.get(keyword)
            values = [item.get(nested) for item in value or ()] if nested else [value]
            held.setdefault(path, set()).update(one for one in values if one)

    def _identifiers_of(self, number: int) -> dict[str, list[str]]:
        return {path: sorted(values) for path, values in self._identifiers.get(number, {}).items() if values}

    def _add_fault_records(self, series: Series) -> None:
        self._collect(series)
        if all(one["number"] != series.study.patient.number for one in self.patients):
            self.add_patient(series.study.patient)
        if all(one["StudyInstanceUID"] != series.study.uid for one in self.studies):
            self.add_study(series.study)

    def content(self) -> dict[str, Any]:
        """The truth file, totals included."""
        return {"version": VERSION, "arguments": self.arguments, "totals": self.totals()} | {
            "patients": [{**one, "identifiers": self._identifiers_of(one["number"])} for one in self.patients],
            "studies": self.studies,
            "series": self.series,
            "files": self.files,
        }

    def totals(self) -> dict[str, int]:
        indexed = [one for one in self.files if one["outcome"] == INDEXED]
        return {
            "files": len(self.files),
            **{
                outcome: sum(one["outcome"] == outcome for one in self.files)
                for outcome in (INDEXED, IGNORED, QUARANTINED)
            },
            "patients": len({one["patient"] for one in indexed}),
            "studies": len({one["StudyInstanceUID"] or one["path"] for one in indexed}),
            "series": len({one["SeriesInstanceUID"] or one["path"] for one in indexed}),
            "instances": len({one["SOPInstanceUID"] for one in indexed}),
            "bytes": sum(one["size"] for one in self.files),
        }


def _before_pixels(shown: Attributes) -> Attributes:
    """Without private elements of groups after the pixel data: documents end where the pixels start."""
    return {key: value for key, value in shown.items() if not key.startswith("(7FE1")}

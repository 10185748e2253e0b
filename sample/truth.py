"""What was planted, written from the plan and never from the files: the answer key of ``OUT.truth.json``."""

from dataclasses import dataclass, field
from typing import Any

from sample.encode import file_meta
from sample.forms import Attributes, document
from sample.plan import Instance, Patient, Series, Study, da

VERSION = 1
"""Of the truth file's form and of the plan; a change of either makes older archives be written anew."""

INDEXED, IGNORED, QUARANTINED = "indexed", "ignored", "quarantined"


@dataclass(slots=True)
class Truth:
    """Collects records while the archive is written."""

    arguments: dict[str, int]
    patients: list[dict[str, Any]] = field(default_factory=list)
    studies: list[dict[str, Any]] = field(default_factory=list)
    series: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)

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

    def content(self) -> dict[str, Any]:
        """The truth file, totals included."""
        return {"version": VERSION, "arguments": self.arguments, "totals": self.totals()} | {
            "patients": self.patients,
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
            "studies": len({one["StudyInstanceUID"] for one in indexed}),
            "series": len({one["SeriesInstanceUID"] for one in indexed}),
            "instances": len({one["SOPInstanceUID"] for one in indexed}),
            "bytes": sum(one["size"] for one in self.files),
        }


def _before_pixels(shown: Attributes) -> Attributes:
    """Without private elements of groups after the pixel data: documents end where the pixels start."""
    return {key: value for key, value in shown.items() if not key.startswith("(7FE1")}

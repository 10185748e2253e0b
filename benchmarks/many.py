"""A made-up archive of any size in small files: patients with studies, studies with series of 1 to 400 instances.

Each series is written once by pydicom, with marks in the places where its instances differ; an instance is that with
its own values for the marks. Headers have some 80 (MR) or 140 (CT, private ones among them) attributes.
"""

import io
import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import UID

from benchmarks import series

MOST_INSTANCES = 400
"""Instances of the largest series."""

_ROOT = "1.2.826.0.1.3680043.8.498.7"
_MAKERS = (
    ("SIEMENS", "Sensation 64"),
    ("Siemens Healthineers", "MAGNETOM Vida"),
    ("GE MEDICAL SYSTEMS", "Revolution"),
    ("Philips", "Ingenia"),
    ("TOSHIBA", "Aquilion"),
    ("Canon Medical Systems", "Vantage"),
)
_PARTS = ("CHEST", "ABDOMEN", "HEAD", "PELVIS", "KNEE", "CSPINE", "HEART", "NECK")
_KINDS = ("axial", "coronal", "sagittal", "thin", "contrast", "native", "late", "scout")

_UID, _NUMBER, _PLACE, _CONTENT, _ACQUIRED = "7777701", "777702", "-7777.03", "070701.000004", "070701.000005"
"""Marks: as wide as what replaces them, and nowhere else in a header."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A series to write. Numbers are unique in an archive."""

    number: int
    study: int
    patient: int
    size: int


def plan(instances: int, seed: int = 1) -> Iterator[Planned]:
    """The series of an archive of so many instances. Sizes are spread evenly over the orders of magnitude."""
    chance = random.Random(seed)
    number = study = patient = 0
    while instances > 0:
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5))):
            for _ in range(chance.randint(1, 8)):
                size = min(instances, int(math.exp(chance.uniform(0, math.log(MOST_INSTANCES + 1)))))
                if size:
                    yield Planned(number, study, patient, size)
                instances, number = instances - size, number + 1
            study += 1
        patient += 1


def write(folder: Path, planned: Iterable[Planned]) -> int:
    """The files of these series into a new folder, side by side; their number."""
    folder.mkdir(parents=True)
    written = 0
    for one in planned:
        for place, content in enumerate(contents(one)):
            (folder / f"{one.number:07}-{place:03}.dcm").write_bytes(content)
            written += 1
    return written


def contents(planned: Planned) -> Iterator[bytes]:
    """The files of a series."""
    data_set = _first(planned)
    buffer = io.BytesIO()
    data_set.save_as(buffer, enforce_file_format=True)
    marked = buffer.getvalue()
    for place in range(planned.size):
        clock = f"07{place // 60 % 60:02}{place % 60:02}.{place:06}"
        values = {
            _UID: f"{1_000_000 + place}",
            _NUMBER: f"{place + 1:<6}",
            _PLACE: f"{place * 1.25 - 400:<8.2f}",
            _CONTENT: clock,
            _ACQUIRED: clock,
        }
        content = marked
        for mark, value in values.items():
            content = content.replace(mark.encode(), value.encode())
        yield content


def _first(planned: Planned) -> Dataset:
    """The marked file of a series, with what its patient, study and series have for themselves."""
    person, visit, own = (
        random.Random(f"{kind}{number}")
        for kind, number in (("patient", planned.patient), ("study", planned.study), ("series", planned.number))
    )
    modality = visit.choice(("CT", "MR"))
    made = series.data_set(modality, planned.number, 0)
    for group in (0x0021, 0x0029, 0x0053):
        for tag in [element.tag for element in made.group_dataset(group)]:
            del made[tag]
    for element in made.group_dataset(0x0019):
        if element.VR == "DS":
            element.value = f"{own.randrange(100_000) / 8:.3f}"

    made.PatientID = f"M{planned.patient:08}"
    made.PatientName = f"Made^Up^{planned.patient}"
    made.PatientBirthDate = f"{person.randint(1930, 2015)}{person.randint(1, 12):02}{person.randint(1, 28):02}"
    made.PatientSex = person.choice("FMO")
    made.StudyInstanceUID = f"{_ROOT}.{planned.study}.1"
    made.AccessionNumber = f"A{planned.study:08}"
    made.StudyDate = f"{visit.randint(2008, 2025)}{visit.randint(1, 12):02}{visit.randint(1, 28):02}"
    made.SeriesDate = made.AcquisitionDate = made.ContentDate = made.InstanceCreationDate = made.StudyDate
    made.StudyTime = f"{visit.randrange(24):02}{visit.randrange(60):02}{visit.randrange(60):02}"
    made.Manufacturer, made.ManufacturerModelName = visit.choice(_MAKERS)
    made.BodyPartExamined = visit.choice(_PARTS)
    made.PatientWeight = f"{visit.uniform(45, 120):.1f}"
    made.StudyDescription = f"{made.BodyPartExamined} {visit.randrange(40)}"
    made.SeriesInstanceUID = f"{_ROOT}.{planned.number}.2"
    made.SeriesNumber = str(planned.number % 90 + 1)
    made.SeriesDescription = f"{own.choice(_KINDS)} {own.choice(_KINDS)} {own.randrange(100) / 10}"
    made.SliceThickness = f"{own.choice((0.6, 1, 1.25, 2.5, 3, 5))}"

    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = UID(f"{_ROOT}.{planned.number}.3.{_UID}")
    made.InstanceNumber = _NUMBER
    made.ImagePositionPatient = ["-171.5", "-160.25", _PLACE]
    made.SliceLocation = _PLACE
    made.InstanceCreationTime = made.ContentTime = _CONTENT
    made.AcquisitionTime = _ACQUIRED
    return made

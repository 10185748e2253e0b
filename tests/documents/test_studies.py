"""One study under two patients: a quality issue of its series, whatever the order in which they came."""

import itertools
from pathlib import Path

import pytest

from dicomlake.documents.instance import InstanceDocument, Origin, build
from dicomlake.documents.update import SEVERAL_PATIENTS, Departure, apply
from dicomlake.engines.base import Plan
from dicomlake.engines.oracle import OracleEngine
from dicomlake.headers import read_file
from dicomlake.query.resolved import Match
from mappings.normal import text_token
from tests.builders import dicom_file
from tests.documents.test_update import content, engine_after

PLACES = {
    "1.2.1.1": ("1.2.1", "1.1", "P1"),
    "1.2.2.1": ("1.2.2", "1.1", "P1"),
    "1.2.3.1": ("1.2.3", "1.1", "P2"),
    "1.2.4.1": ("1.2.4", "1.4", "P1"),  # a study of its own
    "1.2.1.2": ("1.2.1", "1.5", "P1"),  # a series that claims two studies
    "1.2.5.1": ("1.2.5", "1.5", "P1"),
}


@pytest.fixture
def files(tmp_path: Path) -> list[InstanceDocument]:
    paths = [
        dicom_file(tmp_path / uid, uid=uid, series=series, study=study, PatientID=patient)
        for uid, (series, study, patient) in PLACES.items()
    ]
    return [build(read_file(path), path.name, Origin("test")) for path in paths]


def flagged(engine: OracleEngine) -> list[str]:
    found = engine.search(Plan(query=Match("quality", (text_token(SEVERAL_PATIENTS),))))
    return [hit.key for hit in found.hits]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_series_of_a_study_of_two_patients_say_so_in_any_order(
    files: list[InstanceDocument], order: tuple[int, ...]
) -> None:
    arrivals = [files[i] for i in order] + files[4:]
    engine = engine_after(*(([one], ()) for one in arrivals))
    assert flagged(engine) == ["1.2.1", "1.2.2", "1.2.3"]
    assert content(engine) == content(engine_after((files, ())))


def test_it_is_one_study_of_two_patients(files: list[InstanceDocument]) -> None:
    engine = engine_after((files[:3], ()))
    totals = engine.search(Plan(limit=0)).totals
    assert totals is not None
    assert (totals.studies, totals.patients, totals.series) == (1, 2, 3)
    assert [hit.key for hit in engine.search(Plan("study")).hits] == ["1.1"]


def test_when_the_other_patient_leaves_the_issue_leaves(files: list[InstanceDocument]) -> None:
    engine = engine_after((files, ()), ((), [Departure("1.2.3.1", "1.2.3.1")]))
    assert flagged(engine) == []
    assert content(engine) == content(engine_after(([*files[:2], *files[3:]], ())))


def test_a_rewritten_patient_id_mends_it_and_breaks_it(files: list[InstanceDocument], tmp_path: Path) -> None:
    mended = dicom_file(tmp_path / "1.2.3.1", uid="1.2.3.1", series="1.2.3", study="1.1", PatientID="P1")
    replaced = build(read_file(mended), mended.name, Origin("test"))
    departure = [Departure("1.2.3.1", "1.2.3.1")]
    engine = engine_after((files, ()), ([replaced], departure))
    assert flagged(engine) == []
    apply(engine, [files[2]], departure)
    engine.commit()
    assert content(engine) == content(engine_after((files, ())))


def test_one_series_of_two_patients_is_such_a_study_too(files: list[InstanceDocument], tmp_path: Path) -> None:
    odd = dicom_file(tmp_path / "odd", uid="1.2.4.2", series="1.2.4", study="1.4", PatientID="P9")
    engine = engine_after(([files[3]], ()), ([build(read_file(odd), "odd", Origin("test"))], ()))
    assert flagged(engine) == ["1.2.4"]


def test_replaying_changes_nothing(files: list[InstanceDocument]) -> None:
    assert content(engine_after((files, ()), (files[2:3], ()), (files, ()))) == content(engine_after((files, ())))

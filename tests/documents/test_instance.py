from pathlib import Path

import pytest

from dicomlake.documents.instance import InstanceDocument, Origin, build, patient_key
from dicomlake.errors import HeaderError
from dicomlake.headers import read_file
from tests.builders import data_set, dicom_file, write

ORIGIN = Origin(source="archive", organisation="Hospital", issuer="HOSP")


def document(path: Path) -> InstanceDocument:
    return build(read_file(path), str(path), ORIGIN)


def codes(found: InstanceDocument) -> list[str]:
    return [issue["code"] for issue in found.body.get("quality", [])]


def test_a_document_is_the_attributes_and_where_they_came_from(tmp_path: Path) -> None:
    path = dicom_file(tmp_path / "one.dcm", SliceThickness=1.5, ImageType=["ORIGINAL", "PRIMARY"])
    found = document(path)
    assert found.body["SliceThickness"] == 1.5
    assert found.body["ImageType"] == ["ORIGINAL", "PRIMARY"]
    assert found.body["PatientName"] == "García^María"
    assert found.body["location"] == str(path)
    assert found.body["source"] == "archive"
    assert found.body["organisation"] == "Hospital"
    assert found.body["fileSize"] == path.stat().st_size
    assert "quality" not in found.body


def test_canonical_values_stand_beside_raw_ones_with_their_rule(tmp_path: Path) -> None:
    body = document(dicom_file(tmp_path / "one.dcm", Manufacturer="SIEMENS", BodyPartExamined="WIDGET")).body
    assert body["Manufacturer"] == "SIEMENS"
    assert body["Manufacturer.canonical"] == "Siemens Healthineers"
    assert body["Manufacturer.rule"]
    assert (body["BodyPartExamined.canonical"], body["BodyPartExamined.rule"]) == ("WIDGET", "unmapped")


def test_the_group_of_a_modality_and_the_side_of_a_body_part_stand_beside_them(tmp_path: Path) -> None:
    body = document(dicom_file(tmp_path / "one.dcm", Modality="MR", BodyPartExamined="LEFT KNEE")).body
    assert (body["Modality"], body["Modality.group"]) == ("MR", "MR")
    assert "Modality.canonical" not in body
    assert (body["BodyPartExamined"], body["BodyPartExamined.canonical"]) == ("LEFT KNEE", "KNEE")
    assert body["BodyPartExamined.laterality"] == "L"
    body = document(dicom_file(tmp_path / "two.dcm", Modality="", BodyPartExamined=["KNEE R", "HIP", "HAND RT"])).body
    assert "Modality.group" not in body
    assert body["BodyPartExamined.canonical"] == ["KNEE", "HIP", "HAND"]
    assert body["BodyPartExamined.laterality"] == "R"


def test_a_missing_instance_uid_comes_from_the_file_meta(tmp_path: Path) -> None:
    path = dicom_file(tmp_path / "one.dcm", uid="1.9.9")
    ds = data_set(uid="1.9.9", SOPInstanceUID=None)
    ds.preamble = bytes(128)
    ds.save_as(path, enforce_file_format=False, implicit_vr=False, little_endian=True)
    found = document(path)
    assert (found.uid, found.body["SOPInstanceUID"]) == ("1.9.9", "1.9.9")
    assert codes(found) == ["sop-uid-from-file-meta"]


def test_without_any_instance_uid_there_is_no_document(tmp_path: Path) -> None:
    ds = data_set(SOPInstanceUID=None)
    del ds.file_meta.MediaStorageSOPInstanceUID
    ds.preamble = bytes(128)
    ds.save_as(tmp_path / "one.dcm", enforce_file_format=False, implicit_vr=False, little_endian=True)
    with pytest.raises(HeaderError) as raised:
        document(tmp_path / "one.dcm")
    assert raised.value.reason == "no-identity"


def test_surrogate_uids_are_the_same_for_the_same_study_and_series(tmp_path: Path) -> None:
    def make(name: str, uid: str, **attributes: object) -> InstanceDocument:
        return document(
            dicom_file(tmp_path / name, uid=uid, StudyInstanceUID=None, SeriesInstanceUID=None, **attributes)
        )

    one, two = make("1", "1.1", SeriesNumber=1), make("2", "1.2", SeriesNumber=1)
    other_series, other_study = make("3", "1.3", SeriesNumber=2), make("4", "1.4", SeriesNumber=1, StudyDate="20200101")
    assert (one.study, one.series) == (two.study, two.series)
    assert other_series.study == one.study
    assert other_series.series != one.series
    assert other_study.study != one.study
    assert one.study.startswith("2.25.")
    assert len(one.study) <= 64
    assert one.body["StudyInstanceUID"] == one.study
    assert codes(one) == ["no-study-uid", "no-series-uid"]


def test_patients_are_told_apart_by_issuer_and_without_an_id_by_study(tmp_path: Path) -> None:
    assert document(dicom_file(tmp_path / "1", IssuerOfPatientID="A")).patient == patient_key("A", "P1", "x")
    assert document(dicom_file(tmp_path / "2")).patient == patient_key("HOSP", "P1", "x")
    assert document(dicom_file(tmp_path / "3", PatientID="", study="1.2.77")).patient == "?1.2.77"
    assert len({patient_key("a:b", "c", ""), patient_key("a", "b:c", ""), patient_key("", "a:b:c", "")}) == 3


def test_a_file_without_preamble_is_a_document_too(tmp_path: Path) -> None:
    path = write(data_set(), tmp_path / "one.dcm")
    path.write_bytes(path.read_bytes()[132:])
    assert document(path).uid == "1.2.3.1"

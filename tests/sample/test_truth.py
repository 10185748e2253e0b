"""The truth file against the files, read by pydicom and by Dicomlake's own reader."""

import re
from collections import defaultdict
from typing import Any

import pydicom
import pytest

from dicomlake.errors import HeaderError, NotDicomError
from dicomlake.headers import read_file
from tests.sample import reading
from tests.sample.conftest import Archive

CREATOR = re.compile(r"\([0-9A-F]{4},00[0-9A-F]{2}\)")
VALID = ("instance", "odd-name", "duplicate", "variant")


def without_creators(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_creators(held) for key, held in value.items() if not CREATOR.fullmatch(key)}
    return [without_creators(one) for one in value] if isinstance(value, list) else value


def outcome(path: Any) -> str:
    try:
        held = read_file(path).attributes
    except NotDicomError:
        return "ignored"
    except HeaderError:
        return "quarantined"
    return "indexed" if held.get("SOPInstanceUID") or held.get("MediaStorageSOPInstanceUID") else "quarantined"


def test_pydicom_reads_what_the_truth_says(hospital: Archive) -> None:
    series_seen: dict[str, int] = defaultdict(int)
    for one in hospital.documents():
        series_seen[one["SeriesInstanceUID"]] += 1
        if one["kind"] in VALID and series_seen[one["SeriesInstanceUID"]] <= 3:
            assert reading.document(hospital.folder / one["path"]) == one["document"], one["path"]


def test_own_reader_reads_what_the_truth_says(hospital: Archive) -> None:
    for one in hospital.documents():
        found = without_creators(read_file(hospital.folder / one["path"]).attributes)
        for name in one.get("unsure", ()):
            found.pop(name, None)
        assert found == one["document"], one["path"]


def test_every_file_ends_as_the_truth_says(hospital: Archive) -> None:
    for one in hospital.truth["files"]:
        assert outcome(hospital.folder / one["path"]) == one["outcome"], one["path"]


def test_bad_values_are_in_the_files_as_told(hospital: Archive) -> None:
    for one in hospital.of_kind("bad-value"):
        keyword = one["defects"][0]["path"]
        held = pydicom.dcmread(hospital.folder / one["path"]).get_item(keyword).value
        expected = one["attributes"][keyword]
        assert held.decode().strip() == ("\\".join(expected) if isinstance(expected, list) else expected)


def test_totals_are_those_of_the_files(hospital: Archive) -> None:
    indexed = [one for one in hospital.truth["files"] if one["outcome"] == "indexed"]
    totals = hospital.truth["totals"]
    assert totals["instances"] == len({one["SOPInstanceUID"] for one in indexed})
    people = {
        (one["document"].get("IssuerOfPatientID"), one["document"]["PatientID"] or one["StudyInstanceUID"])
        for one in hospital.documents()
    }
    assert totals["patients"] == len(people)


def test_duplicates_are_equal_and_variants_are_not(hospital: Archive) -> None:
    def contents(kind: str) -> dict[str, set[bytes]]:
        held: dict[str, set[bytes]] = defaultdict(set)
        for one in hospital.of_kind(kind):
            held[one["SOPInstanceUID"]].add((hospital.folder / one["path"]).read_bytes())
        return held

    copied = contents("duplicate")
    assert {uid: held for uid, held in contents("instance").items() if uid in copied} == copied
    assert [len(held) for held in contents("variant").values()] == [2]


@pytest.mark.parametrize("text", ["burned", "dose"])
def test_some_files_tell_what_is_in_their_pixels(hospital: Archive, text: str) -> None:
    assert any(one.get(text) for one in hospital.truth["files"])


def test_planted_identifiers_are_in_the_files(hospital: Archive) -> None:
    held = defaultdict(set)
    for one in hospital.documents():
        held[one["patient"]].add(one["document"].get("PatientName"))
    for patient in hospital.truth["patients"]:
        names = set(patient["identifiers"].get("PatientName", ()))
        assert {name for name in held[patient["number"]] if name} <= names

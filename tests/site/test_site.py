"""What the site's files do to documents and lakes: the same in every process, and never two answers in one lake."""

import pickle
from pathlib import Path

import pytest

from dicomlake.documents.instance import InstanceDocument, Origin, build
from dicomlake.errors import LakeError, SiteFileError
from dicomlake.headers import read_file
from dicomlake.lake import Lake
from dicomlake.search import Searcher, SearchRequest, quality
from dicomlake.site import load
from tests.builders import dicom_file
from tests.cli.run import command
from tests.indexer.builders import content, hospital, index
from tests.site.conftest import UseSite

ACME = "manufacturers:\n  Acme Imaging:\n    names: [SIEMENS]\n"
PERSONS = "issuer,patient_id,person\nHOSP,P1,x\nCLINIC,77,x\n"


def document(path: Path, **attributes: str) -> InstanceDocument:
    return build(read_file(dicom_file(path, **attributes)), "one", Origin("test", issuer="HOSP"))


def test_the_rules_of_the_site_make_the_canonical_values_of_documents(tmp_path: Path, use_site: UseSite) -> None:
    assert document(tmp_path / "1").body["Manufacturer.canonical"] == "Siemens Healthineers"
    use_site(canonical=ACME)
    body = document(tmp_path / "2").body
    assert (body["Manufacturer.canonical"], body["Manufacturer.rule"]) == ("Acme Imaging", "site-acme-imaging")


def test_ids_of_one_person_are_one_patient_and_keep_their_own_keys(tmp_path: Path, use_site: UseSite) -> None:
    use_site(patients=PERSONS)
    one = document(tmp_path / "1")
    other = document(tmp_path / "2", PatientID="77", IssuerOfPatientID="CLINIC")
    stranger = document(tmp_path / "3", PatientID="77")
    nameless = document(tmp_path / "4", PatientID="")
    assert one.patient == other.patient == "=x"
    assert (one.body["patientKey"], other.body["patientKey"]) == ("HOSP:P1", "CLINIC:77")
    assert (stranger.patient, nameless.patient) == ("HOSP:77", "?1.2")


def test_no_issuer_can_be_taken_for_a_person(tmp_path: Path, use_site: UseSite) -> None:
    use_site(patients="issuer,patient_id,person\nA,1,x:1\n")
    assert document(tmp_path / "1", IssuerOfPatientID="=x").patient != document(tmp_path / "2", PatientID="1").patient


def test_hashes_follow_what_the_files_say_not_how(tmp_path: Path, use_site: UseSite) -> None:
    first, none = use_site(canonical=ACME, patients=PERSONS), load()
    again = use_site(canonical="# a word\n" + ACME + "    note: x\nsex: {}\n", patients=PERSONS + "\r\nHOSP,P1,x\n")
    assert (first.canonical_hash, first.patients_hash) == (again.canonical_hash, again.patients_hash)
    assert (none.canonical_hash, none.patients_hash) == ("", "")
    assert use_site(canonical=ACME.replace("SIEMENS", "GE")).canonical_hash not in ("", first.canonical_hash)
    assert use_site(patients=PERSONS.replace("77,x", "77,y")).patients_hash not in ("", first.patients_hash)


def test_persons_are_in_no_printed_form_of_a_site(use_site: UseSite) -> None:
    assert "CLINIC" not in repr(use_site(patients=PERSONS))


@pytest.mark.parametrize(
    ("made", "opened", "said"),
    [
        ({"canonical": ACME}, {}, "DICOMLAKE_CANONICAL_FILE"),
        ({}, {"canonical": ACME}, "DICOMLAKE_CANONICAL_FILE"),
        ({"patients": PERSONS}, {"patients": PERSONS + "A,1,x\n"}, "DICOMLAKE_PATIENTS_FILE"),
    ],
)
def test_a_lake_of_other_tables_can_be_read_and_writing_says_how_to_go_on(
    tmp_path: Path, use_site: UseSite, made: dict[str, str], opened: dict[str, str], said: str
) -> None:
    lake = tmp_path / "lake"
    use_site(**made)
    Lake.open_for_writing(lake).close()
    Lake.open(lake).close()
    use_site(**opened)
    Lake.open(lake).close()
    with pytest.raises(LakeError, match=f"dicomlake engine migrate --data {lake}") as raised:
        Lake.open_for_writing(lake)
    assert said in raised.value.message
    assert "\n" not in raised.value.message


def test_a_lake_from_before_there_were_tables_of_a_site_is_one_without(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    Lake.open_for_writing(lake).close()
    mark = (lake / "format.json").read_text().replace('"canonical"', '"x"').replace('"patients"', '"y"')
    (lake / "format.json").write_text(mark)
    Lake.open(lake).close()


def test_workers_build_by_the_tables_of_the_process_that_started_them(tmp_path: Path, use_site: UseSite) -> None:
    archive = hospital(tmp_path / "archive", series=2)
    site = use_site(canonical=ACME, patients="issuer,patient_id,person\n,P0,x\n")
    (tmp_path / "canonical.yml").write_text("manufacturers: {Other: {names: [SIEMENS]}}", encoding="utf-8")
    (tmp_path / "patients.csv").unlink()
    index(tmp_path / "lake", archive, workers=1)
    index(tmp_path / "alone", archive)
    found, alone = content(tmp_path / "lake"), content(tmp_path / "alone")
    assert found == alone
    assert {member.patient for member in found["series"]} == {"=x"}
    assert pickle.loads(pickle.dumps(site)).tables["manufacturers"].find("SIEMENS").value == "Acme Imaging"


@pytest.mark.parametrize(("persons", "divided"), [(PERSONS, []), ("", ["study-of-several-patients"])])
def test_a_study_of_two_ids_of_one_person_is_no_fault(
    tmp_path: Path, use_site: UseSite, persons: str, divided: list[str]
) -> None:
    use_site(patients=persons)
    for number, who in enumerate(({"IssuerOfPatientID": "HOSP"}, {"IssuerOfPatientID": "CLINIC", "PatientID": "77"})):
        dicom_file(tmp_path / "files" / f"{number}.dcm", uid=f"1.{number}", series=f"1.{number}.1", **who)
    index(tmp_path / "lake", tmp_path / "files")
    with Lake.open(tmp_path / "lake") as lake:
        searcher = Searcher(lake)
        assert [one["code"] for one in quality.codes(searcher)] == divided
        assert len(searcher.run(SearchRequest(level="patient"))["hits"]) == (2 if divided else 1)


def test_a_command_uses_the_files_that_settings_name(tmp_path: Path) -> None:
    archive = hospital(tmp_path / "archive", series=2)
    for number, file in enumerate(sorted(archive.glob("p0/s1/*.dcm"))):
        dicom_file(file, uid=f"1.5.{number}", series="1.5", study="1.5.1", PatientID="other")
    (tmp_path / "rules.yml").write_text(ACME, encoding="utf-8")
    (tmp_path / "persons.csv").write_text("issuer,patient_id,person\nHOSP,P0,x\nHOSP,other,x\n", encoding="utf-8")
    settings = {
        "DICOMLAKE_DATA": str(tmp_path / "lake"),
        "DICOMLAKE_CANONICAL_FILE": str(tmp_path / "rules.yml"),
        "DICOMLAKE_PATIENTS_FILE": str(tmp_path / "persons.csv"),
        "DICOMLAKE_WORKERS": "2",
        "DICOMLAKE_ISSUER": "HOSP",
    }
    assert command("index", archive, "--json", **settings).lines[-1]["patients"] == 1
    found = command("search", "Manufacturer.rule:site-acme-imaging", "--level", "patient", "--json", **settings)
    assert found.lines[-1]["totals"]["series"] == 2
    assert len(found.lines[-1]["hits"]) == 1
    header = command("header", archive / "p0" / "s0" / "i000.dcm", "--json", **settings).lines[0]
    assert (header["Manufacturer.canonical"], header["patientKey"]) == ("Acme Imaging", "HOSP:P0")

    (tmp_path / "rules.yml").write_text("sex:\n  M: {names: [M], names: [X]}\n", encoding="utf-8")
    for words in (("search",), ("index", archive), ("header", archive / "cut.dcm"), ("serve",), ("stats",)):
        assert command(*words, **settings).failed_with(2, "rules.yml: line 2: names is there already")


def test_the_doctor_says_whether_the_files_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(ACME, encoding="utf-8")
    (tmp_path / "persons.csv").write_text("issuer,patient_id\n", encoding="utf-8")
    settings = {"DICOMLAKE_CANONICAL_FILE": str(tmp_path / "rules.yml")}
    assert "ok   site: canonical values of its own, 0 patient ids" in command("doctor", **settings, cwd=tmp_path).out
    settings["DICOMLAKE_PATIENTS_FILE"] = str(tmp_path / "persons.csv")
    done = command("doctor", **settings, cwd=tmp_path)
    assert done.code == 1
    assert "BAD  site: " in done.out
    assert "persons.csv: line 1: " in done.out


def test_a_file_of_rules_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SiteFileError, match="DICOMLAKE_CANONICAL_FILE"):
        load(tmp_path / "none.yml")
    (tmp_path / "one.yml").write_bytes(b"sex: \xff")
    with pytest.raises(SiteFileError, match="UTF-8"):
        load(tmp_path / "one.yml")

"""``dicomlake quality``: codes and values for people, for machines and as a file to edit."""

import os
from pathlib import Path

import pytest

from dicomlake.site import load
from tests.builders import dicom_file
from tests.cli.run import call, command
from tests.indexer.builders import index


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quality")
    for number, (maker, date) in enumerate([("Acme \u202eX", "20190101"), ("SIEMENS", "17/05/1956"), ("ACME", "1")]):
        dicom_file(
            folder / "files" / f"{number}.dcm",
            uid=f"1.{number}",
            series=f"1.{number}.1",
            Manufacturer=maker,
            StudyDate=date,
            BodyPartExamined="CHEST",
        )
    index(folder / "lake", folder / "files")
    return folder / "lake"


def test_codes_come_with_counts_and_an_example(odd: Path) -> None:
    done = command("quality", "--data", odd, "--json")
    assert done.code == 0
    (answer,) = done.lines
    codes = {one["code"]: one for one in answer["codes"]}
    assert (codes["bad-date"]["instances"], codes["bad-date"]["series"]) == (2, 2)
    assert codes["bad-date"]["example"]["path"] == "StudyDate"
    assert codes["bad-date"]["example"]["location"].endswith("/1.dcm")
    assert call("quality", "Manufacturer:ACME", "--data", odd, "--json").lines[0]["codes"][0]["instances"] == 1
    shown = call("quality", "--data", odd).out
    assert shown.splitlines()[0].split("\t")[:3] == ["code", "instances", "series"]
    assert "bad-date\t2\t2\t" in shown
    assert call("quality", "Manufacturer:nobody", "--data", odd).out == "Nothing is wrong with these headers.\n"


def test_values_without_a_rule_are_listed_and_harmless_to_a_terminal(odd: Path) -> None:
    shown = call("quality", "unmapped", "--data", odd).out
    assert "Manufacturer\tACME\t1\t1\n" in shown
    assert "\u202e" not in shown
    fields = {one["field"]: one for one in call("quality", "unmapped", "--data", odd, "--json").lines[0]["fields"]}
    assert {one["value"] for one in fields["Manufacturer"]["values"]} == {"ACME", "Acme \u202eX"}
    assert fields["BodyPartExamined"]["values"] == []
    assert call("quality", "unmapped", "Manufacturer:SIEMENS", "--data", odd).out == "Every value has a rule.\n"


def test_the_exported_rules_load_and_are_those_of_the_site_and_more(odd: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yml"
    done = call("quality", "unmapped", "--data", odd, "--export", rules, "--json")
    assert (done.code, done.lines) == (0, [{"file": str(rules), "rules": 2}])
    assert load(rules).tables["manufacturers"].find("acme").rule == "site-acme"
    assert call("quality", "unmapped", "--data", odd, "--export", "-").out == rules.read_text()

    edited = tmp_path / "edited.yml"
    edited.write_text("manufacturers:\n  Acme Imaging: {names: [ACME]}\nbody_part:\n", encoding="utf-8")
    site = {"DICOMLAKE_CANONICAL_FILE": str(edited)}
    lake, files = tmp_path / "lake", odd.parent / "files"
    assert command("index", files, "--data", lake, **site).code == 0
    done = command("quality", "unmapped", "--data", lake, "--export", tmp_path / "more.yml", **site)
    assert done.out == f"1 rule to edit in {tmp_path / 'more.yml'}\n"
    found = load(tmp_path / "more.yml").tables["manufacturers"]
    assert found.find("ACME").value == "Acme Imaging"
    assert found.find("Acme \u202eX").rule == "site-acme-x"


def test_values_are_without_a_rule_by_the_rules_that_are_set_now(odd: Path, tmp_path: Path) -> None:
    edited = tmp_path / "edited.yml"
    edited.write_text("manufacturers:\n  Acme Imaging: {starts: [Acme]}\n", encoding="utf-8")
    done = command("quality", "unmapped", "--data", odd, DICOMLAKE_CANONICAL_FILE=str(edited))
    assert done.out == "Every value has a rule.\n"


def test_what_cannot_be_done_is_said_in_one_line(odd: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken.yml"
    taken.write_text("mine", encoding="utf-8")
    assert call("quality", "unmapped", "--data", odd, "--export", taken).failed_with(2, "name a new file")
    assert taken.read_text() == "mine"
    assert call("quality", "unmapped", "--data", odd, "--export", tmp_path / "no" / "x").failed_with(2, "another file")
    assert call("quality", "--data", odd, "--export", taken).failed_with(2, "dicomlake quality unmapped")
    assert call("quality", "a", "b", "--data", odd).failed_with(2, "put one between quotes")
    assert call("quality", "Nofield:1", "--data", odd).failed_with(2, "Nofield")
    assert call("quality", "--data", tmp_path / "none").failed_with(1, "there is no lake")
    assert os.listdir(tmp_path) == ["taken.yml"]

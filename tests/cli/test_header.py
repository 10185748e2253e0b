"""``dicomlake header``: the document as it is indexed, and a line for every file that has none."""

import json
import os
from pathlib import Path

import pytest

from dicomlake.lake import Lake
from dicomlake.search import Searcher
from tests.builders import dicom_file
from tests.cli.run import call
from tests.indexer.builders import index


def test_the_document_is_the_one_that_is_indexed(tmp_path: Path) -> None:
    file = dicom_file(tmp_path / "1.dcm", SliceThickness="1.5")
    done = call("header", file, "--json")
    (document,) = done.lines
    assert (done.code, done.err) == (0, "")
    index(tmp_path / "lake", file)
    with Lake.open(tmp_path / "lake") as lake:
        assert json.loads(json.dumps(Searcher(lake).instance("1.2.3.1"))) == document
    assert document["PatientName"] == "García^María"
    assert document["SliceThickness"] == 1.5
    assert document["location"] == str(file) == document["source"]


def test_files_that_fail_have_a_line_of_their_own(tmp_path: Path) -> None:
    file = dicom_file(tmp_path / "1.dcm")
    (tmp_path / "text").write_text("no DICOM")
    (tmp_path / "cut").write_bytes(file.read_bytes()[:200])
    os.mkfifo(tmp_path / "pipe")
    names = ["text", "1.dcm", "cut", "none", ".", "pipe"]
    done = call("header", *(f"{tmp_path}/{name}" for name in names), "--json")
    assert done.code == 3
    assert "Traceback" not in done.err
    assert [line["location"] for line in done.lines] == [os.path.abspath(tmp_path / name) for name in names]
    assert [line.get("error", {}).get("code") for line in done.lines] == [
        *("not-dicom", None, "damaged-dicom"),
        *("unusable-source", "unusable-source", "unusable-source"),
    ]
    cut = done.lines[2]["error"]
    assert cut.keys() == {"code", "message", "offset", "reason"}
    assert cut["offset"] > 0


@pytest.mark.parametrize("name", ["text", "none"])
def test_when_every_file_fails_the_exit_code_is_1(tmp_path: Path, name: str) -> None:
    (tmp_path / "text").write_text("no DICOM")
    assert call("header", tmp_path / name).failed_with(1, name)


def test_for_people_there_is_a_tree_that_no_file_can_turn_against_the_terminal(tmp_path: Path) -> None:
    file = dicom_file(tmp_path / "1.dcm", StudyDescription="red \x1b[31m alert", ImageType=["ORIGINAL", "PRIMARY"])
    done = call("header", file)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == str(file)
    assert "  ImageType: ORIGINAL \\ PRIMARY" in lines
    assert "  Modality: CT" in lines
    assert "\x1b" not in done.out

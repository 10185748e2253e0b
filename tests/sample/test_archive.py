"""The archive against its truth, read back by pydicom."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import sample
from tests.sample import reading

CREATOR = re.compile(r"\([0-9A-F]{4},00[1-9A-F][0-9A-F]\)")


class Archive(NamedTuple):
    folder: Path
    summary: sample.Summary
    truth: dict[str, Any]

    def series(self, uid: str) -> dict[str, Any]:
        return next(one for one in self.truth["series"] if one["SeriesInstanceUID"] == uid)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("sample") / "hospital"
    summary = sample.write(folder, patients=12)
    return Archive(folder, summary, json.loads(summary.truth.read_text(encoding="utf-8")))


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return total.hexdigest()


def test_truth_lists_every_file_and_no_other(archive: Archive) -> None:
    found = {path.relative_to(archive.folder).as_posix() for path in archive.folder.rglob("*") if path.is_file()}
    assert found == {one["path"] for one in archive.truth["files"]}
    assert len(found) == archive.summary.files == archive.truth["totals"]["files"]


def test_files_hold_what_the_truth_says(archive: Archive) -> None:
    series = {one["SeriesInstanceUID"]: one["attributes"] for one in archive.truth["series"]}
    for one in archive.truth["files"]:
        if one["kind"] != "instance":
            continue
        expected = {**series[one["SeriesInstanceUID"]], **one["attributes"]}
        read = reading.document(archive.folder / one["path"])
        found = {key: value for key, value in read.items() if not CREATOR.fullmatch(key)}
        assert found == expected, one["path"]


def test_same_arguments_give_the_same_bytes(archive: Archive, tmp_path: Path) -> None:
    again = sample.write(tmp_path / "again", patients=12)
    assert digest(again.out) == digest(archive.folder)
    assert again.truth.read_bytes() == archive.summary.truth.read_bytes()

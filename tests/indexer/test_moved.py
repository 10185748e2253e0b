"""Moved files: the same content in a new place is the same file; a copy is another."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from indexer.summary import Summary
from tests.builders import dicom_file
from tests.indexer.builders import content, copy_over, hospital, index
from tests.indexer.test_gone import assert_is_fresh, prune
from tests.indexer.test_killed import indexer


def updated(summary: Summary) -> tuple[int, int, int, int]:
    """Updated, indexed, removed, gone."""
    return summary.updated, summary.indexed, summary.removed, summary.gone


def test_a_moved_file_has_its_new_place_and_no_other(tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", hospital(tmp_path / "h")
    index(lake, source)
    (source / "p0" / "s1" / "i003.dcm").rename(source / "moved.dcm")
    summary = index(lake, source)
    assert updated(summary) == (1, 0, 0, 0)
    assert (summary.files, summary.instances) == (55, 48)
    assert_is_fresh(lake, source)
    assert index(lake, source).unchanged == 48


def test_a_moved_folder_is_read_once(tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", hospital(tmp_path / "h")
    index(lake, source)
    (source / "p1").rename(source / "elsewhere")
    assert updated(index(lake, source)) == (16, 0, 0, 0)
    again = index(lake, source)
    assert (updated(again), again.unchanged) == ((0, 0, 0, 0), 48)
    texts = [row for row in content(lake)["catalogue"] if "/p1/" in row[0]]
    assert {row[3] for row in texts} == {"ignored"}  # what was never indexed is left to a run that prunes


def test_a_file_moved_to_another_source_leaves_the_first(tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", hospital(tmp_path / "h")
    dicom_file(tmp_path / "second" / "1.dcm", uid="5.1", series="5")
    index(lake, source, tmp_path / "second")
    (source / "p0" / "s0" / "i001.dcm").rename(tmp_path / "second" / "2.dcm")
    assert updated(index(lake, tmp_path / "second")) == (1, 0, 0, 0)
    assert_is_fresh(lake, source, tmp_path / "second")


def test_a_moved_archive_is_opened_once(tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", hospital(tmp_path / "h")
    archive = Path(shutil.make_archive(str(tmp_path / "made"), "zip", source / "p0"))
    shutil.rmtree(source / "p0")
    archive = archive.rename(source / "b.zip")
    index(lake, source)
    archive.rename(source / "a.zip")
    summary = index(lake, source)
    assert (updated(summary), summary.instances) == ((32, 0, 0, 0), 48)
    assert index(lake, source).unchanged == 48
    prune(lake, source)
    assert_is_fresh(lake, source)


def test_a_copy_is_no_move(tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", hospital(tmp_path / "h")
    index(lake, source)
    copy_over(source / "p0" / "s0" / "i001.dcm", source / "copy.dcm")
    summary = index(lake, source)
    assert (updated(summary), summary.instances) == ((0, 1, 0, 0), 48)
    assert_is_fresh(lake, source)


def test_a_file_moved_and_copied_counts_once_as_each(tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", hospital(tmp_path / "h")
    index(lake, source)
    copy_over(source / "p0" / "s0" / "i001.dcm", source / "copy.dcm")
    (source / "p0" / "s0" / "i001.dcm").rename(source / "moved.dcm")
    assert updated(index(lake, source)) == (1, 1, 0, 0)
    assert_is_fresh(lake, source)


def test_a_file_that_moved_and_changed_is_a_new_one(tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", hospital(tmp_path / "h")
    index(lake, source)
    (source / "p0" / "s0" / "i001.dcm").unlink()
    dicom_file(source / "new.dcm", uid="1.2.0.1", series="1.2.0", study="1.2.99.0", PatientID="P0")
    assert updated(index(lake, source)) == (0, 1, 0, 1)


@pytest.mark.parametrize("commit", [1, 1_000])
def test_files_that_move_in_a_ring_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commit: int) -> None:
    monkeypatch.setattr("indexer.load.MOST_DOCUMENTS", commit)
    lake, source = tmp_path / "lake", tmp_path / "h"
    files = [dicom_file(source / f"{n}.dcm", uid=f"1.2.3.{n}", StudyDescription="x" * n) for n in range(5)]
    index(lake, source)
    for here in files:
        here.rename(here.with_suffix(".aside"))
    for here, there in zip(files, [*files[1:], files[0]], strict=True):
        here.with_suffix(".aside").rename(there)
    summary = index(lake, source)
    assert (summary.updated, summary.instances) == (5, 5)
    assert_is_fresh(lake, source)


@pytest.mark.parametrize("step", ["before-announce", "after-announce", "before-record", "after-record"])
@pytest.mark.parametrize("then", ["stay", "on", "back"])
def test_moves_survive_a_kill_in_between(tmp_path: Path, step: str, then: str) -> None:
    lake, source, second = tmp_path / "lake", hospital(tmp_path / "h", series=2), tmp_path / "second"
    dicom_file(second / "1.dcm", uid="5.1", series="5")
    index(lake, source, second)
    old, new = source / "p0" / "s1", second / "moved"
    old.rename(new)
    process = indexer(lake, second, step, "1")
    _, said = process.communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()
    if then == "on":
        new.rename(source / "further")
    elif then == "back":
        new.rename(old)
    index(lake, second)
    index(lake, source, second)
    assert not [row for row in content(lake)["catalogue"] if row[3] == "indexed" and not os.path.exists(row[0])]
    prune(lake, source, second)  # the texts of the folder
    assert_is_fresh(lake, source, second)

"""Files that are gone: they stay and are told without --prune, and leave with it, unless that looks like a mistake."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from dicomlake.errors import PruneError
from indexer.flow import run
from indexer.sources.folder import folders
from indexer.summary import Summary
from tests.builders import dicom_file
from tests.indexer.builders import catalogue, content, hospital, index
from tests.indexer.test_killed import indexer


def prune(lake: Path, *sources: Path, force: bool = False) -> Summary:
    """What ``dicomlake index --prune`` does."""
    found = folders(sources, skipped=[lake], emptied=lambda root: force)
    return run(lake, found, prune=True, force=force)


def assert_is_fresh(lake: Path, *sources: Path) -> None:
    """The lake is that of a first run over the sources as they are."""
    fresh = lake.with_name("fresh")
    index(fresh, *sources)
    assert content(lake) == content(fresh)
    shutil.rmtree(fresh)


def flat(folder: Path, files: int) -> list[Path]:
    """So many instances of one series."""
    return [dicom_file(folder / f"{n:03}.dcm", uid=f"1.2.3.{n}") for n in range(files)]


def test_files_that_are_gone_stay_and_are_told_until_a_run_prunes(tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", hospital(tmp_path / "h")
    index(lake, source)
    before = content(lake)
    shutil.rmtree(source / "p1" / "s5")  # 8 of 48 instances, one whole series, and a text
    for _ in range(2):
        told = index(lake, source)
        assert (told.gone, told.removed, told.instances, told.files) == (8, 0, 48, 46)
        assert content(lake) == before
    pruned = prune(lake, source)
    assert (pruned.gone, pruned.removed, pruned.unchanged, pruned.files) == (0, 8, 40, 46)
    assert (pruned.patients, pruned.studies, pruned.series, pruned.instances) == (2, 3, 5, 40)
    assert_is_fresh(lake, source)


def test_a_patient_whose_last_file_is_gone_is_gone(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    flat(tmp_path / "h", 5)
    last = dicom_file(tmp_path / "h" / "last.dcm", uid="9.1", series="9", study="9.9", PatientID="P2")
    assert index(lake, tmp_path / "h").patients == 2
    last.unlink()
    assert prune(lake, tmp_path / "h").patients == 1
    assert_is_fresh(lake, tmp_path / "h")


def test_only_what_is_within_the_roots_named_is_pruned(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    roots = [tmp_path / name for name in ("a", "a-b", "a.b", "a0", "A", "b")]  # neighbours in order of name
    for number, root in enumerate(roots):
        for n in range(6):
            dicom_file(root / f"{n}.dcm", uid=f"1.{number}.{n}", series=f"1.{number}")
    index(lake, *roots)
    for root in roots:
        (root / "0.dcm").unlink()
    pruned = prune(lake, roots[0])
    assert (pruned.removed, pruned.instances) == (1, 35)
    listed = {row[0] for row in catalogue(lake)}
    assert {str(root / "0.dcm") in listed for root in roots[1:]} == {True}
    assert prune(lake, *roots).removed == 5
    assert_is_fresh(lake, *roots)


def test_a_folder_within_a_source_can_be_pruned_alone(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    flat(tmp_path / "h" / "one", 6)[0].unlink()
    for n in range(6):
        dicom_file(tmp_path / "h" / "two" / f"{n}.dcm", uid=f"2.{n}", series="2")
    index(lake, tmp_path / "h")
    (tmp_path / "h" / "one" / "001.dcm").unlink()
    (tmp_path / "h" / "two" / "1.dcm").unlink()
    assert prune(lake, tmp_path / "h" / "one").removed == 1
    assert index(lake, tmp_path / "h").gone == 1


def test_what_is_ignored_or_in_quarantine_leaves_the_catalogue_with_its_file(tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", hospital(tmp_path / "h")
    index(lake, source)
    (source / "cut.dcm").unlink()
    (source / "p0" / "s0" / "notes.txt").unlink()
    assert index(lake, source).gone == 0  # none of them was indexed
    assert len(catalogue(lake)) == 55
    assert prune(lake, source).removed == 0
    assert_is_fresh(lake, source)


def test_a_copy_that_is_gone_leaves_its_instance(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    flat(tmp_path / "h", 6)
    copy = dicom_file(tmp_path / "h" / "z.dcm", uid="1.2.3.1")
    variant = dicom_file(tmp_path / "h" / "a.dcm", uid="1.2.3.2", series="1.9", StudyDescription="other")
    index(lake, tmp_path / "h")
    copy.unlink()
    assert prune(lake, tmp_path / "h").removed == 0
    assert_is_fresh(lake, tmp_path / "h")
    variant.unlink()
    assert prune(lake, tmp_path / "h").removed == 0
    assert_is_fresh(lake, tmp_path / "h")


def test_more_than_a_fifth_is_refused_and_the_new_files_are_in_all_the_same(tmp_path: Path) -> None:
    lake, files = tmp_path / "lake", flat(tmp_path / "h", 10)
    index(lake, tmp_path / "h")
    for file in files[:3]:
        file.unlink()
    dicom_file(tmp_path / "h" / "new.dcm", uid="1.2.3.99")
    with pytest.raises(PruneError, match=r"3 of the 10 files that the lake has of .*/h are gone.*--force") as caught:
        prune(lake, tmp_path / "h")
    assert "\n" not in caught.value.message
    assert caught.value.exit_code == 1
    assert len(content(lake)["instances"]) == 11
    files[0].write_bytes(files[3].read_bytes().replace(b"1.2.3.3", b"1.2.3.0"))
    assert prune(lake, tmp_path / "h").removed == 2  # a fifth is not more than a fifth
    assert_is_fresh(lake, tmp_path / "h")


def test_new_files_do_not_hide_a_loss(tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", tmp_path / "mount"
    flat(source, 5)
    index(lake, source)
    shutil.rmtree(source)
    for n in range(40):  # another disk in the same place
        dicom_file(source / f"other{n}.dcm", uid=f"7.{n}", series="7")
    with pytest.raises(PruneError, match="5 of the 5 files"):
        prune(lake, source)
    assert len(content(lake)["instances"]) == 45
    assert prune(lake, source, force=True).removed == 5
    assert_is_fresh(lake, source)


def test_when_one_source_is_refused_none_is_pruned(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    flat(tmp_path / "a", 10)[0].unlink()
    for n in range(4):
        dicom_file(tmp_path / "b" / f"{n}.dcm", uid=f"2.{n}", series="2")
    index(lake, tmp_path / "a", tmp_path / "b")
    (tmp_path / "a" / "001.dcm").unlink()
    (tmp_path / "b" / "1.dcm").unlink()
    with pytest.raises(PruneError, match=r"1 of the 4 files that the lake has of .*/b "):
        prune(lake, tmp_path / "a", tmp_path / "b")
    assert len(content(lake)["instances"]) == 13


@pytest.mark.parametrize("empty", [True, False], ids=("empty", "missing"))
def test_a_root_that_is_empty_or_missing_is_emptied_by_force_alone(tmp_path: Path, empty: bool) -> None:
    lake = tmp_path / "lake"
    flat(tmp_path / "h", 3)
    dicom_file(tmp_path / "other" / "1.dcm", uid="8.1", series="8")
    index(lake, tmp_path / "h", tmp_path / "other")
    shutil.rmtree(tmp_path / "h")
    if empty:
        (tmp_path / "h").mkdir()
    pruned = prune(lake, tmp_path / "h", force=True)
    assert (pruned.files, pruned.removed, pruned.instances) == (0, 3, 1)
    assert_is_fresh(lake, tmp_path / "other")


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Folders that nobody may look into, whoever runs the tests."""
    folders_closed: set[str] = set()
    scan = os.scandir

    def scandir(path: str | int) -> object:
        if path in folders_closed:
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    return folders_closed


def test_an_unreadable_folder_keeps_its_files(tmp_path: Path, closed: set[str]) -> None:
    lake, source = tmp_path / "lake", hospital(tmp_path / "h")
    index(lake, source)
    closed.add(str(source / "p1"))
    (source / "p0" / "s0" / "i000.dcm").unlink()
    pruned = prune(lake, source)
    assert (pruned.removed, pruned.gone, pruned.instances) == (1, 0, 47)
    closed.clear()
    assert prune(lake, source).removed == 0
    assert_is_fresh(lake, source)


def refused(monkeypatch: pytest.MonkeyPatch, *files: Path) -> None:
    """Nobody may read these files, whoever runs the tests."""
    really = os.open

    def opening(path: str | Path, *more: int, **others: int) -> int:
        if Path(os.fsdecode(path)) in files:
            raise PermissionError(13, "Permission denied", str(path))
        return really(path, *more, **others)

    monkeypatch.setattr(os, "open", opening)


def test_an_unreadable_file_keeps_its_instance_until_it_can_be_read(tmp_path: Path) -> None:
    lake, files = tmp_path / "lake", flat(tmp_path / "h", 6)
    index(lake, tmp_path / "h")
    before = content(lake)["instances"]
    with pytest.MonkeyPatch.context() as patch:
        refused(patch, files[2], files[3])
        os.utime(files[2], (1, 1))
        dicom_file(files[3], StudyDescription="changed")
        hidden = index(lake, tmp_path / "h")
        assert (hidden.quarantined, hidden.unchanged, hidden.removed, hidden.instances) == (2, 4, 0, 6)
        assert content(lake)["instances"] == before
    again = index(lake, tmp_path / "h")
    assert (again.updated, again.quarantined) == (2, 0)
    assert_is_fresh(lake, tmp_path / "h")


def test_an_unreadable_file_that_is_gone_leaves_when_it_is_pruned(tmp_path: Path) -> None:
    lake, files = tmp_path / "lake", flat(tmp_path / "h", 8)
    index(lake, tmp_path / "h")
    with pytest.MonkeyPatch.context() as patch:
        refused(patch, files[2])
        os.utime(files[2], (1, 1))
        index(lake, tmp_path / "h")
    files[2].unlink()
    assert (index(lake, tmp_path / "h").gone, len(content(lake)["instances"])) == (1, 8)
    assert prune(lake, tmp_path / "h").removed == 1
    assert_is_fresh(lake, tmp_path / "h")


@pytest.mark.parametrize("force", [True, False])
def test_an_archive_that_is_gone_takes_its_members_along(tmp_path: Path, force: bool) -> None:
    lake, source = tmp_path / "lake", hospital(tmp_path / "h", series=10)
    (source / "part").mkdir()
    for n in range(3):
        dicom_file(tmp_path / "packed" / f"{n}.dcm", uid=f"6.{n}", series="6")
    archive = Path(shutil.make_archive(str(source / "part" / "some"), "zip", tmp_path / "packed"))
    assert index(lake, source).instances == 83
    archive.unlink()
    pruned = prune(lake, archive if force else source, force=force)  # by its own name, or from what it was in
    assert (pruned.removed, pruned.instances) == (3, 80)
    assert_is_fresh(lake, source)


def test_what_came_back_after_it_was_pruned_is_read_again(tmp_path: Path) -> None:
    lake, files = tmp_path / "lake", flat(tmp_path / "h", 6)
    index(lake, tmp_path / "h")
    files[0].rename(tmp_path / "aside")
    prune(lake, tmp_path / "h")
    (tmp_path / "aside").rename(files[0])
    assert index(lake, tmp_path / "h").indexed == 1
    assert_is_fresh(lake, tmp_path / "h")


def test_announced_files_that_are_gone_leave_with_the_next_run(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    flat(tmp_path / "h", 4)
    index(lake, tmp_path / "h")
    extra = dicom_file(tmp_path / "h" / "x.dcm", uid="1.2.3.77")
    _, said = (process := indexer(lake, tmp_path / "h", "before-record", "1")).communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()
    assert len(content(lake)["instances"]) == 5
    extra.unlink()
    assert index(lake, tmp_path / "h").removed == 1
    assert_is_fresh(lake, tmp_path / "h")


def test_a_prune_that_is_killed_is_finished_by_the_next_and_forgets_nothing_that_comes_back(tmp_path: Path) -> None:
    for step in ("before-engine", "after-engine"):
        lake, source = tmp_path / step, tmp_path / "h"
        files = flat(source, 10)
        index(lake, source)
        files[0].rename(tmp_path / "aside")
        files[1].unlink()
        _, said = (process := indexer(lake, source, step, "1", "--prune")).communicate()
        assert process.returncode == -signal.SIGKILL, said.decode()
        (tmp_path / "aside").rename(files[0])  # as it was: same size, same time
        prune(lake, source)
        assert_is_fresh(lake, source)


def test_a_file_that_is_as_it_was_before_a_killed_run_is_so_in_the_lake(tmp_path: Path) -> None:
    lake, file = tmp_path / "lake", dicom_file(tmp_path / "h" / "1.dcm")
    index(lake, tmp_path / "h")
    before, state = file.read_bytes(), file.stat()
    dicom_file(file, StudyDescription="in between")
    _, said = (process := indexer(lake, tmp_path / "h", "before-record", "1")).communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()
    file.write_bytes(before)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    index(lake, tmp_path / "h")
    assert_is_fresh(lake, tmp_path / "h")

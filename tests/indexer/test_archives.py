"""Zip and tar files as places of DICOM files: indexed like folders, skipped whole, followed when they change."""

import os
import random
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from dicomlake.catalog import Catalog
from dicomlake.lake import Lake
from dicomlake.search import Searcher, SearchRequest
from indexer.flow import run
from indexer.sources.folder import folders
from indexer.sources.media import with_media
from indexer.summary import Summary
from tests.builders import data_set, dicom_file, write
from tests.indexer.builders import PYDICOM_FILES, content, hospital, index

FORMATS = ("zip", "tar", "gztar", "bztar", "xztar")


def packed(folder: Path, target: Path, form: str = "zip") -> Path:
    """A folder as one archive, whose name says nothing."""
    made = Path(shutil.make_archive(str(target) + ".made", form, folder))
    made.replace(target)
    return target


def counts(summary: Summary) -> dict[str, int]:
    wanted = ("files", "indexed", "updated", "unchanged", "removed", "ignored", "quarantined", "instances", "series")
    everything = summary.as_dict()
    return {name: int(everything[name]) for name in wanted}


def without_places(lake: Path) -> Any:
    """Everything that does not say where a file lies."""
    with Lake.open(lake) as opened:
        answer = Searcher(opened).run(
            SearchRequest(level="instance", limit=1000, facets=("Modality", "quality", "PatientID"))
        )
    return (
        [{k: v for k, v in hit.items() if k != "location"} for hit in answer["hits"]],
        answer["totals"],
        answer["facets"],
    )


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("workers", [0, 2])
def test_an_archive_is_indexed_like_the_folder_it_was_made_of(form: str, workers: int, tmp_path: Path) -> None:
    folder = hospital(tmp_path / "hospital")
    plain = index(tmp_path / "plain", folder)
    archive = packed(folder, tmp_path / "IM0001.dcm", form)
    summary = index(tmp_path / "lake", archive, workers=workers)
    assert counts(summary) == counts(plain)
    assert without_places(tmp_path / "lake") == without_places(tmp_path / "plain")


@pytest.mark.parametrize("form", FORMATS)
def test_an_unchanged_archive_is_counted_without_being_opened(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = packed(hospital(tmp_path / "hospital"), tmp_path / "a", form)
    first = index(tmp_path / "lake", archive)
    before = content(tmp_path / "lake")

    def never(location: str) -> None:
        raise AssertionError(f"{location} was opened")

    monkeypatch.setattr("indexer.sources.archive.open_archive", never)
    again = index(tmp_path / "lake", archive)
    assert (again.files, again.unchanged) == (first.files, first.indexed)
    assert (again.ignored, again.quarantined) == (first.ignored, first.quarantined)
    assert content(tmp_path / "lake") == before


def test_members_follow_an_archive_that_is_written_again(tmp_path: Path) -> None:
    folder = hospital(tmp_path / "hospital")
    archive = packed(folder, tmp_path / "a.zip")
    index(tmp_path / "lake", archive)
    shutil.rmtree(folder / "p0" / "s1")
    dicom_file(folder / "new.dcm", uid="1.9.1", series="1.9", study="1.9.9")
    packed(folder, archive)
    summary = index(tmp_path / "lake", archive)
    assert (summary.indexed, summary.removed, summary.updated) == (1, 8, 0)
    index(tmp_path / "fresh", archive)
    assert without_places(tmp_path / "lake") == without_places(tmp_path / "fresh")


def test_an_archive_that_becomes_a_dicom_file_and_back_leaves_nothing_behind(tmp_path: Path) -> None:
    place = tmp_path / "x"
    archive = packed(hospital(tmp_path / "hospital"), tmp_path / "a.zip")
    for _ in range(2):
        shutil.copyfile(archive, place)
        assert index(tmp_path / "lake", place).instances == 48
        dicom_file(tmp_path / "single", uid="1.9.1", series="1.9", study="1.9.9")
        (tmp_path / "single").replace(place)
        assert index(tmp_path / "lake", place).instances == 1
        with Lake.open(tmp_path / "lake") as lake:
            assert [one.location for one in lake.catalog.files()] == [str(place)]


def test_archives_within_archives_are_followed(tmp_path: Path) -> None:
    folder = hospital(tmp_path / "hospital")
    inner = tmp_path / "outer" / "disc 7"
    inner.mkdir(parents=True)
    packed(folder, inner / "content", "gztar")
    packed(tmp_path / "outer", tmp_path / "disc.zip")
    summary = index(tmp_path / "lake", tmp_path / "disc.zip")
    assert summary.instances == 48
    with Lake.open(tmp_path / "lake") as lake:
        locations = [one.location for one in lake.catalog.files("indexed")]
    assert all(one.startswith(f"{tmp_path}/disc.zip!/disc 7/content!/") for one in locations)
    again = index(tmp_path / "lake", tmp_path / "disc.zip")
    assert (again.files, again.unchanged) == (summary.files, summary.indexed)


def test_a_folder_with_archives_and_files_is_one_archive(tmp_path: Path) -> None:
    root = tmp_path / "root"
    hospital(root / "plain", series=2)
    packed(hospital(tmp_path / "other", series=4), root / "other.zip")
    summary = index(tmp_path / "lake", root)
    assert summary.instances == 32  # the two series of the folder are in the archive as well
    assert index(tmp_path / "lake", root).unchanged == summary.indexed


def test_pruning_takes_the_members_of_a_vanished_archive_out(tmp_path: Path) -> None:
    root = tmp_path / "root"
    hospital(root / "plain")
    dicom_file(tmp_path / "single" / "a", uid="1.9.1", series="1.9", study="1.9.9")
    packed(tmp_path / "single", root / "one.tgz", "gztar")
    assert index(tmp_path / "lake", root).instances == 49
    (root / "one.tgz").unlink()
    assert index(tmp_path / "lake", root).instances == 49
    summary = run(tmp_path / "lake", folders([root]), prune=True)
    assert (summary.instances, summary.removed) == (48, 1)


def test_a_dicom_file_whose_preamble_looks_like_an_archive_is_dicom(tmp_path: Path) -> None:
    path = dicom_file(tmp_path / "a.zip", uid="1.9.1", series="1.9", study="1.9.9")
    data = bytearray(path.read_bytes())
    data[:4] = b"PK\x03\x04"
    path.write_bytes(data)
    assert index(tmp_path / "lake", path).indexed == 1


def test_trouble_with_an_archive_is_quarantined_beside_what_is_sound(tmp_path: Path) -> None:
    archive = packed(hospital(tmp_path / "hospital"), tmp_path / "a.tar", "tar")
    with archive.open("r+b") as file:
        file.truncate(archive.stat().st_size // 2)
    summary = index(tmp_path / "lake", archive)
    assert 0 < summary.instances < 48
    with Lake.open(tmp_path / "lake") as lake:
        reasons = {one.location: one.reason for one in lake.catalog.files("quarantined")}
    assert reasons[f"{archive}!/"] == "damaged-archive"
    again = index(tmp_path / "lake", archive)
    assert (again.files, again.quarantined) == (summary.files, summary.quarantined)


def test_an_encrypted_member_does_not_stop_the_others(tmp_path: Path) -> None:
    archive = packed(hospital(tmp_path / "hospital"), tmp_path / "a.zip")
    data = bytearray(archive.read_bytes())
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    with zipfile.ZipFile(archive) as zipped:
        first = next(info for info in zipped.infolist() if info.flag_bits & 1)
    summary = index(tmp_path / "lake", archive)
    assert summary.instances + summary.quarantined + summary.ignored + (1 if first.is_dir() else 0) >= 48
    assert summary.instances >= 47


def test_every_file_of_pydicom_is_the_same_in_an_archive(tmp_path: Path) -> None:
    index(tmp_path / "plain", PYDICOM_FILES)
    packed(PYDICOM_FILES, tmp_path / "all.zip")
    with tarfile.open(tmp_path / "all.tar.bz2", "w:bz2") as archive:
        archive.add(PYDICOM_FILES, arcname="files")
    for name in ("all.zip", "all.tar.bz2"):
        index(tmp_path / name[4:], tmp_path / name)
        with Lake.open(tmp_path / name[4:]) as packed_lake, Lake.open(tmp_path / "plain") as plain:
            hashes = [
                sorted(
                    (one.status, one.reason, one.uid, one.header_hash)
                    for one in lake.catalog.files()
                    if one.reason != "archive"
                )
                for lake in (packed_lake, plain)
            ]
        assert hashes[0] == hashes[1]


def test_an_interrupted_archive_is_gone_on_with(tmp_path: Path) -> None:
    archive = packed(hospital(tmp_path / "hospital"), tmp_path / "a.zip")
    index(tmp_path / "whole", archive)
    chance = random.Random(3)
    index(tmp_path / "lake", archive)
    catalog = Catalog(tmp_path / "lake" / "catalog.sqlite", write=True)
    rows = [one.location for one in catalog.files() if one.location != str(archive)]
    catalog.record([], gone=[str(archive), *chance.sample(rows, 20)])  # as a run that was killed leaves it
    catalog.close()
    index(tmp_path / "lake", archive)
    ours, theirs = content(tmp_path / "lake"), content(tmp_path / "whole")
    assert ours["instances"] == theirs["instances"]
    assert ours["series"] == theirs["series"]


def media(folder: Path) -> Path:
    """A DICOMDIR medium of three images, one of which is missing, and a file that it does not name."""
    for i in range(3):
        dicom_file(folder / "IMAGES" / f"IM{i}", uid=f"1.2.1.{i}", series="1.2.1", study="1.2")
    (folder / "IMAGES" / "IM2").rename(folder / "IMAGES" / "im2.;1")
    dicom_file(folder / "IMAGES" / "OTHER", uid="1.2.1.9", series="1.2.1", study="1.2")

    records = []
    for name in ("IM0", "IM1", "IM2", "GONE"):
        record = Dataset()
        record.DirectoryRecordType = "IMAGE"
        record.ReferencedFileID = ["IMAGES", name]
        records.append(record)
    ds = data_set(uid="1.2.3.4", SOPClassUID="1.2.840.10008.1.3.10", DirectoryRecordSequence=records)
    return write(ds, folder / "DICOMDIR")


def test_a_dicomdir_names_the_files_to_index(tmp_path: Path) -> None:
    directory = media(tmp_path / "media")
    summary = run(tmp_path / "lake", with_media(folders([directory])))
    assert (summary.indexed, summary.quarantined) == (3, 1)
    with Lake.open(tmp_path / "lake") as lake:
        listed = {os.path.basename(one.location): one.reason for one in lake.catalog.files()}
    assert listed == {"IM0": "", "IM1": "", "im2.;1": "", "GONE": "missing-file"}
    dicom_file(tmp_path / "media" / "IMAGES" / "GONE", uid="1.2.1.3", series="1.2.1", study="1.2")
    again = run(tmp_path / "lake", with_media(folders([directory])))
    assert (again.indexed, again.unchanged, again.quarantined) == (1, 3, 0)

"""Runs over real files: the summary adds up, nothing is read twice, the index depends on the files alone."""

import itertools
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dicomlake.documents.instance import Origin
from dicomlake.engines.base import Plan
from dicomlake.errors import LakeBusyError, LakeError, SourceError, StoppedError
from dicomlake.lake import Lake
from indexer.flow import run
from indexer.sources.folder import Folder, folders
from indexer.summary import Summary
from tests.builders import dicom_file
from tests.indexer.builders import PYDICOM_FILES, catalogue, content, hospital, index


def counted(summary: Summary) -> dict[str, int]:
    """What happened to files, without zeros."""
    names = ("indexed", "updated", "unchanged", "removed", "ignored", "quarantined")
    counts = {name: getattr(summary, name) for name in names if getattr(summary, name)}
    assert summary.files == sum(counts.values()) - summary.removed
    return counts


def totals(summary: Summary) -> tuple[int, int, int, int]:
    """Patients, studies, series, instances of the lake."""
    return summary.patients, summary.studies, summary.series, summary.instances


@pytest.mark.parametrize("workers", [0, 2])
def test_a_first_run_counts_every_file_once(tmp_path: Path, workers: int) -> None:
    summary = index(tmp_path / "lake", hospital(tmp_path / "h"), workers=workers)
    assert counted(summary) == {"indexed": 48, "ignored": 6, "quarantined": 1}
    assert totals(summary) == (2, 3, 6, 48)


def test_workers_make_no_difference(tmp_path: Path) -> None:
    for workers in (0, 1, 2):
        index(tmp_path / f"lake{workers}", PYDICOM_FILES, workers=workers)
    assert content(tmp_path / "lake0") == content(tmp_path / "lake1") == content(tmp_path / "lake2")


def test_a_second_run_reads_nothing_and_reports_the_same_trouble(tmp_path: Path) -> None:
    source = hospital(tmp_path / "h")
    first = index(tmp_path / "lake", source)
    before = content(tmp_path / "lake")
    for path in source.rglob("*"):  # nobody can read what is not there; size and time say that nothing changed
        if path.is_file():
            state = path.stat()
            path.write_bytes(bytes(state.st_size))
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    second = index(tmp_path / "lake", source)
    assert counted(second) == {"unchanged": 48, "ignored": 6, "quarantined": 1}
    assert totals(second) == totals(first)
    assert content(tmp_path / "lake") == before


def test_a_touched_file_is_read_and_counts_as_unchanged(tmp_path: Path) -> None:
    file = dicom_file(tmp_path / "h" / "1.dcm")
    index(tmp_path / "lake", tmp_path / "h")
    os.utime(file, ns=(1, 1))
    assert counted(index(tmp_path / "lake", tmp_path / "h")) == {"unchanged": 1}
    assert catalogue(tmp_path / "lake")[0][2] == 1


def test_a_file_with_other_attributes_updates_its_instance(tmp_path: Path) -> None:
    dicom_file(tmp_path / "h" / "1.dcm", StudyDescription="before")
    index(tmp_path / "lake", tmp_path / "h")
    dicom_file(tmp_path / "h" / "1.dcm", StudyDescription="afterwards")
    assert counted(index(tmp_path / "lake", tmp_path / "h")) == {"updated": 1}
    assert next(iter(content(tmp_path / "lake")["kept"]["1.2.3"].values()))["StudyDescription"] == "afterwards"


def test_a_rewritten_file_leaves_its_series_study_and_patient(tmp_path: Path) -> None:
    dicom_file(tmp_path / "h" / "1.dcm")
    dicom_file(tmp_path / "h" / "2.dcm", uid="1.2.3.2", PatientID="stays", series="1.5", study="1.4")
    index(tmp_path / "lake", tmp_path / "h")
    dicom_file(tmp_path / "h" / "1.dcm", uid="9.9", series="9.8", study="9.7", PatientID="other one")
    summary = index(tmp_path / "lake", tmp_path / "h")
    assert counted(summary) == {"updated": 1, "unchanged": 1, "removed": 1}
    assert totals(summary) == (2, 2, 2, 2)
    index(tmp_path / "fresh", tmp_path / "h")
    assert content(tmp_path / "lake") == content(tmp_path / "fresh")


def test_files_that_swap_their_contents_lose_nothing(tmp_path: Path) -> None:
    dicom_file(tmp_path / "h" / "1.dcm", uid="1.2.3.1")
    dicom_file(tmp_path / "h" / "2.dcm", uid="1.2.3.22", series="1.2.4")
    index(tmp_path / "lake", tmp_path / "h")
    (tmp_path / "h" / "1.dcm").rename(tmp_path / "third")
    (tmp_path / "h" / "2.dcm").rename(tmp_path / "h" / "1.dcm")
    (tmp_path / "third").rename(tmp_path / "h" / "2.dcm")
    summary = index(tmp_path / "lake", tmp_path / "h")
    assert counted(summary) == {"updated": 2}
    index(tmp_path / "fresh", tmp_path / "h")
    assert content(tmp_path / "lake") == content(tmp_path / "fresh")


@pytest.mark.parametrize("replacement", [b"not DICOM at all", None], ids=("text", "cut"))
def test_an_instance_goes_when_its_file_is_none_any_more_and_comes_back_with_it(
    tmp_path: Path, replacement: bytes | None
) -> None:
    file = dicom_file(tmp_path / "h" / "1.dcm")
    dicom_file(tmp_path / "h" / "2.dcm", uid="1.2.3.2")
    index(tmp_path / "lake", tmp_path / "h")
    before = content(tmp_path / "lake")
    whole, state = file.read_bytes(), file.stat()
    file.write_bytes(replacement if replacement is not None else whole[:200])
    summary = index(tmp_path / "lake", tmp_path / "h")
    kind = "ignored" if replacement is not None else "quarantined"
    assert counted(summary) == {kind: 1, "unchanged": 1, "removed": 1}
    assert summary.instances == 1
    file.write_bytes(whole)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert counted(index(tmp_path / "lake", tmp_path / "h")) == {"indexed": 1, "unchanged": 1}
    assert content(tmp_path / "lake") == before


def test_duplicates_count_as_indexed_and_are_one_instance(tmp_path: Path) -> None:
    for name in ("1.dcm", "copy/1.dcm", "again.dcm"):
        dicom_file(tmp_path / "h" / name)
    summary = index(tmp_path / "lake", tmp_path / "h")
    assert counted(summary) == {"indexed": 3}
    assert totals(summary) == (1, 1, 1, 1)


def test_copies_and_variants_give_the_same_index_in_every_order(tmp_path: Path) -> None:
    files = [
        dicom_file(tmp_path / "a" / "1.dcm"),
        dicom_file(tmp_path / "b" / "1.dcm", StudyDescription="other content"),
        dicom_file(tmp_path / "c" / "1.dcm", series="1.2.77", StudyDescription="another series"),
        dicom_file(tmp_path / "d" / "copy.dcm"),
    ]

    def arrive(lake: Path, *batches: Sequence[Path]) -> dict[str, Any]:
        for batch in batches:
            run(lake, [Folder(str(file), Origin("archive")) for file in batch])
        return content(lake)

    expected = arrive(tmp_path / "together", files)
    assert (len(expected["instances"]), len(expected["series"])) == (1, 1)
    for number, order in enumerate(itertools.permutations(files)):
        assert arrive(tmp_path / f"lake{number}", order[:1], order[1:3], order[3:]) == expected


def test_a_file_under_two_sources_keeps_its_place(tmp_path: Path) -> None:
    dicom_file(tmp_path / "h" / "a" / "1.dcm")
    index(tmp_path / "lake", tmp_path / "h" / "a")
    assert counted(index(tmp_path / "lake", tmp_path / "h")) == {"unchanged": 1}


def test_odd_file_names_are_indexed_and_shown(tmp_path: Path) -> None:
    real = dicom_file(tmp_path / "whole.dcm")
    (tmp_path / "h").mkdir()
    target = os.path.join(os.fsencode(tmp_path), b"h", b"Jos\xe9\n100%.dcm")
    with open(target, "wb") as file:
        file.write(real.read_bytes())
    for workers in (0, 1):
        lake = tmp_path / f"lake{workers}"
        assert counted(index(lake, tmp_path / "h", workers=workers)) == {"indexed": 1}
        (document,) = content(lake)["kept"]["1.2.3"].values()
        assert document["location"] == f"{tmp_path}/h/Jos%E9\n100%.dcm"


def test_what_the_system_cannot_read_is_tried_again_every_time(tmp_path: Path) -> None:
    dicom_file(tmp_path / "h" / "1.dcm")
    (tmp_path / "h" / "2.dcm").symlink_to(tmp_path / "later.dcm")
    assert counted(index(tmp_path / "lake", tmp_path / "h")) == {"indexed": 1, "quarantined": 1}
    assert counted(index(tmp_path / "lake", tmp_path / "h")) == {"unchanged": 1, "quarantined": 1}
    dicom_file(tmp_path / "later.dcm", uid="1.2.3.2")
    assert counted(index(tmp_path / "lake", tmp_path / "h")) == {"indexed": 1, "unchanged": 1}


def test_trouble_that_is_gone_leaves_the_quarantine(tmp_path: Path) -> None:
    dicom_file(tmp_path / "h" / "1.dcm")
    (tmp_path / "h" / "2.dcm").symlink_to(tmp_path / "later.dcm")
    index(tmp_path / "lake", tmp_path / "h")
    (tmp_path / "h" / "2.dcm").unlink()
    assert counted(index(tmp_path / "lake", tmp_path / "h")) == {"unchanged": 1}
    assert [row[0] for row in catalogue(tmp_path / "lake")] == [str(tmp_path / "h" / "1.dcm")]


def test_every_file_of_pydicom_is_accounted_for(tmp_path: Path) -> None:
    summary = index(tmp_path / "lake", PYDICOM_FILES)
    listed = {row[0] for row in catalogue(tmp_path / "lake")}
    assert listed == {str(path) for path in PYDICOM_FILES.rglob("*") if path.is_file()}
    assert summary.files == len(listed)


def test_new_data_is_seen_by_readers_while_a_run_goes_on(tmp_path: Path) -> None:
    source = hospital(tmp_path / "h", series=40)
    seen: list[int] = []

    def look(summary: Summary) -> None:
        if (tmp_path / "lake" / "format.json").exists() and (not seen or seen[-1] == 0):
            with Lake.open(tmp_path / "lake") as reader:
                found = reader.engine.search(Plan(limit=0)).totals
                seen.append(found.instances if found else 0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("indexer.load.MOST_DOCUMENTS", 50)
        summary = run(tmp_path / "lake", folders([source]), watch=look)
    assert 0 < seen[-1] < summary.instances == 320


def test_a_stopped_run_keeps_what_it_read_and_the_next_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.flow.BATCH", 8)
    source = hospital(tmp_path / "h", series=20)
    stop = threading.Event()

    def stop_soon(summary: Summary) -> None:
        if summary.files > 50:
            stop.set()

    with pytest.raises(StoppedError, match="run the same command again") as caught:
        run(tmp_path / "lake", folders([source]), workers=1, watch=stop_soon, stop=stop)
    done = caught.value.details["summary"]
    assert 50 < done["files"] < 181
    assert done["instances"] == done["indexed"]
    rest = index(tmp_path / "lake", source)
    assert rest.unchanged == done["indexed"]
    index(tmp_path / "fresh", source)
    assert content(tmp_path / "lake") == content(tmp_path / "fresh")


def test_a_second_writer_is_refused_and_the_first_not_disturbed(tmp_path: Path) -> None:
    source = hospital(tmp_path / "h")
    with Lake.open_for_writing(tmp_path / "lake"), pytest.raises(LakeBusyError, match="wait until it ends"):
        index(tmp_path / "lake", source)
    assert index(tmp_path / "lake", source).indexed == 48


@pytest.mark.parametrize("place", ["/proc/lake", "/sys/lake", "/dev/null/lake"])
def test_a_place_that_cannot_be_written_is_refused_on_one_line(tmp_path: Path, place: str) -> None:
    dicom_file(tmp_path / "h" / "1.dcm")
    with pytest.raises(LakeError, match="cannot be written") as caught:
        index(Path(place), tmp_path / "h")
    assert "\n" not in caught.value.message


def test_a_folder_that_holds_something_else_is_no_lake(tmp_path: Path) -> None:
    dicom_file(tmp_path / "h" / "1.dcm")
    dicom_file(tmp_path / "other" / "1.dcm")
    with pytest.raises(LakeError, match="holds no lake"):
        index(tmp_path / "h", tmp_path / "other")
    with pytest.raises(SourceError, match="data folder itself"):
        index(tmp_path / "h", tmp_path / "h")
    assert [path.name for path in (tmp_path / "h").iterdir()] == ["1.dcm"]

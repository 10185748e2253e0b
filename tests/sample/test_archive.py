"""The archive as a whole: repeatable, complete, careful with what is there already."""

import hashlib
from pathlib import Path

import pytest

import sample
from tests.sample.conftest import Archive


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return total.hexdigest()


def test_truth_lists_every_file_and_no_other(hospital: Archive) -> None:
    found = {
        path.relative_to(hospital.folder).as_posix(): path.stat().st_size
        for path in hospital.folder.rglob("*")
        if path.is_file()
    }
    assert found == {one["path"]: one["size"] for one in hospital.truth["files"]}


def test_summary_counts_what_the_truth_counts(hospital: Archive) -> None:
    summary, totals = hospital.summary, hospital.truth["totals"]
    assert summary.files == len(hospital.truth["files"]) == summary.indexed + summary.ignored + summary.quarantined
    assert (summary.patients, summary.studies, summary.series, summary.instances) == (
        totals["patients"],
        totals["studies"],
        totals["series"],
        totals["instances"],
    )


def test_default_archive_is_a_hospital_in_small(hospital: Archive) -> None:
    assert 1_500 < hospital.summary.files < 2_500
    assert hospital.summary.size < 60_000_000


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (sample.write(tmp_path / name / "out", patients=3, seed=5) for name in "ab")
    assert digest(first.out) == digest(second.out)
    assert first.truth.read_bytes() == second.truth.read_bytes()


def test_another_seed_gives_another_hospital(tmp_path: Path) -> None:
    first, second = (sample.write(tmp_path / str(seed), patients=2, seed=seed) for seed in (1, 2))
    assert digest(first.out) != digest(second.out)


def test_a_patient_is_the_same_in_a_larger_archive(hospital: Archive, tmp_path: Path) -> None:
    small = sample.write(tmp_path / "small", patients=2)
    large = {one["path"]: one["size"] for one in hospital.truth["files"]}
    held = {path.relative_to(small.out).as_posix() for path in small.out.rglob("*") if path.is_file()}
    assert {path for path in held if not path.startswith("incidencias")} <= set(large)


def test_whole_archive_is_left_alone(tmp_path: Path) -> None:
    first = sample.write(tmp_path / "out", patients=1)
    times = {path: path.stat().st_mtime_ns for path in first.out.rglob("*")}
    second = sample.write(tmp_path / "out", patients=1)
    assert first.written
    assert not second.written
    assert times == {path: path.stat().st_mtime_ns for path in second.out.rglob("*")}
    assert (second.files, second.instances) == (first.files, first.instances)


def test_archive_of_other_arguments_is_replaced(tmp_path: Path) -> None:
    sample.write(tmp_path / "out", patients=1)
    second = sample.write(tmp_path / "out", patients=2)
    assert second.written
    assert digest(second.out) == digest(sample.write(tmp_path / "fresh", patients=2).out)


def test_folder_with_anything_else_is_refused(tmp_path: Path) -> None:
    out = sample.write(tmp_path / "out", patients=1).out
    (out / "mine.txt").write_text("keep me")
    with pytest.raises(FileExistsError, match="choose another folder"):
        sample.write(out, patients=2)
    assert (out / "mine.txt").read_text() == "keep me"


def test_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert sample.write(tmp_path / "out", patients=1).written


def test_interrupted_writing_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample.write(tmp_path / "out", patients=2, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_patients(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    sample.write(tmp_path / "out", patients=3, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_no_patients_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        sample.write(tmp_path / "out", patients=0)

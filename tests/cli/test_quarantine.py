"""``dicomlake quarantine``: choose, read again, write to a file that no spreadsheet runs."""

import csv
import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from dicomlake.errors import HeaderError
from tests.builders import dicom_file
from tests.cli.run import call
from tests.indexer.builders import content, index


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A lake of one sound file and three in quarantine: two cut, one unreadable."""
    whole = dicom_file(tmp_path / "h" / "1.dcm").read_bytes()
    for name in ("a/=cut.dcm", "b/cut.dcm"):
        (tmp_path / "h" / name).parent.mkdir()
        (tmp_path / "h" / name).write_bytes(whole[:200])
    (tmp_path / "h" / "b" / "link").symlink_to(tmp_path / "later")
    index(tmp_path / "lake", tmp_path / "h")
    return tmp_path / "lake"


def listed(lake: Path, *words: str | Path) -> list[str]:
    """File names in quarantine."""
    return [Path(one["location"]).name for one in call("quarantine", "list", *words, "--data", lake, "--json").lines]


def test_reason_and_place_choose(damaged: Path) -> None:
    root = damaged.parent / "h"
    assert listed(damaged) == ["=cut.dcm", "cut.dcm", "link"]
    assert listed(damaged, "--reason", "unreadable") == ["link"]
    assert listed(damaged, "--under", root / "b") == ["cut.dcm", "link"]
    assert listed(damaged, "--under", root / "b" / "cut.dcm") == ["cut.dcm"]
    assert listed(damaged, "--under", root / "b" / "cut") == []
    assert "Nothing of that is in quarantine" in call("quarantine", "list", "--reason", "none", "--data", damaged).out


def test_retry_reads_what_looks_unchanged_and_says_what_stays(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = damaged.parent / "h"
    rows = {row[0]: row for row in content(damaged)["catalogue"]}
    place = root / "b" / "cut.dcm"
    dicom_file(place, uid="1.2.3.9")
    size, mtime_ns = rows[str(place)][1:3]
    monkeypatch.setenv("DICOMLAKE_WORKERS", "0")
    # A program that reads more than the one that put it in quarantine: for this file, size and time are as recorded.
    from indexer.sources import folder  # noqa: PLC0415

    classify = folder._classify
    monkeypatch.setattr(
        folder,
        "_classify",
        lambda path, state: folder.Found(str(place), size, mtime_ns) if path == str(place) else classify(path, state),
    )
    assert index(damaged, root).quarantined == 3
    done = call("quarantine", "retry", "--reason", "unreadable", "--data", damaged, "--json", "--quiet")
    assert (done.code, done.lines[-1]["quarantined"], done.lines[-1]["instances"]) == (3, 1, 1)
    done = call("quarantine", "retry", "--under", root / "b", "--data", damaged, "--json", "--quiet")
    summary = done.lines[-1]
    assert (done.code, summary["indexed"], summary["quarantined"], summary["instances"]) == (3, 1, 1, 2)
    assert listed(damaged) == ["=cut.dcm", "link"]
    assert call("quarantine", "retry", "--under", place, "--data", damaged, "--quiet").code == 0


def test_retry_of_everything_ends_with_0_when_nothing_stays(damaged: Path) -> None:
    root = damaged.parent / "h"
    dicom_file(root / "a" / "=cut.dcm", uid="1.2.3.8")
    (root / "b" / "cut.dcm").write_text("no DICOM")
    (root / "b" / "link").unlink()
    done = call("quarantine", "retry", "--data", damaged, "--quiet")
    assert (done.code, done.err) == (0, "")
    assert "1 indexed" in done.out
    assert listed(damaged) == []
    index(damaged.with_name("fresh"), root)
    assert content(damaged) == content(damaged.with_name("fresh"))
    assert "Nothing is in quarantine" in call("quarantine", "retry", "--data", damaged, "--quiet").out


def test_a_folder_that_can_be_read_again_is_walked_and_the_rest_of_the_source_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, source = tmp_path / "lake", tmp_path / "h"
    dicom_file(source / "open" / "1.dcm")
    dicom_file(source / "shut" / "2.dcm", uid="1.2.3.2")
    dicom_file(source / "shut" / "inner" / "3.dcm", uid="1.2.3.3")
    scan = os.scandir
    with monkeypatch.context() as patch:

        def scandir(path: str) -> object:
            if path in closed:
                raise PermissionError(13, "Permission denied", path)
            return scan(path)

        patch.setattr(os, "scandir", scandir)
        closed = [str(source / "shut" / "inner")]
        assert index(lake, source).quarantined == 1
        (source / "shut" / "2.dcm").unlink()
        closed = [str(source / "shut")]
        assert index(lake, source).quarantined == 1
    dicom_file(source / "shut" / "2.dcm", uid="1.2.3.2")
    assert len(listed(lake)) == 2
    (summary,) = call("quarantine", "retry", "--data", lake, "--json", "--quiet").lines
    assert (summary["files"], summary["indexed"], summary["instances"]) == (2, 1, 3)
    index(tmp_path / "fresh", source)
    assert content(lake) == content(tmp_path / "fresh")


def test_what_lies_in_an_archive_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake, source = tmp_path / "lake", tmp_path / "h"
    whole = dicom_file(source / "1.dcm").read_bytes()
    (source / "cut.dcm").write_bytes(whole[:200])
    archive = shutil.make_archive(str(tmp_path / "a" / "some"), "zip", source)
    monkeypatch.setenv("DICOMLAKE_WORKERS", "0")
    with monkeypatch.context() as patch:
        # An older program, which knew less.
        patch.setattr("indexer.read.build", lambda *_: (_ for _ in ()).throw(HeaderError("too new for me")))
        assert index(lake, Path(archive)).quarantined == 2
    assert index(lake, Path(archive)).quarantined == 2
    done = call("quarantine", "retry", "--under", archive, "--data", lake, "--json", "--quiet")
    (summary,) = done.lines
    assert (done.code, summary["files"], summary["indexed"], summary["quarantined"]) == (3, 2, 1, 1)
    index(tmp_path / "fresh", Path(archive))
    assert content(lake) == content(tmp_path / "fresh")


def test_the_export_is_the_owners_alone_and_no_formula(damaged: Path, tmp_path: Path) -> None:
    for name in ("q.csv", "q.jsonl"):
        done = call("quarantine", "export", tmp_path / name, "--data", damaged)
        assert (done.code, done.err) == (0, "")
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    lines = [json.loads(line) for line in (tmp_path / "q.jsonl").read_text().splitlines()]
    with (tmp_path / "q.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [{key: str(value) for key, value in line.items()} for line in lines] == rows
    assert [Path(line["location"]).name for line in lines] == ["=cut.dcm", "cut.dcm", "link"]
    assert call("quarantine", "export", tmp_path / "q.csv", "--data", damaged).failed_with(2, "is there already")
    assert call("quarantine", "export", "/dev/null/q.csv", "--data", damaged).failed_with(2, "cannot be written")
    out = call("quarantine", "export", "-", "--under", tmp_path / "h" / "a", "--data", damaged).lines
    assert out == lines[:1]


@pytest.mark.parametrize("sign", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_what_a_spreadsheet_would_run_is_text(sign: str) -> None:
    from cli.quarantine import _no_formula  # noqa: PLC0415

    assert _no_formula(sign) == "'" + sign
    assert _no_formula(-1) == -1


def test_usage_errors_end_with_2(damaged: Path) -> None:
    assert call("quarantine", "export", "--data", damaged).failed_with(2, "quarantine export FILE")
    assert call("quarantine", "list", "file.csv", "--data", damaged).failed_with(2, "quarantine export FILE")
    assert call("quarantine", "burn", "--data", damaged).failed_with(2, "burn")

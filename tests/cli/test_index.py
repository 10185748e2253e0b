"""``dicomlake index``: summary, progress, exit codes, and a Ctrl-C that loses nothing."""

import itertools
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dicomlake.lake import Lake
from tests.builders import dicom_file
from tests.cli.run import call, command, environment_of
from tests.indexer.builders import content, index


def many(folder: Path, files: int) -> Path:
    """Instances of thirty series, written quickly: one file with other numbers."""
    template = dicom_file(folder / "template", uid="1.2.3.10000", series="1.2.3.10000.1").read_bytes()
    (folder / "template").unlink()
    for number in range(files):
        series = template.replace(b"1.2.3.10000.1", b"1.2.3.%05d.1" % (20_000 + number % 30))
        path = folder / f"{number % 30}" / f"{number}.dcm"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(series.replace(b"1.2.3.10000", b"1.2.3.%05d" % (90_000 - number)))
    return folder


KEYS = [
    *("files", "indexed", "updated", "unchanged", "removed", "ignored", "quarantined"),
    *("instances", "series", "studies", "patients", "seconds"),
]


def test_the_summary_is_the_last_line_and_the_exit_code_tells_of_the_quarantine(archive: Path, tmp_path: Path) -> None:
    first = command("index", archive, "--data", tmp_path / "lake", "--json")
    (summary,) = first.lines
    assert list(summary) == KEYS
    assert [summary[key] for key in KEYS[:-1]] == [55, 48, 0, 0, 0, 6, 1, 48, 6, 3, 2]
    assert first.code == 3
    second = command("index", archive, "--data", tmp_path / "lake", "--json", "--quiet")
    (summary,) = second.lines
    assert [summary[key] for key in KEYS[:-1]] == [55, 0, 0, 48, 0, 6, 1, 48, 6, 3, 2]
    assert (second.code, second.err) == (3, "")


def test_a_clean_run_ends_with_0_and_a_report_for_people(tmp_path: Path) -> None:
    dicom_file(tmp_path / "h" / "1.dcm")
    done = command("index", "h", "--quiet", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "1 indexed" in done.out
    assert "The lake lake has 1 patient, 1 study, 1 series, 1 instance." in done.out


def test_the_lake_may_be_inside_the_source_and_named_by_the_environment(tmp_path: Path) -> None:
    dicom_file(tmp_path / "1.dcm")
    for files in ("indexed", "unchanged"):
        done = command("index", ".", "--json", cwd=tmp_path, DICOMLAKE_DATA="data")
        assert done.lines[-1][files] == 1 == done.lines[-1]["files"]
    assert (tmp_path / "data" / "format.json").exists()


def test_off_a_terminal_progress_is_json_lines_a_second_apart(tmp_path: Path) -> None:
    # Enough files that a fast machine is still at work after a second.
    done = command("index", many(tmp_path / "h", 10_000), "--data", tmp_path / "lake", "--json")
    assert done.lines[-1]["indexed"] == 10_000
    told = [json.loads(line) for line in done.err.splitlines()]
    assert told
    assert {one["event"] for one in told} == {"progress"}
    assert all(later["seconds"] - one["seconds"] >= 0.9 for one, later in itertools.pairwise(told))
    assert {one["total"] for one in told} <= {None, 10_000}
    assert told[-1]["total"] == 10_000
    assert all(one["files_per_second"] > 0 for one in told[1:])


def test_on_a_terminal_progress_is_a_bar_with_rate(tmp_path: Path, archive: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dicomlake", "index", archive, "--data", tmp_path / "lake"],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=environment_of(TERM="xterm", COLUMNS="100"),
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # how Linux ends a terminal
            break
        if not part:
            break
        shown += part
    assert process.wait() == 3
    os.close(ours)
    assert b"Indexing" in shown
    assert b"files" in shown
    assert b"/s" in shown


@pytest.mark.parametrize("one", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_says_how_to_go_on_and_the_next_run_does(tmp_path: Path, one: signal.Signals) -> None:
    # Enough files that a fast machine is still at work when the signal comes.
    source = many(tmp_path / "h", 10_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "dicomlake", "index", source, "--data", tmp_path / "lake", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment_of(),
        start_new_session=True,
    )
    assert process.stderr is not None
    assert json.loads(process.stderr.readline())["event"] == "progress"
    os.killpg(process.pid, one)  # as a terminal does: to workers as well
    out, err = process.communicate()
    assert process.returncode == 1
    last = err.splitlines()[-1]
    assert last.startswith("dicomlake: stopped after")
    assert "run the same command again to go on" in last
    error = json.loads(out.splitlines()[-1])["error"]
    assert error["code"] == "interrupted"
    assert 0 < error["summary"]["instances"] < 10_000
    (summary,) = command("index", source, "--data", tmp_path / "lake", "--json", "--quiet").lines
    assert summary["unchanged"] == error["summary"]["indexed"]
    assert (summary["files"], summary["instances"]) == (10_000, 10_000)


def test_a_second_indexer_is_refused_while_the_first_goes_on(tmp_path: Path, archive: Path) -> None:
    with Lake.open_for_writing(tmp_path / "lake"):
        done = command("index", archive, "--data", tmp_path / "lake", "--json", "--quiet")
    assert done.failed_with(1, "another process is indexing", "wait until it ends")
    assert done.lines[-1]["error"]["code"] == "lake-busy"
    assert command("index", archive, "--data", tmp_path / "lake", "--quiet").code == 3
    index(tmp_path / "fresh", archive)
    assert content(tmp_path / "lake") == content(tmp_path / "fresh")


def test_files_that_are_gone_are_told_and_pruned(tmp_path: Path, archive: Path) -> None:
    source, lake = tmp_path / "h", tmp_path / "lake"
    shutil.copytree(archive, source)
    call("index", source, "--data", lake, "--quiet")
    for number in range(3):
        (source / "p0" / "s0" / f"i00{number + 1}.dcm").unlink()
    told = call("index", source, "--data", lake, "--quiet").out
    assert "3 indexed files no longer there; --prune removes what is gone" in told
    assert f"3 indexed files no longer in {source}" in call("doctor", "--data", lake).out
    done = call("index", source, "--prune", "--data", lake, "--json", "--quiet")
    assert (done.lines[-1]["removed"], done.lines[-1]["instances"], done.lines[-1]["files"]) == (3, 45, 52)
    shown = call("doctor", "--data", lake).out
    assert "no longer in" not in shown
    assert "quarantine list" in shown


def test_pruning_an_archive_that_is_not_mounted_is_refused_on_one_line(tmp_path: Path, archive: Path) -> None:
    source, lake = tmp_path / "h", tmp_path / "lake"
    shutil.copytree(archive, source)
    call("index", source, "--data", lake, "--quiet")
    shutil.rmtree(source / "p0")
    refused = call("index", source, "--prune", "--data", lake, "--json", "--quiet")
    assert refused.failed_with(1, "32 of the 48 files", "mount what they are on", "--prune --force")
    error = refused.lines[-1]["error"]
    assert (error["code"], error["gone"], error["files"]) == ("prune-refused", 32, 48)
    shutil.rmtree(source / "p1")
    (source / "cut.dcm").unlink()
    assert call("index", source, "--prune", "--data", lake, "--quiet").failed_with(1, "holds no files", "mount")
    source.rmdir()
    assert call("index", source, "--prune", "--data", lake, "--quiet").failed_with(1, "does not exist", "mount")
    done = call("index", source, "--prune", "--force", "--data", lake, "--json", "--quiet")
    assert (done.code, done.lines[-1]["removed"], done.lines[-1]["instances"]) == (0, 48, 0)
    again = call("index", source, "--prune", "--force", "--data", lake, "--quiet")
    assert again.failed_with(1, "does not exist")  # nor does the lake know it: a word misspelt
    assert call("index", source, "--force", "--data", lake).failed_with(2, "--force goes with --prune")


def test_bad_sources_leave_no_lake_behind(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for source, said in {
        "none": "does not exist",
        "empty": "holds no files",
        "lake": "is in the data folder itself",
    }.items():
        done = command("index", source, "--json", cwd=tmp_path)
        assert done.failed_with(1, said)
        assert done.lines[-1]["error"]["code"] == "unusable-source"
        assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize("place", ["/proc/lake", "/sys/lake", "/dev/null"])
def test_a_data_folder_that_cannot_be_written_is_one_line(archive: Path, place: str) -> None:
    done = command("index", archive, "--data", place, "--json", "--quiet")
    assert done.failed_with(1, place, "name another folder")
    assert done.lines[-1]["error"]["code"] == "unusable-lake"


def test_usage_errors_end_with_2(archive: Path) -> None:
    assert command("index").failed_with(2, "SOURCE", "dicomlake index --help")
    assert command("index", archive, "--workers", "many").failed_with(2, "whole number")
    assert command("index", archive, "--workers", "1000").failed_with(2, "256 at most")
    assert command("index", archive, DICOMLAKE_WORKERS="-3").failed_with(2, "DICOMLAKE_WORKERS")

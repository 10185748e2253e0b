"""What a worker makes of jobs: each kind carried out, cancelled when asked, one after the other where it must be."""

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dicomlake.lake import Lake
from dicomlake.search import Searcher, SearchRequest
from dicomlake.state import LOCAL, JobLimits, State
from tests.builders import dicom_file
from tests.indexer.builders import content, hospital, index
from tests.indexer.idc import index_slice
from tests.worker.work import ended, processes_of, under_way, wait_for, worker


def run_all(data: Path, state: State, *asked: tuple[str, dict[str, Any]]) -> list[Any]:
    """The jobs, ended, that were asked for one after the other."""
    with worker(data):
        return [ended(state, state.jobs.add(LOCAL, kind, arguments)) for kind, arguments in asked]


def test_folders_are_indexed_and_what_is_gone_leaves(data: Path, state: State, tmp_path: Path) -> None:
    source = hospital(tmp_path / "archive")
    with worker(data):
        first = ended(state, state.jobs.add(LOCAL, "index", {"sources": [str(source)]}))
        (source / "p0" / "s0" / "i000.dcm").unlink()
        kept = ended(state, state.jobs.add(LOCAL, "index", {"sources": [str(source)]}))
        pruned = ended(state, state.jobs.add(LOCAL, "index", {"sources": [str(source)], "prune": True}))
    assert [job.status for job in (first, kept, pruned)] == ["done"] * 3
    assert first.result | {"seconds": 0} == {
        "files": 55, "indexed": 48, "updated": 0, "unchanged": 0, "removed": 0, "ignored": 6, "quarantined": 1,
        "instances": 48, "series": 6, "studies": 3, "patients": 2, "seconds": 0, "gone": 0,
    }  # fmt: skip
    assert (kept.result["gone"], kept.result["instances"]) == (1, 48)
    assert (pruned.result["removed"], pruned.result["instances"]) == (1, 47)
    assert (first.progress["phase"], first.progress["done"], first.progress["total"]) == ("indexing", 55, 55)


def test_a_job_that_cannot_be_done_says_why(data: Path, state: State, tmp_path: Path) -> None:
    hospital(tmp_path / "archive")
    asked = {"sources": [str(tmp_path / "archive")], "prune": True}
    with worker(data):
        ended(state, state.jobs.add(LOCAL, "index", asked))
        shutil.rmtree(tmp_path / "archive" / "p0")
        refused = ended(state, state.jobs.add(LOCAL, "index", asked))
        missing = ended(state, state.jobs.add(LOCAL, "index", {"sources": [str(tmp_path / "none")]}))
        wrong = ended(state, state.jobs.add(LOCAL, "index", {"surces": []}))
    assert (refused.status, refused.error["code"], refused.error["status"]) == ("failed", "prune-refused", 409)
    assert (missing.status, missing.error["code"]) == ("failed", "unusable-source")
    assert (wrong.status, wrong.error["code"]) == ("failed", "internal")


def test_the_sample_archive_is_written_and_indexed_and_again_leaves_all_as_it_is(data: Path, state: State) -> None:
    first, again = run_all(data, state, *[("sample", {"patients": 2})] * 2)
    assert (first.status, again.status) == ("done", "done")
    assert first.result["instances"] == again.result["instances"] > 0
    assert again.result["unchanged"] == first.result["indexed"]
    assert Path(first.result["archive"]) == data / "sample" / "archive"


def test_the_index_of_an_archive_is_imported(data: Path, state: State, tmp_path: Path) -> None:
    table = index_slice(tmp_path / "index.parquet", sample=3)
    (done,) = run_all(data, state, ("import-idc", {"parquet": str(table)}))
    assert (done.status, done.result["added"]) == ("done", 3)


def test_what_is_in_quarantine_is_read_again(data: Path, state: State, tmp_path: Path) -> None:
    index(data, hospital(tmp_path / "archive"))
    (done,) = run_all(data, state, ("retry", {}))
    assert (done.status, done.result["files"], done.result["quarantined"]) == ("done", 1, 1)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_is_the_file_of_a_search(data: Path, state: State, tmp_path: Path, form: Any) -> None:
    index(data, hospital(tmp_path / "archive"))
    link = "v=1&level=instance&q=SliceThickness%3A%5B0+TO+3%5D&sort=-InstanceNumber"
    arguments = {"state": link, "format": form, "fields": ["SOPInstanceUID", "SliceThickness"]}
    (done,) = run_all(data, state, ("export", arguments))
    assert done.status == "done", done.error
    path = data / "state" / "exports" / done.id / done.result["file"]
    request = SearchRequest(
        "SliceThickness:[0 TO 3]", "instance", sort=["-InstanceNumber"], fields=["SOPInstanceUID", "SliceThickness"]
    )
    with Lake.open(data) as lake:
        expected = b"".join(Searcher(lake).export(request, form))
    assert path.read_bytes() == expected
    assert done.result == {**done.result, "file": f"dicomlake-instance.{form}", "bytes": len(expected), "format": form}
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_the_file_of_a_forgotten_job_goes(data: Path, state: State, tmp_path: Path) -> None:
    index(data, hospital(tmp_path / "archive"))
    (done,) = run_all(data, state, ("export", {"state": "v=1"}))
    with closing(sqlite3.connect(data / "state" / "state.sqlite", timeout=30)) as connection:
        connection.execute("UPDATE jobs SET finished = 0")
        connection.commit()
    with worker(data):
        wait_for(lambda: not (data / "state" / "exports" / done.id).exists(), "the end of the file")
    assert state.jobs.known() == set()


def test_a_cancelled_job_stops_and_what_it_did_stays(data: Path, state: State, tmp_path: Path) -> None:
    archive = hospital(tmp_path / "archive", series=200, instances=50)  # seconds of work, so that there is a middle
    job = state.jobs.add(LOCAL, "index", {"sources": [str(archive)]})
    waiting = state.jobs.add(LOCAL, "index", {"sources": [str(archive)]})
    with worker(data, DICOMLAKE_WORKERS="0"):
        under_way(state, job)
        state.jobs.cancel(LOCAL, job.id)
        assert ended(state, job).status == "cancelled"
        assert processes_of(job) == []
        done = ended(state, waiting)
    assert done.status == "done"
    assert done.result["unchanged"] > 0
    assert done.result["instances"] == 10_000


def test_a_cancelled_export_leaves_no_file(data: Path, state: State, undisturbed: Path) -> None:
    shutil.copytree(undisturbed, data, dirs_exist_ok=True)
    job = state.jobs.add(LOCAL, "export", {"state": "v=1&level=instance", "format": "jsonl"})
    with worker(data):
        (process,) = wait_for(lambda: processes_of(job), "its process")
        os.kill(process, signal.SIGSTOP)
        state.jobs.cancel(LOCAL, job.id)
        wait_for(lambda: _pending(process), "the signal")
        os.kill(process, signal.SIGCONT)
        stopped = ended(state, job)
    files = list((data / "state" / "exports").rglob("*.new")) if (data / "state" / "exports").exists() else []
    assert files == []
    assert stopped.status in ("cancelled", "done")


def _pending(process: int) -> bool:
    """Whether SIGINT waits for a process."""
    status = Path(f"/proc/{process}/status").read_text()
    masks = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith(("SigPnd", "ShdPnd"))]
    return any(mask & 1 << (signal.SIGINT - 1) for mask in masks)


def test_two_workers_do_each_job_once_and_one_at_a_time(data: Path, tmp_path: Path) -> None:
    source = hospital(tmp_path / "archive", series=4)
    limits = JobLimits(running=10, queued=10)
    with State.open(data, jobs=limits) as state:
        jobs = [state.jobs.add(LOCAL, "index", {"sources": [str(source)]}) for _ in range(6)]
        with worker(data, DICOMLAKE_JOBS_RUNNING="10"), worker(data, DICOMLAKE_JOBS_RUNNING="10"):
            done = [ended(state, job) for job in jobs]
    assert {(job.status, job.attempts) for job in done} == {("done", 1)}
    times = sorted((job.started, job.finished) for job in done)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(times))
    assert sum(job.result["indexed"] for job in done) == 32


def test_a_job_waits_for_another_process_that_indexes(data: Path, state: State, tmp_path: Path) -> None:
    source = hospital(tmp_path / "archive")
    job = state.jobs.add(LOCAL, "index", {"sources": [str(source)]})
    with worker(data):
        with Lake.open_for_writing(data):
            wait_for(lambda: (state.jobs.find(job.id).progress or {}).get("phase") == "waiting", "the waiting")
            assert "another process" in state.jobs.find(job.id).progress["message"]
        assert ended(state, job).status == "done"


def test_a_worker_waits_for_a_state_and_takes_the_next_one(data: Path, tmp_path: Path) -> None:
    source = hospital(tmp_path / "archive")
    with worker(data) as process:
        for _ in range(2):
            with State.open(data) as state:
                assert ended(state, state.jobs.add(LOCAL, "index", {"sources": [str(source)]})).status == "done"
            shutil.rmtree(data)
        assert process.poll() is None
    assert not data.exists()


def test_what_is_indexed_is_what_the_command_indexes(data: Path, state: State, tmp_path: Path) -> None:
    source = hospital(tmp_path / "archive")
    dicom_file(source / "more.dcm", uid="1.9.9", series="1.9", study="1.8")
    run_all(data, state, ("index", {"sources": [str(source)]}))
    index(tmp_path / "other", source)
    assert content(data) == content(tmp_path / "other")

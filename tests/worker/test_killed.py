"""Whatever ends a worker or a job's process, the job is done once, and its lake is that of an undisturbed run."""

import os
import signal
from pathlib import Path

import httpx
import pytest

from dicomlake.state import LOCAL, State
from tests.cli.test_serve import end, serving
from tests.indexer.builders import content
from tests.worker.work import ended, kill, processes_of, under_way, wait_for, worker


@pytest.mark.parametrize("victim", ["worker", "job", "both"])
def test_a_job_that_was_killed_ends_like_an_undisturbed_one(
    data: Path, state: State, archive: Path, undisturbed: Path, victim: str
) -> None:
    job = state.jobs.add(LOCAL, "index", {"sources": [str(archive)]})
    with worker(data, DICOMLAKE_WORKERS="1") as first:
        under_way(state, job, done=100)
        (process,) = processes_of(job)
        if victim != "worker":
            kill(process)
        if victim != "job":
            first.kill()
        with worker(data, DICOMLAKE_WORKERS="1"):
            done = ended(state, job)
    assert (done.status, done.attempts) == ("done", 2), done
    assert done.result is not None
    assert done.result["instances"] == 8_000
    assert content(data) == content(undisturbed)
    assert processes_of(job) == []


def test_a_job_whose_process_is_killed_again_and_again_fails(data: Path, state: State, archive: Path) -> None:
    job = state.jobs.add(LOCAL, "index", {"sources": [str(archive)]})
    with worker(data):
        for attempt in (1, 2, 3):
            wait_for(lambda attempt=attempt: state.jobs.find(job.id).attempts == attempt, "the next attempt")
            (process,) = wait_for(lambda: processes_of(job), "its process")
            kill(process)
        failed = ended(state, job)
        assert failed.error is not None
        assert (failed.status, failed.error["code"]) == ("failed", "job-lost")
        again = state.jobs.add(LOCAL, "retry", {})
        assert ended(state, again).error is not None  # and the worker goes on: there is no lake


def test_a_worker_that_ends_gives_its_job_back(data: Path, state: State, archive: Path, undisturbed: Path) -> None:
    job = state.jobs.add(LOCAL, "index", {"sources": [str(archive)]})
    with worker(data, DICOMLAKE_WORKERS="1") as first:
        under_way(state, job, done=100)
        first.terminate()
        assert first.wait(timeout=30) == 0
    back = state.jobs.find(job.id)
    assert (back.status, back.attempts) == ("queued", 0)
    with worker(data):
        assert ended(state, job).status == "done"
    assert content(data) == content(undisturbed)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_service_that_is_started_again_goes_on(data: Path, archive: Path, how: signal.Signals) -> None:
    with serving(data, "--new", "--no-ui") as (process, addresses):
        jobs = addresses["api"] + "/api/v1/jobs"
        body = {"kind": "index", "arguments": {"sources": [str(archive)]}}
        job = httpx.post(jobs, json=body).raise_for_status().json()
        wait_for(lambda: (httpx.get(f"{jobs}/{job['id']}").json()["progress"] or {}).get("done"), "its beginning")
        if how == signal.SIGKILL:
            os.kill(process.pid, how)
            process.wait()
        else:
            assert end(process, how) == (0, "")
    with State.open(data) as state:
        claimed = state.jobs.find(job["id"])
        wait_for(lambda: not processes_of(claimed), "the end of its process with the service")
    with serving(data, "--new", "--no-ui") as (process, addresses):
        with State.open(data) as state:
            assert ended(state, claimed).status == "done"
        answer = httpx.post(addresses["api"] + "/api/v1/search", json={"limit": 0}).json()
        assert answer["totals"]["instances"] == 8_000
        assert end(process, signal.SIGINT) == (0, "")


def test_when_the_worker_dies_the_service_ends_and_says_so(undisturbed: Path) -> None:
    with serving(undisturbed, "--no-ui") as (process, _):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        (pid,) = [int(one) for one in children if b"worker" in Path(f"/proc/{one}/cmdline").read_bytes()]
        kill(pid)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 1
        assert err.startswith("dicomlake: the worker has ended by itself (code -9)")


def test_the_service_leaves_no_worker_behind(undisturbed: Path) -> None:
    with serving(undisturbed, "--no-ui", "--json") as (process, _):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert children
        assert end(process, signal.SIGINT) == (0, "")
    assert [one for one in children if Path(f"/proc/{one}").exists()] == []

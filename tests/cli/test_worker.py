"""``dicomlake worker`` runs the jobs of a service that runs none; a service may begin without a lake."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx

from dicomlake.state import State
from tests.cli.run import command, environment_of
from tests.cli.test_serve import end, processes_with, serving
from tests.worker.work import ended


def test_a_service_without_worker_leaves_jobs_to_the_command(tmp_path: Path) -> None:
    lake, log = tmp_path / "lake", tmp_path / "log"
    with serving(lake, "--new", "--no-ui", "--no-worker") as (process, addresses), State.open(lake) as state:
        asked = httpx.post(addresses["api"] + "/api/v1/jobs", json={"kind": "sample", "arguments": {"patients": 1}})
        job = state.jobs.find(asked.raise_for_status().json()["id"])
        assert job.status == "queued"
        with (
            log.open("wb") as out,
            subprocess.Popen(
                [sys.executable, "-m", "dicomlake", "worker", "--data", lake],
                stdout=out,
                stderr=out,
                env=environment_of(),
            ) as worker,
        ):
            assert ended(state, job).status == "done"
            worker.send_signal(signal.SIGINT)
            assert worker.wait(timeout=30) == 0
        assert log.read_text().startswith(f"Running the jobs of {lake}.")
        assert httpx.get(addresses["api"] + "/api/v1/stats").json()["totals"]["patients"] > 0
        assert end(process, signal.SIGINT) == (0, "")
    assert processes_with(str(lake)) == []


def test_what_holds_something_else_is_no_place_for_a_lake(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    for words in (("serve", "--new", "--no-ui", "--port", "0"), ("worker",)):
        assert command(*words, "--data", tmp_path).failed_with(1, "is not empty and holds no lake")
    assert [one.name for one in tmp_path.iterdir()] == ["notes.txt"]

"""Jobs, over the wire: refused at once or queued, followed, cancelled, and their file fetched."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from dicomlake.state import LOCAL, JobLimits, State
from tests.api.service import REAL_FILES, Service, index, problem
from tests.worker.work import ended, worker

Serve = Callable[[Path], httpx.Client]
URL = "/api/v1/jobs"


def ask(client: httpx.Client, kind: str, **arguments: Any) -> dict[str, Any]:
    response = client.post(URL, json={"kind": kind, "arguments": arguments})
    assert response.status_code == 202, response.text
    job: dict[str, Any] = response.json()
    assert response.headers["Location"] == f"{URL}/{job['id']}"
    assert int(response.headers["Retry-After"]) >= 1
    return job


def test_a_job_waits_until_a_worker_takes_it(tmp_path: Path, serve: Serve) -> None:
    client = serve(tmp_path / "lake")
    job = ask(client, "index", sources=[str(tmp_path)])
    assert job == {
        "id": job["id"], "kind": "index", "arguments": {"sources": [str(tmp_path)], "prune": False},
        "status": "queued", "cancelling": False, "attempts": 0, "progress": None, "result": None, "error": None,
        "created": job["created"], "started": None, "finished": None,
    }  # fmt: skip
    one = client.get(f"{URL}/{job['id']}")
    assert one.json() == job
    assert client.get(f"{URL}/{job['id']}", headers={"If-None-Match": one.headers["ETag"]}).status_code == 304
    later = ask(client, "retry")
    assert [each["id"] for each in client.get(URL).json()["jobs"]] == [later["id"], job["id"]]


def test_a_job_is_cancelled_and_then_removed(tmp_path: Path, serve: Serve) -> None:
    client = serve(tmp_path)
    job = ask(client, "sample")
    with State.open(tmp_path) as state:
        running = state.jobs.claim("worker")
        assert running is not None
        asked = client.delete(f"{URL}/{job['id']}")
        assert (asked.status_code, asked.json()["status"], asked.json()["cancelling"]) == (202, "running", True)
        state.jobs.finish(running, "cancelled")
    assert client.get(f"{URL}/{job['id']}").json()["status"] == "cancelled"
    assert client.delete(f"{URL}/{job['id']}").status_code == 204
    problem(client.delete(f"{URL}/{job['id']}"), 404, "not-found")


@pytest.mark.parametrize(
    ("kind", "arguments", "code"),
    [
        ("index", {"sources": ["/no/such/folder"]}, "unusable-source"),
        ("index", {"sources": ["relative"]}, "unusable-source"),
        ("index", {"sources": ["/dev/null"]}, "unusable-source"),
        ("index", {"sources": ["/tmp\0/x"]}, "unusable-source"),
        ("index", {"sources": []}, "invalid-request"),
        ("index", {}, "invalid-request"),
        ("index", {"sources": ["/tmp"], "force": True}, "invalid-request"),
        ("import-idc", {"parquet": "/etc/passwd"}, "unusable-index-file"),
        ("import-idc", {"parquet": "/etc"}, "unusable-index-file"),
        ("import-idc", {"parquet": "/no/such/file"}, "unusable-source"),
        ("sample", {"patients": 0}, "invalid-request"),
        ("export", {"state": "v=1&q=Modalty:CT"}, "unknown-field"),
        ("export", {"state": "v=1&q=AND"}, "invalid-query"),
        ("export", {"state": "v=9"}, "unknown-link-version"),
        ("export", {"state": "v=1", "fields": ["Modalty"]}, "unknown-field"),
        ("export", {"state": "v=1&sort=PixelData"}, "bad-value"),
        ("export", {"state": "v=1", "format": "xlsx"}, "invalid-request"),
        ("retry", {"all": True}, "invalid-request"),
        ("format-disk", {}, "invalid-request"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    tmp_path: Path, serve: Serve, kind: str, arguments: dict[str, Any], code: str
) -> None:
    client = serve(tmp_path)
    problem(client.post(URL, json={"kind": kind, "arguments": arguments}), 422, code)
    assert client.get(URL).json() == {"jobs": []}


def test_the_data_folder_is_no_source(tmp_path: Path, serve: Serve) -> None:
    client = serve(tmp_path / "lake")
    client.get(URL)
    body = {"kind": "index", "arguments": {"sources": [str(tmp_path / "lake" / "state")]}}
    assert "data folder itself" in problem(client.post(URL, json=body), 422, "unusable-source")["detail"]


def test_the_queue_is_full_in_words(tmp_path: Path) -> None:
    with Service(tmp_path, jobs=JobLimits(queued=2)) as running, running.client() as client:
        for _ in range(2):
            ask(client, "retry")
        response = client.post(URL, json={"kind": "retry"})
        assert problem(response, 429, "queue-full")["limit"] == 2
        assert int(response.headers["Retry-After"]) >= 1


def test_the_file_of_an_export_is_that_of_the_export_at_once(tmp_path: Path, serve: Serve) -> None:
    data = tmp_path / "lake"
    index(data, REAL_FILES)
    client = serve(data)
    job = ask(client, "export", state="?v=1&f=Modality:CT", fields=["PatientID", "Modality"])
    assert problem(client.get(f"{URL}/{job['id']}/result"), 409, "job-not-done")["job_status"] == "queued"
    with State.open(data) as state, worker(data):
        ended(state, state.jobs.get(LOCAL, job["id"]))
    assert client.get(f"{URL}/{job['id']}").json()["status"] == "done"
    file = client.get(f"{URL}/{job['id']}/result")
    assert file.status_code == 200
    assert file.headers["Content-Type"].startswith("text/csv")
    assert file.headers["Content-Disposition"] == 'attachment; filename="dicomlake-series.csv"'
    whole = client.post("/api/v1/export", json={"filters": {"Modality": ["CT"]}, "fields": ["PatientID", "Modality"]})
    assert file.content == whole.content
    assert file.content.count(b"\n") > 1
    url, tag = f"{URL}/{job['id']}/result", file.headers["ETag"]
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(url, headers={"Range": "bytes=5-1"}).content == whole.content
    os.unlink(data / "state" / "exports" / job["id"] / "dicomlake-series.csv")
    problem(client.get(f"{URL}/{job['id']}/result"), 404, "not-found")
    other = ask(client, "retry")
    problem(client.get(f"{URL}/{other['id']}/result"), 409, "job-not-done")

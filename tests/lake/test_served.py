"""``dicomlake serve`` on a search server: the API, and jobs that the worker runs."""

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.cli.run import environment_of
from tests.lake.places import on_server
from tools.opensearch import Server

PATIENCE = 120.0


def test_a_job_indexes_the_sample_archive_into_a_new_lake_on_the_server(opensearch: Server, tmp_path: Path) -> None:
    with on_server(opensearch, tmp_path / "lake") as place:
        words = ["serve", "--new", "--no-ui", "--port", "0", "--json", "--data", str(place.data)]
        words += ["--engine", "opensearch", "--engine-url", opensearch.url]
        process = subprocess.Popen(
            [sys.executable, "-m", "dicomlake", *words],
            stdout=subprocess.PIPE,
            text=True,
            env=environment_of(DICOMLAKE_ENGINE_PREFIX=place.choice.prefix),
        )
        try:
            assert process.stdout is not None
            with httpx.Client(base_url=json.loads(process.stdout.readline())["api"], timeout=60) as client:
                assert client.get("/readyz").json()["code"] == "unusable-lake"
                asked = {"kind": "sample", "arguments": {"patients": 3}}
                job = client.post("/api/v1/jobs", json=asked).raise_for_status().json()
                end = time.monotonic() + PATIENCE
                while job["status"] in ("queued", "running"):
                    assert time.monotonic() < end, job
                    time.sleep(0.2)
                    job = client.get(f"/api/v1/jobs/{job['id']}").json()
                assert job["status"] == "done", job
                stats = client.get("/api/v1/stats").json()
                assert stats["totals"]["instances"] == job["result"]["instances"] > 50
                assert stats["index"]["engine"] == "opensearch"
                found = client.post("/api/v1/search", json={"facets": ["Modality"]}).raise_for_status().json()
                assert found["totals"]["series"] == sum(one["count"] for one in found["facets"]["Modality"])
        finally:
            process.terminate()
            process.communicate(timeout=60)
        assert place.command("stats").code == 0

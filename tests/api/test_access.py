import logging
import re
import time
from collections.abc import Callable

import httpx
import pytest

from api.search import examples


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_lines_hold_templates_and_nothing_of_the_request(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        client.get("/api/v1/search", params={"q": "PatientName:DOE", "filter": "PatientID:1CT1"})
        client.post("/api/v1/search", json={"q": "PatientName:DOE"})
        client.post("/api/v1/search", json={"q": "PatientNme:DOE"})
        client.get(f"/api/v1/studies/{examples.STUDY}")
        client.get("/api/v1/facets/Modality", params={"q": "PatientName:DOE"})
        client.get(f"/api/v1/images/instances/{examples.INSTANCE}/frames/0", params={"user": "DOE"})
        client.get("/patients/DOE")
        client.request("DOE", "/healthz")
        client.get("/healthz", headers={"Host": "doe.example"})
        wait_for(lambda: "GET - 403" in caplog.text)  # a line is written when its answer is out
    ours = [r.getMessage() for r in caplog.records if r.name.startswith(("dicomlake", "uvicorn", "fastapi"))]
    lines = [re.sub(r" [0-9.]+ ms$", "", line) for line in ours]
    assert lines == [
        "GET /api/v1/search 200",
        "POST /api/v1/search 200",
        "POST /api/v1/search 422",
        "GET /api/v1/studies/{uid} 200",
        "GET /api/v1/facets/{field} 200",
        "GET /api/v1/images/instances/{uid}/frames/{number} 403",
        "GET - 404",
        "OTHER /healthz 405",
        "GET - 403",
    ]

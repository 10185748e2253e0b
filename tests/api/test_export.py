"""Downloads of all hits over HTTP: whole or recognisably not, and nothing held when the client has gone."""

import csv
import io
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from dicomlake.engines.base import Record
from dicomlake.lake import Lake
from tests.api.service import Service, problem

MANY = 20_000
"""Series of a lake whose export is larger than what sockets hold."""


def rows(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    if response.headers["Content-Type"] == "application/x-ndjson":
        return [json.loads(line) for line in response.text.splitlines()]
    return list(csv.DictReader(io.StringIO(response.content.decode(), newline=""), strict=True))


@pytest.mark.parametrize("level", ["instance", "series", "study", "patient"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_every_hit_is_in_the_file(client: httpx.Client, level: str, form: str) -> None:
    asked = {"q": "-Modality:MR", "level": level}
    totals = client.post("/api/v1/search", json=asked | {"limit": 0}).json()["totals"]
    response = client.post("/api/v1/export", json=asked | {"format": form})
    unit = {"series": "series", "study": "studies"}.get(level, f"{level}s")
    assert len(rows(response)) == totals[unit] > 1
    assert response.headers["Content-Disposition"] == f'attachment; filename="dicomlake-{level}.{form}"'


def test_get_answers_as_post_does(client: httpx.Client) -> None:
    body = {"filters": {"Modality": ["CT", "MR"]}, "exclude": {"BodyPartExamined": [None]}, "sort": ["-StudyDate"]}
    posted = client.post("/api/v1/export", json=body | {"fields": ["SeriesInstanceUID", "KVP"]})
    parameters = {"filter": ["Modality:CT", "Modality:MR"], "exclude": "BodyPartExamined:", "sort": "-StudyDate"}
    got = client.get("/api/v1/export", params=parameters | {"fields": ["SeriesInstanceUID", "KVP"]})
    assert got.content == posted.content
    assert len(rows(got)) > 2
    assert got.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"q": "("}, "invalid-query"),
        ({"fields": ["Modalty"]}, "unknown-field"),
        ({"sort": ["PixelData"]}, "bad-value"),
        ({"format": "xlsx"}, "invalid-request"),
        ({"limit": 5}, "invalid-request"),
    ],
)
def test_what_cannot_be_answered_is_a_problem(client: httpx.Client, body: dict[str, Any], code: str) -> None:
    problem(client.post("/api/v1/export", json=body), 422, code)


def series(number: int, **more: Any) -> Record:
    """A series as an index declares it, with a description of some length."""
    common = {"Modality": "CT", "SeriesDescription": f"{number:09}" * 60, "SeriesInstanceUID": f"1.2.{number}"}
    shown = orjson.dumps({"common": common, "varied": {}, "instanceCount": 1, "bytes": 1})
    return Record("series", f"1.2.{number}", f"1.2.{number}", "1.1", "P1", shown=shown, **more)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    path = tmp_path_factory.mktemp("export") / "lake"
    with Lake.open_for_writing(path) as writing:
        writing.engine.put(series(number) for number in range(MANY))
        writing.engine.commit()
    with Service(path) as running:
        yield running


def test_an_answer_is_sent_while_it_is_made(large: Service) -> None:
    with large.client() as client, client.stream("GET", "/api/v1/export", params={"format": "jsonl"}) as response:
        assert "Content-Length" not in response.headers
        assert sum(1 for _ in response.iter_lines()) == MANY


def users(service: Service) -> int:
    held = service.app.state.lake._held
    return 0 if held is None else int(held.users)


def test_a_client_that_goes_leaves_nothing_behind(large: Service) -> None:
    address = httpx.URL(large.url)
    for _ in range(3):
        with socket.create_connection((address.host, address.port or 80), timeout=10) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.sendall(b"GET /api/v1/export?format=jsonl HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(4_096).startswith(b"HTTP/1.1 200")
            time.sleep(0.2)
            assert users(large) == 1
    deadline = time.monotonic() + 20
    while users(large) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert users(large) == 0


@pytest.mark.parametrize(("before", "accepted"), [(0, ""), (1_000, "identity"), (1_000, "gzip")])
def test_an_answer_that_breaks_off_can_be_told(tmp_path: Path, before: int, accepted: str) -> None:
    with Lake.open_for_writing(tmp_path / "lake") as writing:
        writing.engine.put(series(number) for number in range(before))
        writing.engine.put([series(before, kept=b"no headers at all")])
        writing.engine.commit()
    with Service(tmp_path / "lake") as service, service.client() as client:
        asked = {"fields": ["SeriesDescription", "RequestAttributesSequence.AccessionNumber"]}
        if not before:
            problem(client.post("/api/v1/export", json=asked), 503, "unusable-lake")
            return
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            client.post("/api/v1/export", json=asked, headers={"Accept-Encoding": accepted})
        assert users(service) == 0
        assert client.get("/healthz").status_code == 200


def test_a_download_has_an_address_that_tells_nothing(client: httpx.Client) -> None:
    body = {"filters": {"Modality": ["CT"]}, "fields": ["SeriesInstanceUID", "KVP"]}
    link = client.post("/api/v1/export/links", json=body).raise_for_status().json()
    assert "Modality" not in link["url"]
    for _ in range(2):
        got = client.get(link["url"], headers={"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"})
        assert got.headers["Content-Disposition"].startswith("attachment")
        assert got.text == client.post("/api/v1/export", json=body).text


def test_a_download_that_nobody_asked_for_is_refused(client: httpx.Client) -> None:
    problem(client.get("/api/v1/export/files/made-up"), 404, "not-found")
    problem(client.post("/api/v1/export/links", json={"format": "xlsx"}), 422, "invalid-request")

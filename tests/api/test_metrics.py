"""Numbers for Prometheus: right, of bounded size, and without anything that was asked for."""

from collections.abc import Callable
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from api.search import examples
from tests.api.service import Service


def numbers(client: httpx.Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    response = client.get("/metrics")
    assert response.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def counted(client: httpx.Client, route: str, status: str) -> float:
    labels = {("method", "GET"), ("route", route), ("status", status)}
    return numbers(client).get(("dicomlake_requests_total", frozenset(labels)), 0)


def test_requests_are_counted_by_route_and_status(client: httpx.Client) -> None:
    route = "/api/v1/facets/{field}"
    before = counted(client, route, "200"), counted(client, route, "422"), counted(client, "-", "404")
    for path in ("Modality", "Manufacturer", "Modalty"):
        client.get(f"/api/v1/facets/{path}")
    client.get("/patients/DOE")
    after = counted(client, route, "200"), counted(client, route, "422"), counted(client, "-", "404")
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 1, 1]


def test_times_are_classed_by_route(client: httpx.Client) -> None:
    client.get("/healthz")
    found = numbers(client)
    labels = frozenset({("method", "GET"), ("route", "/healthz")})
    count = found["dicomlake_request_seconds_count", labels]
    assert count > 0
    assert found["dicomlake_request_seconds_bucket", labels | {("le", "+Inf")}] == count
    assert 0 < found["dicomlake_request_seconds_sum", labels] < count * 10


def test_the_index_is_described(client: httpx.Client) -> None:
    found = numbers(client)
    stats = client.get("/api/v1/stats").json()
    for unit in ("patients", "studies", "series", "instances"):
        assert found["dicomlake_lake_documents", frozenset({("unit", unit)})] == stats["totals"][unit]
    for status, count in stats["files"].items():
        assert found["dicomlake_lake_files", frozenset({("status", status)})] == count
    assert found["dicomlake_index_bytes", frozenset()] == stats["index"]["bytes"]
    info = frozenset({("engine", "embedded"), ("generation", stats["index"]["generation"])})
    assert found["dicomlake_index_info", info] == 1
    assert found["dicomlake_lake_ready", frozenset()] == 1


def test_nothing_of_a_request_is_in_them(client: httpx.Client) -> None:
    client.get("/api/v1/search", params={"q": "PatientName:SECRETNAME", "filter": "PatientID:SECRETNAME"})
    client.get("/api/v1/facets/SECRETNAME")
    client.get(f"/api/v1/studies/{examples.STUDY}")
    client.get("/SECRETNAME")
    client.request("SECRETNAME", "/healthz")
    text = client.get("/metrics").text
    assert "SECRETNAME" not in text
    assert examples.STUDY not in text


def test_without_a_lake_the_rest_is_there(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    found = numbers(serve(tmp_path / "nowhere"))
    assert found["dicomlake_lake_ready", frozenset()] == 0
    assert ("dicomlake_requests_running", frozenset()) in found


def test_two_services_of_a_process_count_for_themselves(lake: Path) -> None:
    with Service(lake) as one, Service(lake) as other, one.client() as asked, other.client() as idle:
        asked.get("/healthz")
        assert counted(asked, "/healthz", "200") == 1
        assert counted(idle, "/healthz", "200") == 0

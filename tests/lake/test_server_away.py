"""A service whose search server goes away says so, and goes on by itself when it is back."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx

from dicomlake.lake import Choice
from tests.api.service import Service, ask, problem, timeless
from tests.indexer.builders import hospital
from tests.lake.places import Place
from tools.opensearch import Cluster

PATIENCE = 60.0


def until(client: httpx.Client, status: int) -> httpx.Response:
    """The first answer of ``/readyz`` with this status."""
    end = time.monotonic() + PATIENCE
    while (answer := client.get("/readyz")).status_code != status:
        assert time.monotonic() < end, answer.text
        time.sleep(0.2)
    return answer


def test_a_server_that_is_killed_and_comes_back(opensearch_cluster: Callable[..., Cluster], tmp_path: Path) -> None:
    started = opensearch_cluster(heap="512m")
    (node,) = started.nodes
    place = Place(tmp_path / "lake", Choice("opensearch", "away", started.urls))
    assert place.command("index", hospital(tmp_path / "archive"), "--quiet").code == 3
    with Service(place.data, choice=place.choice) as service, service.client() as client:
        before = ask(client, q="Modality:CT", facets=["SliceThickness"], totals="exact", limit=3)
        assert before["cursor"]
        node.kill()
        for path in ("/api/v1/search?q=Modality:CT", "/api/v1/stats", "/api/v1/series/1.2.1", "/readyz"):
            answer = client.get(path)
            said = problem(answer, 503, "engine-away")
            assert int(answer.headers["Retry-After"]) > 0
            assert "127.0.0.1" not in said["detail"]
        assert client.get("/healthz").status_code == 200
        assert "dicomlake_lake_ready 0.0" in client.get("/metrics").text
        node.launch()
        started.wait()
        until(client, 200)
        after = ask(client, q="Modality:CT", facets=["SliceThickness"], totals="exact", limit=3)
        assert timeless(before) == timeless(after)
        rest = ask(client, q="Modality:CT", limit=3, cursor=before["cursor"])
        assert len(rest["hits"]) == 3


def test_a_service_that_starts_while_the_server_is_away_goes_on_when_it_is_there(
    opensearch_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    started = opensearch_cluster(heap="512m")
    (node,) = started.nodes
    place = Place(tmp_path / "lake", Choice("opensearch", "late", started.urls))
    assert place.command("index", hospital(tmp_path / "archive", series=2), "--quiet").code == 3
    node.kill()
    with Service(place.data, choice=place.choice) as service, service.client() as client:
        problem(client.get("/readyz"), 503, "engine-away")
        node.launch()
        started.wait()
        until(client, 200)
        assert ask(client)["totals"]["instances"] == 16

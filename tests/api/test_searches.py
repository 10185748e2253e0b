"""Searches that are kept, over the wire."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from dicomlake.state import SearchLimits
from tests.api.service import Service, problem

Serve = Callable[[Path], httpx.Client]
URL = "/api/v1/searches"


@pytest.fixture
def service_of(tmp_path: Path, serve: Serve) -> httpx.Client:
    """A service over a folder without a lake: searches need none."""
    return serve(tmp_path / "lake")


def keep(client: httpx.Client, **body: Any) -> dict[str, Any]:
    response = client.post(URL, json=body)
    assert response.status_code == 201, response.text
    kept: dict[str, Any] = response.json()
    assert response.headers["Location"] == f"{URL}/{kept['id']}"
    return kept


def test_a_search_is_kept_changed_and_forgotten(service_of: httpx.Client) -> None:
    kept = keep(service_of, state="?v=1&q=PatientName%3ADoe", name=" Does ")
    assert kept == {**kept, "name": "Does", "state": "v=1&q=PatientName%3ADoe", "shared": False}
    assert service_of.get(f"{URL}/{kept['id']}").json() == kept
    assert service_of.get(URL).json() == {"searches": [kept]}
    changed = service_of.patch(f"{URL}/{kept['id']}", json={"shared": True, "state": "v=1&q=lung"}).json()
    assert changed == {**kept, "shared": True, "state": "v=1&q=lung"}
    unnamed = service_of.patch(f"{URL}/{kept['id']}", json={"name": None, "shared": False}).json()
    assert unnamed["name"] is None
    assert service_of.get(URL).json() == {"searches": []}
    gone = service_of.delete(f"{URL}/{kept['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    for method in ("GET", "DELETE"):
        problem(service_of.request(method, f"{URL}/{kept['id']}"), 404, "not-found")


def test_the_same_search_without_a_name_has_the_same_id(service_of: httpx.Client) -> None:
    first, again = keep(service_of, state="v=1&q=lung"), keep(service_of, state="?v=1&q=lung", name=None)
    assert first["id"] == again["id"]
    assert service_of.get(URL).json() == {"searches": []}


def test_what_has_not_changed_is_not_sent_again(service_of: httpx.Client) -> None:
    kept = keep(service_of, state="v=1&q=lung", name="Lungs")
    for url in (URL, f"{URL}/{kept['id']}"):
        tag = service_of.get(url).headers["ETag"]
        assert service_of.get(url, headers={"If-None-Match": tag}).status_code == 304
        service_of.patch(f"{URL}/{kept['id']}", json={"name": f"Lungs {url}"})
        assert service_of.get(url, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"state": "v=2&q=lung"}, "unknown-link-version"),
        ({"state": "v=1&w=lung"}, "invalid-query"),
        ({"state": "v=1&q=%FF"}, "invalid-query"),
        ({"state": "v=1&q=\ud800"}, "invalid-request"),
        ({"state": "v=1", "name": ""}, "invalid-request"),
        ({"state": "v=1", "name": "a\nb"}, "invalid-request"),
        ({"state": "v=1", "name": "x" * 201}, "invalid-request"),
        ({"state": "v=1", "shared": 1}, "invalid-request"),
        ({"state": "v=1", "owner": "me"}, "invalid-request"),
        ({"name": "no search"}, "invalid-request"),
        ({"state": "v=1&q=" + "x" * 70_000}, "invalid-query"),
        ({"state": "v=1" + "&f=Modality:" + "x" * 9_000 + "&x=Modality:y" * 5_000}, "invalid-query"),
        ({"state": "v=1" + ("&f=Modality:" + "x" * 9_000) * 10}, "invalid-request"),
    ],
)
def test_what_is_no_search_is_refused(service_of: httpx.Client, body: dict[str, Any], code: str) -> None:
    response = service_of.post(URL, content=json.dumps(body), headers={"Content-Type": "application/json"})
    problem(response, 422, code)


def test_a_name_is_taken_and_the_shelf_is_full_in_words(tmp_path: Path) -> None:
    with Service(tmp_path, searches=SearchLimits(named=2)) as running, running.client() as client:
        keep(client, state="v=1", name="A")
        problem(client.post(URL, json={"state": "v=1", "name": "A"}), 409, "name-taken")
        keep(client, state="v=1", name="B")
        assert problem(client.post(URL, json={"state": "v=1", "name": "C"}), 409, "limit-reached")["limit"] == 2


def test_an_id_that_is_none_is_refused(service_of: httpx.Client) -> None:
    for id in ("x", "0" * 31, "0" * 33, "G" * 32):
        problem(service_of.get(f"{URL}/{id}"), 422, "invalid-request")
    problem(service_of.get(f"{URL}/{'0' * 32}"), 404, "not-found")


def test_a_state_that_cannot_be_used_is_said_and_the_rest_answers(tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.sqlite").write_text("no database " * 1_000)
    client = serve(tmp_path)
    problem(client.get(URL), 503, "unusable-state")
    assert client.get("/api/v1/fields").status_code == 200
    os.unlink(tmp_path / "state" / "state.sqlite")
    assert client.get(URL).json() == {"searches": []}

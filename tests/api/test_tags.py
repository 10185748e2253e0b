"""Answers that the client has already are not sent again; large ones are sent compressed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from api.search import examples
from tests.api.service import index
from tests.builders import dicom_file

TAGGED = [
    "/api/v1/search?q=Modality:CT&facets=Modality",
    "/api/v1/facets/Modality",
    "/api/v1/histogram/SliceThickness",
    "/api/v1/fields/Modality",
    f"/api/v1/studies/{examples.STUDY}",
    f"/api/v1/series/{examples.SERIES}",
    f"/api/v1/instances/{examples.INSTANCE}",
    f"/api/v1/instances/{examples.INSTANCE}/dicom",
    f"/api/v1/instances/{examples.INSTANCE}/tree",
    "/api/v1/export?format=jsonl",
    "/api/v1/quality",
]


@pytest.mark.parametrize("url", TAGGED)
def test_what_the_client_has_is_not_sent_again(client: httpx.Client, url: str) -> None:
    first = client.get(url)
    assert first.status_code == 200
    tag = first.headers["ETag"]
    for sent in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = client.get(url, headers={"If-None-Match": sent})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_another_request_has_another_tag(client: httpx.Client) -> None:
    tags = {client.get(url).headers["ETag"] for url in TAGGED}
    tags |= {client.get("/api/v1/facets/Modality?q=Modality:CT").headers["ETag"]}
    kinds = {"Accept": "application/dicom+json"}
    tags |= {client.get(f"/api/v1/instances/{examples.INSTANCE}", headers=kinds).headers["ETag"]}
    assert len(tags) == len(TAGGED) + 2


def test_a_commit_changes_the_tag_and_a_lake_made_anew_too(
    tmp_path: Path, serve: Callable[[Path], httpx.Client]
) -> None:
    lake, source = tmp_path / "lake", tmp_path / "source"
    dicom_file(source / "1.dcm", uid="1.2.3.1")
    index(lake, source)
    client = serve(lake)
    tag = client.get("/api/v1/facets/Modality").headers["ETag"]
    assert client.get("/api/v1/facets/Modality", headers={"If-None-Match": tag}).status_code == 304
    dicom_file(source / "2.dcm", uid="1.2.3.2")
    index(lake, source)
    changed = client.get("/api/v1/facets/Modality", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    lake.rename(tmp_path / "old")
    index(lake, source)
    assert client.get("/api/v1/facets/Modality").headers["ETag"] not in (tag, changed.headers["ETag"])


def test_errors_and_answers_to_posts_have_no_tag(client: httpx.Client) -> None:
    for response in (
        client.get("/api/v1/facets/Modalty"),
        client.get("/api/v1/instances/1.2.404"),
        client.post("/api/v1/search", json={}),
        client.get("/api/v1/stats"),
        client.get("/api/v1/suggest?q=Mod"),
    ):
        assert "ETag" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"


def test_a_refused_request_is_refused_whatever_the_client_has(client: httpx.Client) -> None:
    response = client.get("/api/v1/facets/Modality", headers={"If-None-Match": "*", "Host": "evil.example"})
    assert response.status_code == 403


def sizes(client: httpx.Client, method: str, url: str, **asked: Any) -> dict[str, int]:
    found = {}
    for encoding in ("identity", "gzip"):
        request = client.build_request(method, url, headers={"Accept-Encoding": encoding}, **asked)
        response = client.send(request, stream=True)
        found[encoding] = sum(len(chunk) for chunk in response.iter_raw())
        assert ("Content-Encoding" in response.headers) == (encoding == "gzip" and found[encoding] > 0)
        response.close()
    return found


def test_large_answers_shrink_for_clients_that_take_it(client: httpx.Client) -> None:
    for method, url, asked in (
        ("POST", "/api/v1/search", {"json": {"limit": 100}}),
        ("GET", f"/api/v1/instances/{quote(examples.INSTANCE)}", {}),
        ("GET", "/api/v1/fields", {}),
    ):
        found = sizes(client, method, url, **asked)
        assert found["gzip"] * 3 < found["identity"]


def test_small_answers_are_sent_as_they_are(client: httpx.Client) -> None:
    response = client.get("/healthz", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response.headers

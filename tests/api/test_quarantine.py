"""What could not be indexed, over the wire."""

from pathlib import Path

import httpx

from dicomlake.lake import Lake
from tests.api.service import problem


def test_every_file_in_quarantine_is_listed_page_by_page(client: httpx.Client, lake: Path) -> None:
    with Lake.open(lake) as opened:
        expected = [(one.location, one.offset, one.reason, one.detail) for one in opened.catalog.files("quarantined")]
    assert len(expected) > 2
    first = client.get("/api/v1/quarantine", params={"limit": 2}).json()
    assert (first["total"], first["page"], first["pages"]) == (len(expected), 1, -(-len(expected) // 2))
    found = []
    for page in range(1, first["pages"] + 1):
        found += client.get("/api/v1/quarantine", params={"limit": 2, "page": page}).json()["files"]
    assert [(one["location"], one["offset"], one["code"], one["reason"]) for one in found] == expected
    assert all(one["seen"].startswith("20") and one["source"] for one in found)
    assert client.get("/api/v1/quarantine", params={"page": 1_000}).json()["files"] == []


def test_one_reason_at_a_time(client: httpx.Client) -> None:
    whole = client.get("/api/v1/quarantine").json()
    assert sum(whole["codes"].values()) == whole["total"] == len(whole["files"])
    for code, count in whole["codes"].items():
        some = client.get("/api/v1/quarantine", params={"code": code}).json()
        assert (some["total"], {one["code"] for one in some["files"]}) == (count, {code})
    assert client.get("/api/v1/quarantine", params={"code": "none"}).json()["total"] == 0


def test_pages_that_are_none_are_refused(client: httpx.Client) -> None:
    for query in ("page=0", "limit=0", "limit=1001", "skip=1"):
        problem(client.get(f"/api/v1/quarantine?{query}"), 422, "invalid-request")

import json
from typing import Any

import httpx
import pytest

from tests.api.service import ask, problem


def test_unknown_field_is_named_with_position_and_nearest(client: httpx.Client) -> None:
    content = problem(client.post("/api/v1/search", json={"q": "CT AND Modalty:MR"}), 422, "unknown-field")
    assert content["field"] == "Modalty"
    assert content["position"] == 7
    assert "Modality" in content["nearest"]


@pytest.mark.parametrize(
    "request_",
    [{"filters": {"Modalty": ["CT"]}}, {"facets": ["Modalty"]}, {"sort": ["-Modalty"]}, {"fields": ["Modalty"]}],
)
def test_unknown_fields_are_named_wherever_they_are(client: httpx.Client, request_: dict[str, Any]) -> None:
    content = problem(client.post("/api/v1/search", json=request_), 422, "unknown-field")
    assert content["field"] == "Modalty"
    assert content["nearest"][0] == "Modality"


@pytest.mark.parametrize(
    ("q", "code"),
    [
        ("Modality:[CT TO MR]", "bad-value"),
        ("SliceThickness:thin", "bad-value"),
        ("StudyDate:[yesterday TO *]", "bad-value"),
        ("PixelData:[1 TO 2]", "bad-value"),
        ("(Modality:CT", "invalid-query"),
        ("Modality:", "invalid-query"),
        ('"open', "invalid-query"),
        ("(" * 500, "invalid-query"),
    ],
)
def test_queries_that_cannot_be_understood_are_refused(client: httpx.Client, q: str, code: str) -> None:
    content = problem(client.post("/api/v1/search", json={"q": q}), 422, code)
    assert isinstance(content["position"], int)


def test_altered_and_foreign_cursors_are_refused(client: httpx.Client) -> None:
    cursor = ask(client, limit=1)["cursor"]
    altered = ("B" if cursor[0] == "A" else "A") + cursor[1:]
    for bad in (cursor[:-2], altered, "x", "ä", "=" * 50, "A" * 1_000):
        problem(client.post("/api/v1/search", json={"limit": 1, "cursor": bad}), 422, "invalid-cursor")
    for other in ({"q": "Modality:CT"}, {"level": "study"}, {"sort": ["StudyDate"]}, {"filters": {"Modality": ["CT"]}}):
        problem(client.post("/api/v1/search", json={**other, "cursor": cursor}), 422, "invalid-cursor")


def test_unknown_members_are_named(client: httpx.Client) -> None:
    content = problem(client.post("/api/v1/search", json={"query": "CT", "facet": []}), 422, "invalid-request")
    assert [(e["location"], e["field"]) for e in content["errors"]] == [("body", "query"), ("body", "facet")]
    assert content["detail"].startswith("query: ")
    content = problem(client.get("/api/v1/search", params={"facet": "Modality"}), 422, "invalid-request")
    assert [(e["location"], e["field"]) for e in content["errors"]] == [("query", "facet")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"limit": 1_001}, "limit"),
        ({"limit": -1}, "limit"),
        ({"limit": "10"}, "limit"),
        ({"limit": True}, "limit"),
        ({"facet_limit": 0}, "facet_limit"),
        ({"facet_limit": 10_001}, "facet_limit"),
        ({"level": "Series"}, "level"),
        ({"totals": "some"}, "totals"),
        ({"q": None}, "q"),
        ({"q": "x" * 10_001}, "q"),
        ({"sort": "StudyDate"}, "sort"),
        ({"sort": ["Modality"] * 4}, "sort"),
        ({"facets": ["Modality"] * 65}, "facets"),
        ({"facets": [""]}, "facets.0"),
        ({"fields": ["x" * 1_025]}, "fields.0"),
        ({"filters": ["Modality"]}, "filters"),
        ({"filters": {"Modality": "CT"}}, "filters.Modality"),
        ({"filters": {"Modality": [True]}}, "filters.Modality.0"),
        ({"filters": {"Modality": [["CT"]]}}, "filters.Modality.0"),
        ({"filters": {"Modality": ["CT", {"not": "MR"}]}}, "filters.Modality.1"),
        ({"filters": {"Rows": [2**63]}}, "filters.Rows.0"),
        ({"filters": {"Modality": ["x" * 16_385]}}, "filters.Modality.0"),
        ({"filters": {"Modality": ["x"] * 1_001}}, "filters.Modality"),
        ({"cursor": 7}, "cursor"),
    ],
)
def test_values_beyond_the_schema_name_their_field(client: httpx.Client, body: dict[str, Any], field: str) -> None:
    content = problem(client.post("/api/v1/search", json=body), 422, "invalid-request")
    assert [e["field"] for e in content["errors"]] == [field]


@pytest.mark.parametrize(
    "body", ['{"q": "\\ud800"}', '{"filters": {"\\udfff": []}}', '{"cursor": "\\ud800"}', '{"facets": ["\\ud800"]}']
)
def test_half_surrogates_are_refused(client: httpx.Client, body: str) -> None:
    response = client.post("/api/v1/search", content=body, headers={"Content-Type": "application/json"})
    problem(response, 422, "invalid-request")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(client: httpx.Client, value: str) -> None:
    body = f'{{"filters": {{"SliceThickness": [{value}]}}}}'
    response = client.post("/api/v1/search", content=body, headers={"Content-Type": "application/json"})
    problem(response, 422, "invalid-request")


@pytest.mark.parametrize("body", [b'{"q": ', b"", b"nonsense", b'{"q": "\xff"}', b"[" * 100_000, b"9" * 5_000])
def test_bodies_that_are_no_json_are_refused(client: httpx.Client, body: bytes) -> None:
    response = client.post("/api/v1/search", content=body, headers={"Content-Type": "application/json"})
    if body:
        problem(response, 400, "malformed-json")
    else:
        problem(response, 422, "invalid-request")


def test_position_of_broken_json_is_told(client: httpx.Client) -> None:
    response = client.post("/api/v1/search", content='{"q": 1,}', headers={"Content-Type": "application/json"})
    assert problem(response, 400, "malformed-json")["position"] == 8


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_bodies_of_other_types_are_refused(client: httpx.Client, kind: str) -> None:
    response = client.post("/api/v1/search", content='{"q": "CT"}', headers={"Content-Type": kind} if kind else {})
    problem(response, 415, "unsupported-media-type")


def test_large_bodies_are_refused(client: httpx.Client) -> None:
    response = client.post(
        "/api/v1/search", content=json.dumps({"q": "x" * 2_000_000}), headers={"Content-Type": "application/json"}
    )
    problem(response, 413, "body-too-large")


def test_body_that_is_no_object_is_refused(client: httpx.Client) -> None:
    for body in ([], 3, "CT", None):
        problem(client.post("/api/v1/search", json=body), 422, "invalid-request")


@pytest.mark.parametrize("filter", ["Modality", "", ":CT", "Modality CT", '(0009,"A:B",04', "(0009,0010)CT"])
def test_filters_of_another_form_are_refused(client: httpx.Client, filter: str) -> None:
    content = problem(client.get("/api/v1/search", params={"filter": filter}), 422, "invalid-request")
    assert content["errors"][0]["field"] == "filter.0"

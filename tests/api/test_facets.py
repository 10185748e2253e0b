from typing import Any
from urllib.parse import quote

import httpx
import pytest

from api.facets.schemas import FacetAnswer
from tests.api.service import problem


def facet(client: httpx.Client, field: str, **parameters: Any) -> dict[str, Any]:
    response = client.get(f"/api/v1/facets/{quote(field, safe='')}", params=parameters)
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    FacetAnswer.model_validate(content)
    return content


@pytest.mark.parametrize("field", ["Modality", "Manufacturer.canonical", '(0009,"GEMS_IDEN_01",04)', "(0008,0060)"])
@pytest.mark.parametrize("level", ["instance", "series", "study"])
def test_values_are_those_of_the_search(client: httpx.Client, field: str, level: str) -> None:
    request = {"facets": [field], "q": "-Modality:MR", "level": level, "limit": 0}
    searched = client.post("/api/v1/search", json=request).json()["facets"][field]
    assert facet(client, field, q="-Modality:MR", level=level)["values"] == searched


def test_own_filter_is_ignored_and_others_are_not(client: httpx.Client) -> None:
    free = facet(client, "Modality")["values"]
    chosen = facet(client, "Modality", filter="Modality:CT")["values"]
    assert [(v["value"], v["count"]) for v in chosen] == [(v["value"], v["count"]) for v in free]
    assert [v["value"] for v in chosen if v["selected"]] == ["CT"]
    narrowed = facet(client, "Modality", filter=["Manufacturer.canonical:Siemens Healthineers", "Modality:CT"])[
        "values"
    ]
    assert sum(v["count"] for v in narrowed) < sum(v["count"] for v in free)


def test_limit_says_whether_there_are_more(client: httpx.Client) -> None:
    everything = facet(client, "Modality", limit=1_000)
    assert not everything["more"]
    some = facet(client, "Modality", limit=2)
    assert some["more"]
    assert some["values"] == everything["values"][:2]


def test_selected_values_are_listed_beyond_the_limit(client: httpx.Client) -> None:
    chosen = ["Modality:XA", "Modality:CT", "Modality:nothing is this", "Modality:"]
    values = facet(client, "Modality", limit=1, filter=chosen)["values"]
    assert {v["value"] for v in values if v["selected"]} == {"XA", "CT", "nothing is this", None}
    found = facet(client, "Modality", limit=1, filter=chosen, contains="US")["values"]
    assert {v["value"] for v in found if v["selected"]} == {"XA", "CT", "nothing is this", None}


def test_values_are_searched_without_case_or_accents(client: httpx.Client) -> None:
    found = facet(client, "Manufacturer", contains="GÉ med")["values"]
    assert found
    assert all("ge med" in v["value"].lower() for v in found)
    assert facet(client, "Manufacturer", contains="nobody makes this")["values"] == []


def test_unknown_field_is_told_with_nearest(client: httpx.Client) -> None:
    content = problem(client.get("/api/v1/facets/Modalty"), 422, "unknown-field")
    assert content["nearest"][0] == "Modality"


def test_field_without_values_to_count_is_refused(client: httpx.Client) -> None:
    problem(client.get("/api/v1/facets/RequestAttributesSequence"), 422, "bad-value")


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 10_001}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"level": "slice"}, "level"),
        ({"contains": "x" * 201}, "contains"),
        ({"filter": "Modality"}, "filter.0"),
        ({"facets": "Modality"}, "facets"),
    ],
)
def test_parameters_beyond_the_schema_are_named(client: httpx.Client, parameters: dict[str, Any], field: str) -> None:
    content = problem(client.get("/api/v1/facets/Modality", params=parameters), 422, "invalid-request")
    assert [(e["location"], e["field"]) for e in content["errors"]] == [("query", field)]


def test_a_broken_query_is_told(client: httpx.Client) -> None:
    problem(client.get("/api/v1/facets/Modality", params={"q": "("}), 422, "invalid-query")
    problem(client.get("/api/v1/facets/Modality", params={"q": "SliceThickness:x"}), 422, "bad-value")


def test_excluded_values_are_left_out_and_marked(client: httpx.Client) -> None:
    free = facet(client, "Modality")["values"]
    marked = facet(client, "Modality", exclude=["Modality:CT", "Modality:"])["values"]
    assert [(v["value"], v["count"]) for v in marked] == [(v["value"], v["count"]) for v in free]
    assert {v["value"] for v in marked if v.get("excluded")} == {"CT", None}
    asked = {"exclude": {"Modality": ["CT", None]}, "facets": ["Modality"], "limit": 1_000}
    answer = client.post("/api/v1/search", json=asked).json()
    assert answer["facets"]["Modality"] == marked
    assert answer["hits"]
    assert all(hit["Modality"] != "CT" and "CT" not in list(hit["Modality"]) for hit in answer["hits"])
    got = client.get("/api/v1/search", params={"exclude": ["Modality:CT", "Modality:"], "limit": 1_000}).json()
    assert got["hits"] == answer["hits"]


def test_values_come_in_their_order_when_asked(client: httpx.Client) -> None:
    values = [v["value"] for v in facet(client, "SliceThickness", sort="value")["values"]]
    assert values[-1] is None
    assert values[:-1] == sorted(values[:-1])
    assert len(values) > 5
    problem(client.get("/api/v1/facets/Modality", params={"sort": "size"}), 422, "invalid-request")

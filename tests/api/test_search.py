from typing import Any

import httpx
import pytest

from api.search.answers import SearchAnswer
from tests.api.service import IDENTITY, ask, problem, timeless


def pages(client: httpx.Client, **request: Any) -> list[dict[str, Any]]:
    """Every hit of a search, page after page."""
    hits: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = ask(client, cursor=cursor, **request)
        hits += answer["hits"]
        cursor = answer["cursor"]
        if cursor is None:
            return hits
        assert answer["hits"]


def test_empty_request_finds_everything(client: httpx.Client) -> None:
    answer = ask(client)
    assert answer["totals"]["instances"] > 60
    assert len(answer["hits"]) == min(50, answer["totals"]["series"])
    assert {hit["level"] for hit in answer["hits"]} == {"series"}
    assert answer["approximate"] == []


@pytest.mark.parametrize("level", IDENTITY)
def test_each_level_has_its_hits(client: httpx.Client, level: str) -> None:
    answer = ask(client, level=level, q="Modality:CT", facets=["Modality"])
    assert answer["hits"]
    assert {hit["level"] for hit in answer["hits"]} == {level}
    assert all(hit["Modality"] == "CT" or "CT" in hit["Modality"] for hit in answer["hits"])
    counted = "instances" if level == "instance" else "series"
    assert {"value": "CT", "count": answer["totals"][counted], "selected": False} in answer["facets"]["Modality"]


@pytest.mark.parametrize("level", ["instance", "series", "study", "patient"])
@pytest.mark.parametrize("sort", [[], ["-StudyDate"], ["Modality", "-SliceThickness"]])
def test_cursors_lead_to_every_hit_once(client: httpx.Client, level: str, sort: list[str]) -> None:
    hits = pages(client, level=level, sort=sort, limit=7)
    whole = ask(client, level=level, sort=sort, limit=1_000)
    assert [timeless(hit) for hit in hits] == [timeless(hit) for hit in whole["hits"]]
    assert len(hits) == whole["totals"][{"series": "series", "study": "studies"}.get(level, level + "s")]
    if level != "patient":
        assert len({hit[IDENTITY[level]] for hit in hits}) == len(hits)


@pytest.mark.parametrize("level", ["instance", "series", "study", "patient"])
def test_any_number_of_hits_can_be_left_out_and_cursors_lead_on(client: httpx.Client, level: str) -> None:
    asked = {"level": level, "sort": ["-StudyDate"], "limit": 5}
    whole = [timeless(hit) for hit in ask(client, **asked | {"limit": 1_000})["hits"]]
    begun = ask(client, skip=3, **asked)
    assert [timeless(hit) for hit in begun["hits"]] == whole[3:8]
    behind = ask(client, cursor=begun["cursor"], skip=1, **asked)
    assert [timeless(hit) for hit in behind["hits"]] == whole[9:14]
    beyond = ask(client, skip=len(whole), facets=["Modality"], **asked)
    assert (beyond["hits"], beyond["cursor"]) == ([], None)
    assert beyond["totals"] == begun["totals"]
    assert beyond["facets"]["Modality"]


def test_facet_counts_are_what_choosing_the_value_finds(client: httpx.Client) -> None:
    for name in ("Modality", "Manufacturer.canonical", "BodyPartExamined", "SliceThickness"):
        values = ask(client, facets=[name], limit=0)["facets"][name]
        assert values
        for value in values:
            chosen = ask(client, filters={name: [value["value"]]}, facets=[name], limit=0)
            assert chosen["totals"]["series"] == value["count"]
            assert value | {"selected": True} in chosen["facets"][name]  # a facet ignores its own filter


def test_selected_values_stay_listed_with_zero(client: httpx.Client) -> None:
    answer = ask(client, q="Modality:MR", filters={"Modality": ["CT"]}, facets=["Modality"])
    assert answer["hits"] == []
    assert {"value": "CT", "count": 0, "selected": True} in answer["facets"]["Modality"]


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        ({}, {}),
        ({"q": "Modality:CT", "level": "study"}, {"q": "Modality:CT", "level": "study"}),
        (
            {"filters": {"Modality": ["CT", "MR"], "BodyPartExamined": [None]}, "facets": ["Modality", "PatientSex"]},
            {"filter": ["Modality:CT", "Modality:MR", "BodyPartExamined:"], "facets": ["Modality", "PatientSex"]},
        ),
        ({"filters": {"SliceThickness": [5.0]}}, {"filter": "SliceThickness:5"}),
        ({"filters": {"StudyTime": ["072730"]}}, {"filter": "StudyTime:072730"}),
        (
            {"filters": {'(0009,"GEMS_IDEN_01",04)': ["HiSpeed CT/i"]}, "fields": ["KVP"], "level": "instance"},
            {"filter": '(0009,"GEMS_IDEN_01",04):HiSpeed CT/i', "fields": "KVP", "level": "instance"},
        ),
        (
            {
                "sort": ["-StudyDate", "Modality"],
                "limit": 3,
                "totals": "fast",
                "facets": ["Modality"],
                "facet_limit": 2,
            },
            {
                "sort": ["-StudyDate", "Modality"],
                "limit": "3",
                "totals": "fast",
                "facets": "Modality",
                "facet_limit": "2",
            },
        ),
    ],
)
def test_get_answers_as_post_does(client: httpx.Client, body: dict[str, Any], parameters: dict[str, Any]) -> None:
    posted = ask(client, **body)
    got = client.get("/api/v1/search", params=parameters).json()
    assert posted["hits"]
    assert timeless(got) == timeless(posted)
    assert (got["cursor"] is None) == (posted["cursor"] is None)


def test_get_goes_on_with_the_cursor_of_post(client: httpx.Client) -> None:
    first = ask(client, filters={"Modality": ["CT", "MR"]}, limit=2, sort=["StudyDate"])
    asked = {"filter": ["Modality:CT", "Modality:MR"], "limit": 2, "sort": "StudyDate", "cursor": first["cursor"]}
    second = client.get("/api/v1/search", params=asked).json()
    whole = ask(client, filters={"Modality": ["CT", "MR"]}, limit=4, sort=["StudyDate"])
    assert first["hits"] + second["hits"] == whole["hits"]


def test_private_names_with_colons_are_read_whole(client: httpx.Client) -> None:
    answer = client.get(
        "/api/v1/search", params={"filter": '(0009,"A:B.C",04):x:y', "facets": '(0009,"A:B.C",04)'}
    ).json()
    (facet,) = answer["facets"].values()
    assert {"value": "x:y", "count": 0, "selected": True} in facet


def test_ranges_and_histograms_are_the_same_in_a_body_and_in_a_link(client: httpx.Client) -> None:
    ranges = {"SliceThickness": [{"max": 5}], "StudyDate": [{"min": "1997", "max": "2004"}, {"min": "2010"}]}
    body = {"ranges": ranges, "histograms": ["StudyDate:year", "PatientAge"], "facets": ["Modality"], "limit": 100}
    posted = client.post("/api/v1/search", json=body)
    assert posted.status_code == 200, posted.text
    SearchAnswer.model_validate(posted.json())
    texts = ["SliceThickness:..5", "StudyDate:1997..2004", "StudyDate:2010.."]
    linked = client.get(
        "/api/v1/search", params={k: v for k, v in body.items() if k != "ranges"} | {"range": texts}
    ).json()
    for part in ("totals", "hits", "facets", "histograms"):
        assert linked[part] == posted.json()[part]
    queried = "SliceThickness:<=5 AND (StudyDate:[1997 TO 2004] OR StudyDate:>=2010)"
    asked = client.post("/api/v1/search", json={"q": queried, "limit": 0}).json()
    assert asked["totals"] == posted.json()["totals"]
    assert asked["totals"]["series"] > 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"ranges": {"Modality": [{"min": "A"}]}}, "bad-value"),
        ({"ranges": {"Rows": [{"from": 1}]}}, "invalid-request"),
        ({"histograms": ["Modality"]}, "bad-value"),
        ({"histograms": ["StudyDate:fortnight"]}, "bad-value"),
        ({"histograms": ["Modalty"]}, "unknown-field"),
    ],
)
def test_ranges_and_histograms_that_cannot_be_are_refused(client: httpx.Client, body: Any, code: str) -> None:
    problem(client.post("/api/v1/search", json=body), 422, code)

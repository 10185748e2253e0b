from typing import Any

import httpx

from api.explanations.schemas import ExplainAnswer
from tests.api.service import problem


def explained(client: httpx.Client, **selection: Any) -> dict[str, Any]:
    content: dict[str, Any] = client.post("/api/v1/explain", json=selection).json()
    ExplainAnswer.model_validate(content)
    return content


def test_names_query_and_conditions_are_told(client: httpx.Client) -> None:
    told = explained(client, q="manufacturer:GE* StudyDate:2019-02")
    assert [(name["name"], name["path"]) for name in told["names"]] == [
        ("manufacturer", "Manufacturer"),
        ("StudyDate", "StudyDate"),
    ]
    assert [part["node"] for part in told["query"]["parts"]] == ["wildcard", "term"]
    within = told["conditions"]["parts"][1]
    assert (within["low"]["value"], within["high"]["value"]) == ("20190201", "20190301")


def test_chosen_and_excluded_values_are_told_and_reach_the_engine(client: httpx.Client) -> None:
    told = explained(client, filters={"modality": ["CT"]}, exclude={"BodyPartExamined": [None]}, level="instance")
    assert told["filters"]["Modality"]["node"] == "match"
    assert told["exclude"]["BodyPartExamined"]["node"] == "not"
    assert told["level"] == "instance"
    assert "CT" in told["engine"]
    assert "BodyPartExamined" in told["engine"]


def test_wildcards_are_told_in_short(client: httpx.Client) -> None:
    told = explained(client, q="Manufacturer:GE* SeriesDescription:*t1?")["engine"]
    assert 'Regex("sGE' in told
    assert len(told) < 3_000
    assert "\n" not in told


def test_another_series_is_told_without_being_looked_for(client: httpx.Client) -> None:
    assert "PT" in explained(client, q="Modality:CT in_study(Modality:PT)")["engine"]


def test_get_answers_as_post_does(client: httpx.Client) -> None:
    got = client.get("/api/v1/explain", params={"q": "Modality:CT", "filter": "Modality:CT", "exclude": "KVP:"}).json()
    assert got == explained(client, q="Modality:CT", filters={"Modality": ["CT"]}, exclude={"KVP": [None]})


def test_what_a_search_refuses_is_not_explained(client: httpx.Client) -> None:
    assert problem(client.get("/api/v1/explain?q=Modalty:CT"), 422, "unknown-field")["position"] == 0
    problem(client.get("/api/v1/explain?exclude=Modalty:CT"), 422, "unknown-field")

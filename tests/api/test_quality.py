from typing import Any

import httpx
import yaml

from api.quality.schemas import CompletenessAnswer, QualityAnswer, UnmappedAnswer
from tests.api.service import problem


def codes(client: httpx.Client, **selection: Any) -> dict[str, dict[str, Any]]:
    content = client.post("/api/v1/quality", json=selection).json()
    QualityAnswer.model_validate(content)
    return {one["code"]: one for one in content["codes"]}


def test_codes_are_counted_as_a_search_counts_them(client: httpx.Client) -> None:
    found = codes(client)
    assert len(found) > 5
    for code, one in found.items():
        for level, counted in (("instance", "instances"), ("series", "series")):
            asked = {"level": level, "filters": {"quality": [code]}, "limit": 0}
            assert client.post("/api/v1/search", json=asked).json()["totals"][counted] == one[counted]


def test_every_code_has_its_rule_and_an_example_that_breaks_it(client: httpx.Client) -> None:
    for code, one in codes(client).items():
        assert one["title"]
        assert one["description"]
        assert one["standard"]
        document = client.get(f"/api/v1/instances/{one['example']['SOPInstanceUID']}").json()
        assert code in [issue["code"] for issue in document["quality"]]


def test_a_search_narrows_what_is_counted(client: httpx.Client) -> None:
    everything = codes(client)
    some = codes(client, filters={"Modality": ["CT"]})
    rest = codes(client, exclude={"Modality": ["CT"]})
    assert some
    assert rest
    for code, one in everything.items():
        parts = [part[code]["instances"] for part in (some, rest) if code in part]
        assert sum(parts) == one["instances"]
    got = client.get("/api/v1/quality", params={"filter": "Modality:CT"}).json()["codes"]
    assert got == list(some.values())
    problem(client.get("/api/v1/quality", params={"q": "("}), 422, "invalid-query")


def test_completeness_counts_as_a_search_does(client: httpx.Client) -> None:
    asked = {"filters": {"Modality": ["CT"]}, "fields": ["KVP", "SliceThickness"], "by": "Manufacturer.canonical"}
    content = client.post("/api/v1/quality/completeness", json={**asked, "years": "StudyDate"}).json()
    CompletenessAnswer.model_validate(content)
    everything = client.post("/api/v1/search", json={"filters": asked["filters"], "limit": 0}).json()["totals"]
    assert content["count"] == everything["series"]
    with_value = client.post("/api/v1/search", json={"q": "_exists_:KVP", "filters": asked["filters"], "limit": 0})
    assert content["rows"][0]["whole"] == with_value.json()["totals"]["series"]
    refused = client.post("/api/v1/quality/completeness", json={"fields": ["KVPP"]})
    problem(refused, 422, "unknown-field")


def test_values_without_a_rule_and_rules_to_edit(client: httpx.Client) -> None:
    content = client.get("/api/v1/quality/unmapped").json()
    UnmappedAnswer.model_validate(content)
    listed = {one["table"]: one["values"] for one in content["fields"] if one["values"]}
    assert listed
    answer = client.get("/api/v1/quality/unmapped/rules")
    assert answer.headers["content-disposition"] == 'attachment; filename="rules.yml"'
    rules = yaml.safe_load(answer.text)
    assert set(rules) <= set(listed)
    assert rules

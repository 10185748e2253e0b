from typing import Any

import httpx

from api.quality.schemas import QualityAnswer
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

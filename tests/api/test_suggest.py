from typing import Any

import httpx
import pytest

from api.suggestions.schemas import SuggestAnswer
from tests.api.service import problem


def suggested(client: httpx.Client, **asked: Any) -> dict[str, Any]:
    posted = client.post("/api/v1/suggest", json=asked)
    assert posted.status_code == 200, posted.text
    content: dict[str, Any] = posted.json()
    SuggestAnswer.model_validate(content)
    assert client.get("/api/v1/suggest", params=asked).json() == content
    return content


def test_a_query_text_is_completed_at_the_cursor(client: httpx.Client) -> None:
    found = suggested(client, q="Mod AND KVP:120", position=3)
    assert (found["kind"], found["start"], found["end"]) == ("field", 0, 3)
    assert found["suggestions"][0]["text"] == "Modality:"
    found = suggested(client, q="Manufacturer.canonical:sie")
    assert (found["kind"], found["field"], found["start"], found["end"]) == ("value", "Manufacturer.canonical", 23, 26)
    first = found["suggestions"][0]
    assert (first["text"], first["value"]) == ('"Siemens Healthineers"', "Siemens Healthineers")


def test_a_field_or_a_value_alone_is_completed(client: httpx.Client) -> None:
    assert suggested(client, prefix="grosor")["suggestions"][0]["text"] == "SliceThickness"
    values = suggested(client, field="Modality", prefix="c")["suggestions"]
    counted = client.get("/api/v1/facets/Modality").json()["values"]
    counts = {one["value"]: one["count"] for one in counted}
    assert {one["value"] for one in values} == {v for v in counts if v is not None and v.startswith("C")}
    assert all(one["count"] == counts[one["value"]] for one in values)
    assert len(suggested(client, field="Modality", limit=1)["suggestions"]) == 1


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"field": "Modalty"}, "unknown-field"),
        ({"q": "Mod", "field": "Modality"}, "invalid-request"),
        ({"q": "x" * 10_001}, "invalid-request"),
        ({"position": -1}, "invalid-request"),
        ({"limit": 101}, "invalid-request"),
    ],
)
def test_what_makes_no_sense_is_refused(client: httpx.Client, asked: dict[str, Any], code: str) -> None:
    problem(client.post("/api/v1/suggest", json=asked), 422, code)
    problem(client.get("/api/v1/suggest", params=asked), 422, code)

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from api.histograms.schemas import HistogramAnswer
from tests.api.service import problem


def histogram(client: httpx.Client, field: str, **parameters: Any) -> dict[str, Any]:
    response = client.get(f"/api/v1/histogram/{quote(field, safe='')}", params=parameters)
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    HistogramAnswer.model_validate(content)
    return content


@pytest.mark.parametrize("level", ["instance", "series", "study"])
@pytest.mark.parametrize("field", ["SliceThickness", "StudyDate", "StudyTime", "instanceCount"])
def test_bins_enclose_all_values_and_count_them(client: httpx.Client, field: str, level: str) -> None:
    found = histogram(client, field, level=level, q="Modality:CT")
    assert found["valued"] > 0 or (field, level) == ("instanceCount", "instance")
    for one in found["bins"][:-1]:
        asked = f"Modality:CT AND {field}:[{one['from']} TO {one['to']}}}"
        counted = "instance" if level == "instance" else "series"
        totals = client.post("/api/v1/search", json={"q": asked, "level": level, "limit": 0}).json()["totals"]
        assert totals["instances" if counted == "instance" else "series"] == one["count"], one


def test_own_filter_is_ignored_and_others_are_not(client: httpx.Client) -> None:
    free = histogram(client, "SliceThickness")
    assert histogram(client, "SliceThickness", filter="SliceThickness:1")["bins"] == free["bins"]
    narrowed = histogram(client, "SliceThickness", filter="Modality:CT")
    assert narrowed["valued"] < free["valued"]
    assert narrowed["missing"] + narrowed["valued"] + narrowed["other"] == free_of(client, "Modality:CT")


def free_of(client: httpx.Client, q: str) -> int:
    count: int = client.post("/api/v1/search", json={"q": q, "limit": 0}).json()["totals"]["series"]
    return count


def test_private_elements_have_histograms_of_what_they_hold(client: httpx.Client) -> None:
    found = histogram(client, '(0019,"GEMS_ACQU_01",03)', level="instance")
    assert found["kind"] == "number"
    assert found["valued"] > 0
    assert found["bins"][0]["from"] <= found["min"] <= found["max"] < found["bins"][-1]["to"]


def test_nothing_found_is_no_bins(client: httpx.Client) -> None:
    found = histogram(client, "SliceThickness", q="Modality:NONE")
    assert (found["bins"], found["min"], found["max"], found["valued"], found["missing"]) == ([], None, None, 0, 0)


def test_an_interval_is_taken_as_asked(client: httpx.Client) -> None:
    found = histogram(client, "StudyDate", interval="year")
    assert found["interval"] == "year"
    assert all(one["from"].endswith("0101") for one in found["bins"])


@pytest.mark.parametrize(
    ("field", "interval"), [("StudyDate", "1h"), ("SliceThickness", "month"), ("StudyTime", "1s"), ("Modality", "1")]
)
def test_what_cannot_be_drawn_is_told(client: httpx.Client, field: str, interval: str) -> None:
    problem(client.get(f"/api/v1/histogram/{field}", params={"interval": interval}), 422, "bad-value")


def test_unknown_field_is_told_with_nearest(client: httpx.Client) -> None:
    content = problem(client.get("/api/v1/histogram/SliceThicknes"), 422, "unknown-field")
    assert content["nearest"][0] == "SliceThickness"

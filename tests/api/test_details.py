from typing import Any
from urllib.parse import quote

import httpx
import pytest

from api.search import examples
from tests.api.service import problem


def get(client: httpx.Client, path: str) -> dict[str, Any]:
    response = client.get(f"/api/v1/{path}")
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    return content


def test_every_study_series_and_instance_of_the_lake_can_be_opened(client: httpx.Client) -> None:
    studies = client.post("/api/v1/search", json={"level": "study", "limit": 1_000}).json()
    instances = 0
    for hit in studies["hits"]:
        study = get(client, f"studies/{quote(hit['StudyInstanceUID'], safe='')}")
        assert study["study"] == hit
        assert len(study["series"]) == hit["seriesCount"]
        for listed in study["series"]:
            series = get(client, f"series/{quote(listed['SeriesInstanceUID'], safe='')}")
            assert series["series"]["SeriesInstanceUID"] == listed["SeriesInstanceUID"]
            assert len(series["instances"]) == listed["instanceCount"]
            for one in series["instances"]:
                document = get(client, f"instances/{quote(one['SOPInstanceUID'], safe='')}")
                assert document["location"] == one["location"]
                assert document["StudyInstanceUID"] == hit["StudyInstanceUID"]
                assert series["common"].items() <= document.items()
                instances += 1
    assert instances == studies["totals"]["instances"]


def test_instance_shows_its_whole_header(client: httpx.Client) -> None:
    document = get(client, f"instances/{examples.INSTANCE}")
    assert document["Manufacturer"] == "GE MEDICAL SYSTEMS"
    assert document['(0009,"GEMS_IDEN_01",04)'] == "HiSpeed CT/i"
    assert document["SliceThickness"] == 5.0
    assert document["TransferSyntaxUID"] == "1.2.840.10008.1.2.1"
    assert "PixelData" not in document


@pytest.mark.parametrize("noun", ["studies", "series", "instances"])
@pytest.mark.parametrize(
    "uid", ["1.2.3.999", "nonsense", "%2F", "..%2F..%2Fetc", "%00", "%FF", "ä", "a" * 1_000, "' OR 1=1"]
)
def test_what_is_not_there_is_a_problem(client: httpx.Client, noun: str, uid: str) -> None:
    problem(client.get(f"/api/v1/{noun}/{uid}"), 404, "not-found")


@pytest.mark.parametrize("noun", ["studies", "series", "instances"])
def test_uids_beyond_reason_are_refused(client: httpx.Client, noun: str) -> None:
    content = problem(client.get(f"/api/v1/{noun}/{'1' * 1_025}"), 422, "invalid-request")
    assert content["errors"][0] == {
        "location": "path", "field": "uid", "message": "String should have at most 1024 characters"
    }  # fmt: skip


def test_a_uid_of_another_level_is_not_found(client: httpx.Client) -> None:
    problem(client.get(f"/api/v1/studies/{examples.SERIES}"), 404, "not-found")
    problem(client.get(f"/api/v1/series/{examples.INSTANCE}"), 404, "not-found")
    problem(client.get(f"/api/v1/instances/{examples.STUDY}"), 404, "not-found")

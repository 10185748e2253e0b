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


def test_a_header_comes_in_the_dicom_json_model(client: httpx.Client) -> None:
    path = f"/api/v1/instances/{examples.INSTANCE}"
    asked = get(client, f"instances/{examples.INSTANCE}/dicom")
    assert asked["dataset"]["00080060"] == {"vr": "CS", "Value": ["CT"]}
    assert asked["dataset"]["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "CompressedSamples^CT1"}]}
    assert asked["dataset"]["00091004"] == {"vr": "SH", "Value": ["HiSpeed CT/i"]}
    assert [(one["path"], one["reason"]) for one in asked["left_out"]] == [('(0043,"GEMS_PARM_01",29)', "long")]
    accepted = client.get(path, headers={"Accept": "application/dicom+json"})
    assert accepted.headers["Content-Type"] == "application/dicom+json"
    assert accepted.headers["Dicomlake-Left-Out"] == "1"
    assert accepted.json() == [asked["dataset"]]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/json, application/dicom+json", "application/json"),
        ("application/dicom+json, application/json;q=0.5", "application/dicom+json"),
        ("Application/DICOM+JSON; q=1", "application/dicom+json"),
    ],
)
def test_the_form_is_the_first_one_that_is_accepted(client: httpx.Client, accept: str, kind: str) -> None:
    response = client.get(f"/api/v1/instances/{examples.INSTANCE}", headers={"Accept": accept})
    assert response.headers["Content-Type"] == kind
    assert "Accept" in response.headers["Vary"]


def test_a_header_comes_as_a_tree(client: httpx.Client) -> None:
    nodes = {node["path"]: node for node in get(client, f"instances/{examples.INSTANCE}/tree")["attributes"]}
    assert nodes["Modality"] == {
        "path": "Modality", "tag": "00080060", "vr": "CS", "name": "Modality", "value": "CT", "issues": [],
        "companions": {"group": "CT"},
    }  # fmt: skip
    maker = nodes["Manufacturer"]
    assert (maker["value"], maker["canonical"], maker["rule"]) == ("GE MEDICAL SYSTEMS", "GE HealthCare", "ge")
    assert (nodes["(0009,0010)"]["name"], nodes["(0009,0010)"]["value"]) == ("Private Creator", "GEMS_IDEN_01")
    private = nodes['(0009,"GEMS_IDEN_01",04)']
    assert (private["tag"], private["creator"], private["value"]) == ("00091004", "GEMS_IDEN_01", "HiSpeed CT/i")
    first = nodes["OtherPatientIDsSequence"]["items"][0][0]
    assert first["path"] == "OtherPatientIDsSequence.PatientID"
    assert "location" not in nodes


def test_a_tree_says_what_is_wrong_with_an_attribute(client: httpx.Client) -> None:
    hits = client.post("/api/v1/search", json={"q": "quality:other-content", "level": "instance"}).json()["hits"]
    nodes = get(client, f"instances/{quote(hits[0]['SOPInstanceUID'], safe='')}/tree")["attributes"]
    (found,) = (node for node in nodes if "other-content" in node["issues"])
    assert found["path"] == "SOPInstanceUID"
    assert found["details"][found["issues"].index("other-content")].endswith("more")


def test_every_instance_has_both_forms(client: httpx.Client) -> None:
    hits = client.post("/api/v1/search", json={"level": "instance", "limit": 1_000}).json()["hits"]
    for hit in hits:
        uid = quote(hit["SOPInstanceUID"], safe="")
        assert get(client, f"instances/{uid}/tree")["attributes"]
        assert get(client, f"instances/{uid}/dicom")["dataset"]


def test_forms_of_what_is_not_there_are_problems(client: httpx.Client) -> None:
    for form in ("dicom", "tree"):
        problem(client.get(f"/api/v1/instances/1.2.404/{form}"), 404, "not-found")

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from api.fields.schemas import FieldAnswer, FieldsAnswer
from mappings import registry
from tests.api.service import problem


def test_fields_are_those_of_the_registry(client: httpx.Client) -> None:
    answer = FieldsAnswer.model_validate(client.get("/api/v1/fields").json())
    assert [field.keyword for field in answer.fields] == [field.keyword for field in registry.load().fields]
    modality = next(field for field in answer.fields if field.keyword == "Modality")
    assert modality.companions == {"group": "modality_group"}
    assert (modality.label, modality.label_es) == ("Modality", "Modalidad")
    assert (modality.tag, modality.vr, modality.kind, modality.facet) == ("(0008,0060)", "CS", "string", True)


def test_the_offset_of_a_moment_is_a_field(client: httpx.Client) -> None:
    found = FieldAnswer.model_validate(client.get("/api/v1/fields/AcquisitionDateTime.offset").json())
    assert (found.kind, found.vr, found.privacy, found.registered) == ("string", None, "phi", True)
    listed = client.get("/api/v1/fields", params={"q": "AcquisitionDateTime"}).json()["fields"]
    assert "AcquisitionDateTime" in [field["keyword"] for field in listed]


def test_fields_need_no_lake(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    assert serve(tmp_path / "nowhere").get("/api/v1/fields").status_code == 200


def test_fields_are_found_by_what_people_call_them(client: httpx.Client) -> None:
    for text in ("slice thick", "grosor de corte", "0018,0050"):
        answer = FieldsAnswer.model_validate(client.get("/api/v1/fields", params={"q": text}).json())
        found = next(field for field in answer.fields if field.keyword == "SliceThickness")
        assert found.documents is not None
        assert found.documents.series > 5
    private = client.get("/api/v1/fields", params={"q": "GEMS_IDEN_01", "limit": 3}).json()["fields"]
    assert len(private) == 3
    assert all(field["private"] and field["documents"]["series"] for field in private)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("modality", {"keyword": "Modality", "registered": True, "vr": "CS", "kind": "string", "column": True}),
        ("(0028,0010)", {"keyword": "Rows", "vr": "US", "kind": "integer"}),
        ("TableTopPitchAngle", {"registered": False, "private": False, "label_es": None, "tag": "(300A,0140)"}),
        ('(0009,"GEMS_IDEN_01",04)', {"private": True, "registered": False, "vr": "SH", "tag": None}),
        ("RequestAttributesSequence.AccessionNumber", {"tag": "(0008,0050)", "registered": False}),
        ("Manufacturer.canonical", {"own": True, "registered": True, "vr": None}),
        ("PixelData", {"operators": ["exists"], "examples": ["_exists_:PixelData"]}),
    ],
)
def test_any_field_is_described(client: httpx.Client, name: str, expected: dict[str, Any]) -> None:
    response = client.get(f"/api/v1/fields/{quote(name, safe='')}")
    told = response.json()
    FieldAnswer.model_validate(told)
    assert told.items() >= expected.items()
    path = told["keyword"]
    for level in ("series", "instance"):
        having = client.post("/api/v1/search", json={"q": f"_exists_:{path}", "level": level, "limit": 0}).json()
        counted = f"{level}s".replace("seriess", "series")
        assert told["documents"][counted] == having["totals"][counted]
    for example in told["examples"]:
        assert client.post("/api/v1/search", json={"q": example, "limit": 0}).status_code == 200, example


def test_an_unknown_field_is_told_with_nearest(client: httpx.Client) -> None:
    assert problem(client.get("/api/v1/fields/Modalty"), 422, "unknown-field")["nearest"][0] == "Modality"

from collections.abc import Callable
from pathlib import Path

import httpx

from api.fields.schemas import FieldsAnswer
from mappings import registry


def test_fields_are_those_of_the_registry(client: httpx.Client) -> None:
    answer = FieldsAnswer.model_validate(client.get("/api/v1/fields").json())
    assert [field.keyword for field in answer.fields] == [field.keyword for field in registry.load().fields]
    modality = next(field for field in answer.fields if field.keyword == "Modality")
    assert modality.companions == {"group": "modality_group"}
    assert (modality.label, modality.label_es) == ("Modality", "Modalidad")
    assert (modality.tag, modality.vr, modality.kind, modality.facet) == ("(0008,0060)", "CS", "string", True)


def test_fields_need_no_lake(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    assert serve(tmp_path / "nowhere").get("/api/v1/fields").status_code == 200

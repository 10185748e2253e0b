import random
from pathlib import Path
from typing import Any

import pytest

from dicomlake.documents.instance import InstanceDocument, Origin, build
from dicomlake.documents.sharing import common_part, share
from dicomlake.engines.oracle import OracleEngine
from dicomlake.headers import read_file
from tests.builders import dicom_file
from tests.documents.test_update import content, engine_after


def document(number: int, own: dict[str, Any], common: dict[str, Any] | None = None) -> InstanceDocument:
    return InstanceDocument(f"1.{number}", "1.9", "1.8", "P", f"f{number}", 1, "h", own, common or {})


def test_the_common_part_is_what_every_document_has_with_the_same_value() -> None:
    first = {"Modality": "CT", "KVP": 1, "Exposure": 0.0, "StudyID": None, "Rows": [1, 2], "SeriesNumber": 3}
    other = {"Modality": "CT", "KVP": 1.0, "Exposure": -0.0, "Rows": [1, 2], "SeriesNumber": 4, "PatientID": "x"}
    assert common_part([document(1, first), document(2, other)]) == {"Modality": "CT", "Rows": [1, 2]}
    assert common_part([document(1, first)]) == first
    assert common_part([]) == {}


def test_documents_that_share_are_compared_with_those_that_do_not() -> None:
    common = {"Modality": "CT", "KVP": 120, "StudyID": None}
    sharing = [document(1, {"Rows": 1}, common), document(2, {"Rows": 2, "KVP": 100}, common)]
    alone = document(3, {"Modality": "CT", "KVP": 120, "Rows": 1, "StudyID": None})
    assert common_part(sharing) == {"Modality": "CT", "StudyID": None}
    assert common_part([sharing[0], alone]) == {"Modality": "CT", "KVP": 120, "StudyID": None, "Rows": 1}
    assert common_part([alone, *sharing]) == {"Modality": "CT", "StudyID": None}


@pytest.mark.parametrize("seed", range(5))
def test_documents_that_share_are_indexed_like_those_that_do_not(tmp_path: Path, seed: int) -> None:
    paths = [
        dicom_file(
            tmp_path / f"{i}",
            uid=f"1.2.{i % 9}",
            series=f"1.2.{i % 2}.9",
            InstanceNumber=i,
            ImageComments="" if i % 3 else f"seen {i}",
            KVP="100" if i == 5 else "120",
        )
        for i in range(12)
    ]
    fresh = [build(read_file(path), path.name, Origin("test")) for path in paths]
    chance = random.Random(seed)
    shuffled = chance.sample(fresh, len(fresh))
    size = chance.randint(1, len(fresh))
    batches = [share(shuffled[i : i + size], OracleEngine.encoder) for i in range(0, len(shuffled), size)]
    assert [one.body for batch in batches for one in batch] == [one.body for one in shuffled]
    assert content(engine_after(*((batch, ()) for batch in batches))) == content(engine_after((fresh, ())))


def test_a_value_is_indexed_by_the_vr_of_its_own_file(tmp_path: Path) -> None:
    name = '(0019,"ACME",01)'
    dated = document(1, {name: "20190101", "vr": {name: "DA"}, "Modality": "CT"})
    text = document(2, {name: "20190101", "vr": {name: "LO"}, "Modality": "CT"})
    engine = engine_after((share([dated, text], OracleEngine.encoder), ()))
    found = {uid: engine._records["instance", uid].tokens[name][0][0] for uid in ("1.1", "1.2")}
    assert found == {"1.1": "d", "1.2": "s"}
    assert [token[0] for token in engine._records["series", "1.9"].tokens[name]] == ["d", "s"]
    assert content(engine) == content(engine_after(([text, dated], ())))

"""Headers in the DICOM JSON model: what pydicom reads from the file is what comes out, and what is missing is named."""

import json
import warnings
from pathlib import Path
from typing import Any

import pydicom
import pydicom.data
import pytest
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from dicomlake.documents.attributes import attributes
from dicomlake.documents.dicom_json import model
from dicomlake.documents.instance import Origin, build
from dicomlake.errors import HeaderError
from dicomlake.headers import read_file
from tests.builders import data_set, write

SHIPPED = Path(pydicom.data.__file__).parent / "test_files"


def body_of(path: Path) -> dict[str, Any]:
    return dict(build(read_file(path), path.name, Origin("test")).body)


def read_by_pydicom(path: Path) -> dict[str, Any]:
    """The data set of a file as pydicom says it in JSON, without pixel data."""
    ds = pydicom.dcmread(path, stop_before_pixels=True)
    return json.loads(ds.to_json(bulk_data_threshold=1 << 40))  # type: ignore[no-any-return]


def alike(value: Any) -> Any:
    """Without what the two say differently: group lengths, padding within values, empty values."""
    if isinstance(value, dict):
        if "vr" in value and value.get("Value") in ([], None) and "InlineBinary" not in value:
            return {"vr": value["vr"]}
        return {key: alike(one) for key, one in value.items() if not key.endswith("0000") or len(key) != 8}
    if isinstance(value, list):
        return [alike(one) for one in value]
    if isinstance(value, str):
        return value.strip(" ") or None
    return value


def shipped() -> list[Path]:
    found = []
    for path in sorted(SHIPPED.rglob("*.dcm")):
        try:
            build(read_file(path), path.name, Origin("test"))
            read_by_pydicom(path)
        except (HeaderError, InvalidDicomError, EOFError, ValueError):  # a value that pydicom cannot say
            continue
        found.append(path)
    return found


READ_OTHERWISE = {"priv_SQ.dcm", "nested_priv_SQ.dcm"}
"""A sequence that its writer called UN: pydicom keeps its bytes (docs/decisions/0006)."""
CUT_OFF = {"rtplan_truncated.dcm"}
"""The element that is cut off is left out; pydicom gives its stump."""
FILES = [path for path in shipped() if path.name not in CUT_OFF]


def test_enough_files_are_compared() -> None:
    assert len(FILES) > 60


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_the_model_is_what_pydicom_reads(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data_set, left_out = model(body_of(path))
        assert Dataset.from_json(data_set) is not None
        expected = alike(read_by_pydicom(path))
    gone = {one.tag for one in left_out} | {tag for tag in expected if tag.startswith(("7FE0", "0002"))}
    found = alike(data_set)
    assert list(data_set) == sorted(data_set)
    for tag in (expected.keys() | found.keys()) - gone:
        if path.name in READ_OTHERWISE and "InlineBinary" in expected.get(tag, {}):
            continue
        if left_out and expected.get(tag, {}).get("vr") == "SQ":
            continue  # something inside may be left out
        if tag > "7FE0":
            continue  # behind the pixel data
        assert found.get(tag) == expected.get(tag), tag


def test_each_vr_has_its_form(tmp_path: Path) -> None:
    ds = data_set(
        PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう",
        FrameIncrementPointer=[0x00181063, 0x00181065],
        PixelSpacing=[0.5, 0.25],
        SeriesNumber=7,
        ReferringPhysicianName="",
        ImageType=["ORIGINAL", "", "AXIAL"],
        ICCProfile=b"\1\2",
    )
    ds.RequestAttributesSequence = [Dataset(), Dataset()]
    ds.RequestAttributesSequence[1].RequestedProcedureID = "R-17"
    ds.ReferencedImageSequence = []
    ds.private_block(0x0019, "ACME", create=True).add_new(0x0C, "DS", "5")
    found, left_out = model(body_of(write(ds, tmp_path / "one.dcm")))
    names = {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}
    assert found["00100010"] == {"vr": "PN", "Value": [names]}
    assert found["00280009"] == {"vr": "AT", "Value": ["00181063", "00181065"]}
    assert found["00280030"] == {"vr": "DS", "Value": [0.5, 0.25]}
    assert found["00200011"] == {"vr": "IS", "Value": [7]}
    assert found["00080090"] == {"vr": "PN"}
    assert found["00080008"] == {"vr": "CS", "Value": ["ORIGINAL", None, "AXIAL"]}
    assert found["00282000"] == {"vr": "OB", "InlineBinary": "AQI="}
    assert found["00400275"] == {"vr": "SQ", "Value": [{}, {"00401001": {"vr": "SH", "Value": ["R-17"]}}]}
    assert found["00081140"] == {"vr": "SQ"}
    assert found["00190010"] == {"vr": "LO", "Value": ["ACME"]}
    assert found["0019100C"] == {"vr": "DS", "Value": [5.0]}
    assert "00020010" not in found
    assert left_out == []


def test_what_is_kept_shorter_is_named_and_not_made_up(tmp_path: Path) -> None:
    ds = data_set(study="", ICCProfile=bytes(2_000), FrameTimeVector=[float(i) for i in range(300)])
    ds.StudyInstanceUID = ""
    found, left_out = model(body_of(write(ds, tmp_path / "one.dcm")))
    said = {one.path: (one.tag, one.reason) for one in left_out}
    assert said == {
        "StudyInstanceUID": ("0020000D", "made-up"),
        "ICCProfile": ("00282000", "long"),
        "FrameTimeVector": ("00181065", "many"),
    }
    assert found.keys().isdisjoint(tag for tag, _ in said.values())
    kept = {one.path: one.kept for one in left_out}
    assert kept["ICCProfile"]["length"] == 2_000
    assert kept["FrameTimeVector"]["count"] == 300


def test_a_value_that_its_vr_cannot_hold_is_left_out() -> None:
    found, left_out = model({"Rows": "many", "SliceThickness": "thin", "StudyDate": "someday", "dBdt": 1.5})
    assert found == {
        "00080020": {"vr": "DA", "Value": ["someday"]},  # a string all the same
        "00181318": {"vr": "DS", "Value": [1.5]},
    }
    assert [(one.path, one.reason, one.kept) for one in left_out] == [
        ("Rows", "broken", "many"),
        ("SliceThickness", "broken", "thin"),
    ]


def test_attributes_are_those_of_the_header_alone() -> None:
    body = {
        "Manufacturer": "SIEMENS",
        "Manufacturer.canonical": "Siemens Healthineers",
        "SliceThickness": 5.0,
        "SharedFunctionalGroupsSequence": [{"PixelMeasuresSequence": [{"SliceThickness": 5.0}]}],
        "lifted": {"SliceThickness": "SharedFunctionalGroupsSequence.PixelMeasuresSequence.SliceThickness"},
        "location": "file:///x",
        "headerHash": "0",
        "quality": [{"code": "odd", "path": "Manufacturer", "detail": ""}],
    }
    maker, shared = attributes(body)
    assert (maker.path, maker.tag, maker.vr, maker.issues) == ("Manufacturer", "00080070", "LO", ("odd",))
    assert shared.items is not None
    inner = shared.items[0][0].items[0][0]  # type: ignore[index]
    assert inner.path == "SharedFunctionalGroupsSequence.PixelMeasuresSequence.SliceThickness"


def test_a_private_element_without_its_block_has_no_tag() -> None:
    known, unknown, bare = attributes(
        {"(0019,0011)": "ACME", '(0019,"ACME",0C)': 1, '(0019,"OTHER",0C)': 1, '(0021,"",1004)': 1}
    )[1:]
    assert (known.tag, known.creator) == ("0019110C", "ACME")
    assert unknown.tag is None
    assert bare.tag == "00211004"
    assert [one.reason for one in model({'(0019,"OTHER",0C)': 1})[1]] == ["no-block"]


def test_a_creator_whose_value_is_not_its_plain_name_has_its_block_all_the_same() -> None:
    elements = {'(0029,"ACME",0C)': 1, '(0031,"A\\B",0D)': 2}
    body = {"(0029,0010)": " ACME", "(0031,0010)": ["A", "B"], **elements, "vr": dict.fromkeys(elements, "IS")}
    assert [one.tag for one in attributes(body)] == ["00290010", "00310010", "0029100C", "0031100D"]
    assert model(body)[1] == []


def test_a_name_of_four_groups_is_named_and_not_cut() -> None:
    found, left_out = model({"PatientName": "A=B=C=D", "OtherPatientNames": ["A=B=C", "E"]})
    assert list(found) == ["00101001"]
    assert [(one.path, one.reason, one.kept) for one in left_out] == [("PatientName", "broken", "A=B=C=D")]


@pytest.mark.parametrize(("signed", "vr"), [(0, "US"), (1, "SS")])
def test_a_choice_of_vrs_is_settled_by_the_pixels(signed: int, vr: str) -> None:
    found, _ = model({"PixelRepresentation": signed, "SmallestImagePixelValue": 5})
    assert found["00280106"]["vr"] == vr

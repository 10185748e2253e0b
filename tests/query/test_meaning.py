"""What a person types finds the documents they mean: text, resolution and the normal form of documents together."""

from typing import Any

import pytest

from dicomlake.documents.leaves import leaves
from dicomlake.engines.base import Record
from dicomlake.engines.oracle import matches
from dicomlake.query.resolve import filter_to_resolved, resolve
from dicomlake.query.text import parse
from dicomlake.query.values import token_display

GANTRY = '(0019,"SIEMENS CT VA0  COAD",B0)'

DOCUMENTS: dict[str, dict[str, Any]] = {
    "ct": {
        "Modality": "CT",
        "Manufacturer": "SIEMENS",
        "Manufacturer.canonical": "Siemens Healthineers",
        "PatientName": "García^Juan",
        "PatientAge": "060Y",
        "StudyDate": "20190214",
        "StudyTime": "101530.5",
        "StudyDescription": "Angio-TC tórax: embolismo pulmonar",
        "SliceThickness": 1.0,
        "SliceLocation": [-5.5, 0.0, 5.5],
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "FrameIncrementPointer": "(0018,1063)",
        "ProcedureCodeSequence": [{"CodeValue": "P1", "CodeMeaning": "CT of thorax"}],
        GANTRY: 12,
        "AcquisitionDateTime": "20190214101530+0100",
    },
    "mr": {
        "Modality": "MR",
        "Manufacturer": "GE MEDICAL SYSTEMS",
        "Manufacturer.canonical": "GE HealthCare",
        "PatientName": "MÜLLER^ANNA",
        "StudyDate": "2019.03.01",
        "StudyTime": "235960",
        "StudyDescription": "Pulmonary embolism excluded; 100% (C+)",
        "SliceThickness": 5.0,
        "ProcedureCodeSequence": [{"CodeValue": "P2", "CodeMeaning": "MRI of head"}],
        GANTRY: "20190301",
        "vr": {GANTRY: "DA"},
        "PixelPaddingValue": 0,
        "EncapsulatedDocument": {"InlineBinary": "AAAA"},
    },
    "broken": {
        "Modality": "CT",
        "StudyDate": "last week",
        "SliceThickness": "thin",
        "StudyDescription": "...",
        GANTRY: "12",
        "vr": {GANTRY: "LO"},
    },
}


def record(uid: str) -> Record:
    document = DOCUMENTS[uid]
    found = leaves(document, document.get("vr", {}))
    tokens = {path: tuple(sorted(values)) for path, values in found.tokens.items()}
    words = {path: tuple(sorted(runs)) for path, runs in found.words.items()}
    return Record("series", uid, uid, uid, uid, tokens=tokens, words=words, present=frozenset(found.present))


RECORDS = {uid: record(uid) for uid in DOCUMENTS}


@pytest.mark.parametrize(
    "text,expected",
    [
        ("", "ct mr broken"),
        ("Modality:ct", "ct broken"),
        ("-Modality:CT", "mr"),
        ("Modality:(CT OR MR) SliceThickness:[0 TO 1.5]", "ct"),
        ("SliceThickness:1", "ct"),
        ("SliceThickness:>1", "mr"),
        ("_exists_:SliceThickness", "ct mr broken"),
        ("SliceLocation:-5.5", "ct"),
        ("SliceLocation:[-6 TO -5]", "ct"),
        ("-_exists_:SliceLocation", "mr broken"),
        ("StudyDate:2019", "ct mr"),
        ("StudyDate:2019-02", "ct"),
        ("StudyDate:[2019-02-15 TO 2019-03]", "mr"),
        ("StudyDate:*", "ct mr broken"),
        ("StudyTime:10", "ct"),
        ("StudyTime:10:15:30", "ct"),
        ("StudyTime:10:15:30.5", "ct"),
        ("StudyTime:10:15:30.4", ""),
        ("StudyTime:[23:00 TO 23:59]", "mr"),
        ("AcquisitionDateTime:2019-02-14T10:15", "ct"),
        ("PatientAge:060Y", "ct"),
        ("PatientName:garcia", "ct"),
        ("PatientName:García^Juan", "ct"),
        ("PatientName:Juan^García", ""),
        ("PatientName:mull*", "mr"),
        ("embolism", "mr"),
        ("embolism*", "ct mr"),
        ('"pulmonary embolism"', "mr"),
        ('"embolism pulmonary"', ""),
        ("pulmonary excluded", "mr"),
        ("TORAX", "ct"),
        ("thorax", "ct"),
        ("StudyDescription:thorax", ""),
        ("angio-tc", "ct"),
        ("StudyDescription:Angio-T*", "ct"),
        (r"StudyDescription:*100%\ \(*", "mr"),
        ('StudyDescription:"..."', "broken"),
        ("Manufacturer:siemens", "ct"),
        ('Manufacturer:"Siemens Healthineers"', ""),
        ('Manufacturer.canonical:"siemens healthineers"', "ct"),
        ("Manufacturer:GE*", "mr"),
        ("ImageType:AXIAL", "ct"),
        ("ProcedureCodeSequence.CodeValue:P1", "ct"),
        ("ProcedureCodeSequence.CodeMeaning:head", "mr"),
        ("_exists_:ProcedureCodeSequence", "ct mr"),
        ("_exists_:EncapsulatedDocument", "mr"),
        ("FrameIncrementPointer:(0018,1063)", "ct"),
        (f"{GANTRY}:12", "ct broken"),
        (f"{GANTRY}:12.0", "ct"),
        (f"{GANTRY}:[10 TO 20]", "ct"),
        (f"{GANTRY}:2019-03", "mr"),
        (f"{GANTRY}:[2019 TO 2020]", "mr"),
        (f"{GANTRY}:1*", "broken"),
        ('(0051,"NOBODY",01):1', ""),
    ],
)
def test_a_query_finds_what_is_meant(text: str, expected: str) -> None:
    query = resolve(parse(text))
    assert {uid for uid, each in RECORDS.items() if matches(each, query)} == set(expected.split())


def test_every_value_a_facet_shows_finds_its_documents_as_a_filter() -> None:
    for each in RECORDS.values():
        for path, tokens in each.tokens.items():
            for token in tokens:
                assert matches(each, filter_to_resolved(path, [token_display(token)])), (path, token)
                assert not matches(each, filter_to_resolved(path, [None]))


def test_missing_as_a_filter_finds_documents_without_the_field() -> None:
    missing = filter_to_resolved("SliceLocation", [None, -5.5])
    assert {uid for uid, each in RECORDS.items() if matches(each, missing)} == {"ct", "mr", "broken"}
    missing = filter_to_resolved("SliceLocation", [None])
    assert {uid for uid, each in RECORDS.items() if matches(each, missing)} == {"mr", "broken"}

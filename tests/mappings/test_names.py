"""Names of fields: what is understood, how it comes out, and what an unknown one is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings import dictionary, registry
from mappings.field import kind_of_vr
from mappings.registry import UnknownName, resolve

PATHS = {
    "Modality": "Modality",
    "modality": "Modality",
    " Modality ": "Modality",
    "00080060": "Modality",
    "(0008,0060)": "Modality",
    "0008,0060": "Modality",
    "(300a,0002)": "RTPlanLabel",
    "WaveformData": "WaveformData",
    "dbdt": "dBdt",
    "RequestAttributesSequence.RequestedProcedureID": "RequestAttributesSequence.RequestedProcedureID",
    "requestattributessequence.REQUESTEDPROCEDUREID": "RequestAttributesSequence.RequestedProcedureID",
    "(0040,0275).00401001": "RequestAttributesSequence.RequestedProcedureID",
    '(0019,"SIEMENS MR HEADER",0C)': '(0019,"SIEMENS MR HEADER",0C)',
    '(0019,"SIEMENS MR HEADER",0c)': '(0019,"SIEMENS MR HEADER",0C)',
    '(0019,"SIEMENS MR HEADER ",100c)': '(0019,"SIEMENS MR HEADER",0C)',
    '(00e1,"ELSCINT1",01)': '(00E1,"ELSCINT1",01)',
    '(0029,"X",10).CodeValue': '(0029,"X",10).CodeValue',
    '(0029,"X",10).codevalue': '(0029,"X",10).CodeValue',
    '(0029,"X",10).(0029,"Y",11)': '(0029,"X",10).(0029,"Y",11)',
    'RequestAttributesSequence.(0029,"Y",1f)': 'RequestAttributesSequence.(0029,"Y",1F)',
    '(0029,"A.B, (\\"C\\")",10).CodeValue': '(0029,"A.B, (\\"C\\")",10).CodeValue',
    '(0019,"",100c)': '(0019,"",100C)',
    "(0019,0010)": "(0019,0010)",
    "(0008,1234)": "(0008,1234)",
    "Manufacturer.canonical": "Manufacturer.canonical",
    "manufacturer.CANONICAL": "Manufacturer.canonical",
    "(0008,0070).rule": "Manufacturer.rule",
    "Modality.group": "Modality.group",
    "(0008,0060).GROUP": "Modality.group",
    "bodypartexamined.Laterality": "BodyPartExamined.laterality",
    "AnatomicRegionSequence.laterality": "AnatomicRegionSequence.Laterality",
    "AcquisitionDateTime.offset": "AcquisitionDateTime.offset",
    "(0008,002a).OFFSET": "AcquisitionDateTime.offset",
    '(0019,"ACME",0C).offset': '(0019,"ACME",0C).offset',
    "RadiopharmaceuticalInformationSequence.RadiopharmaceuticalStartDateTime.offset": (
        "RadiopharmaceuticalInformationSequence.RadiopharmaceuticalStartDateTime.offset"
    ),
    "quality": "quality",
    "location": "location",
    "Location": "Location",
    "LOCATION": "location",
    "INSTANCECOUNT": "instanceCount",
    "OverlayRows": "OverlayRows",
    "CurveDimensions": "CurveDimensions",
}


@pytest.mark.parametrize("name", PATHS)
def test_a_name_becomes_the_path_that_documents_use(name):
    assert resolve(name).path == PATHS[name]


@pytest.mark.parametrize("path", sorted(set(PATHS.values())))
def test_a_path_is_a_name_of_itself(path):
    assert resolve(path).path == path


def test_every_keyword_of_the_dictionary_is_typed_by_its_vr():
    for keyword in dictionary.keywords():
        if registry.load().get(keyword) is None:
            vr = dictionary.lookup(dictionary.tag_of(keyword)).vr
            assert (resolve(keyword).path, resolve(keyword).kind) == (keyword, kind_of_vr(vr))


def test_registry_fields_come_with_their_entry():
    for field in registry.load().fields:
        resolved = resolve(field.keyword)
        assert resolved.field is field
        assert (resolved.path, resolved.kind, resolved.label) == (field.keyword, field.kind, field.label)


@pytest.mark.parametrize(
    "name, kind",
    [
        ("PatientSex", "string"),
        ("StudyDescription", "text"),
        ("TextComments", "text"),
        ("ReferringPhysicianName", "text"),
        ("SOPClassUID", "uid"),
        ("Rows", "integer"),
        ("SmallestImagePixelValue", "integer"),
        ("SliceThickness", "float"),
        ("StudyDate", "date"),
        ("StudyTime", "time"),
        ("AcquisitionDateTime", "datetime"),
        ("PixelData", "binary"),
        ("RequestAttributesSequence", "sequence"),
        ("LUTData", "any"),
        ('(0019,"SIEMENS MR HEADER",0C)', "any"),
        ("(0008,1234)", "any"),
        ("(0019,0010)", "string"),
        ("Manufacturer.rule", "string"),
    ],
)
def test_kinds_follow_registry_and_vr(name, kind):
    assert resolve(name).kind == kind


def test_nested_labels_name_every_step():
    assert resolve("RequestAttributesSequence.ReasonForVisit").label == "Request Attributes Sequence › Reason for Visit"


def test_companions_know_the_field_they_accompany():
    resolved = resolve("Manufacturer.canonical")
    assert (resolved.companion, resolved.field.keyword) == ("canonical", "Manufacturer")
    assert resolved.label == "Manufacturer (canonical)"
    resolved = resolve("Modality.group")
    assert (resolved.companion, resolved.field.keyword, resolved.kind) == ("group", "Modality", "string")
    assert resolved.label == "Modality (group)"


@pytest.mark.parametrize(
    "name, nearest",
    [
        ("Manufaturer", ("Manufacturer", "ManufacturerModelName")),
        ("slice thickness", ("SliceThickness",)),
        ("SliceThicknes", ("SliceThickness",)),
        ("qualty", ("quality",)),
        ("Sex", ("PatientSex",)),
        ("body part", ("BodyPartExamined",)),
        ("Sexo", ("PatientSex",)),
        ("grosor corte", ("SliceThickness",)),
        ("OverlayRow", ("OverlayRows",)),
        ("RequestAttributesSequence.RequestedProcID", ("RequestAttributesSequence.RequestedProcedureID",)),
    ],
)
def test_an_unknown_name_is_told_the_nearest_ones_registry_first(name, nearest):
    with pytest.raises(UnknownName) as error:
        resolve(name)
    assert error.value.nearest[: len(nearest)] == nearest
    assert str(error.value).startswith(f"no field is named {name}; nearest: {nearest[0]}")


@pytest.mark.parametrize(
    "name, message",
    [
        ("", "no field is named (empty)"),
        ("..", "no field is named (empty)"),
        ("Modality.", "Modality is no sequence, nothing lies below it"),
        (
            "RequestAttributesSequence.StudyID.X",
            "RequestAttributesSequence.StudyID is no sequence, nothing lies below it",
        ),
        (
            "PatientName.canonical",
            "PatientName has no canonical form (PatientSex, BodyPartExamined, Manufacturer have)",
        ),
        ("Manufacturer.laterality", "Manufacturer is no sequence, nothing lies below it"),
        ("Modality.canonical", "Modality has no canonical form (PatientSex, BodyPartExamined, Manufacturer have)"),
        ("Manufacturer.canonical.rule", "Manufacturer is no sequence, nothing lies below it"),
        ("(0019,100C)", 'a private element is named by its creator: (0019,"CREATOR",0C), not (0019,100C)'),
        ('(0019,"",0C)', 'without a creator all four digits of the element are needed: (0019,"",0C)'),
        ('(0018,"X",0C)', "group 0018 is even, private elements have odd groups"),
        ("(0008,0060", "no field is named (0008,0060"),
    ],
)
def test_a_name_that_cannot_be_is_told_why(name, message):
    with pytest.raises(UnknownName) as error:
        resolve(name)
    assert str(error.value) == message


def test_an_unknown_name_is_a_lookup_error_of_one_short_line():
    for name in ("x" * 100_000, "Study\nDate\nX", "A." * 10_000, "Modality" + ".canonical" * 10_000):
        with pytest.raises(LookupError) as error:
            resolve(name)
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 400


@given(st.text(alphabet='(0019,"X.)cCodeValue\n', max_size=40) | st.text(max_size=40))
def test_any_text_resolves_to_a_stable_path_or_is_unknown(name):
    try:
        resolved = resolve(name)
    except UnknownName:
        return
    assert resolve(resolved.path) == resolved

"""The registry that ships: what it holds, how quickly it is there, when its hash changes."""

import subprocess
import sys
from collections import Counter
from dataclasses import FrozenInstanceError, replace

import pytest

from mappings import registry
from mappings.generate.registry import canonical_json, read, registry_json

FREE_TEXT = (
    "Description",
    "Name",
    "Comments",
    "Agent",
    "ReasonForStudy",
    "CodeMeaning",
    "Title",
    "History",
    "ReasonForTheRequestedProcedure",
)


def test_fields_cover_all_levels_and_groups():
    fields = registry.load().fields
    assert len(fields) >= 300
    assert {field.level for field in fields} == {"patient", "study", "series", "equipment", "instance"}
    groups = Counter(field.group for field in fields)
    assert {"Patient", "Study", "Series", "Equipment", "Instance", "Image", "CT", "MR", "Dose", "Contrast"} <= set(
        groups
    )
    assert {
        "PET and NM",
        "Ultrasound",
        "X-ray",
        "Radiography",
        "Mammography",
        "Radiotherapy",
        "Content",
        "Lake",
    } <= set(groups)


def test_numbers_that_are_counted_by_range_say_their_unit():
    """Counts, ratings without one, and what differs by modality excepted."""
    without = {
        field.keyword
        for field in registry.load().fields
        if field.histogram and field.kind in ("integer", "float") and field.unit is None
    }
    assert without == {
        "NumberOfFrames",
        "EchoTrainLength",
        "RadiopharmaceuticalInformationSequence.RadionuclideTotalDose",
        "RelativeXRayExposure",
        "instanceCount",
    }


def test_what_people_of_each_modality_look_at_is_named():
    looked_at = """
    PatientAge PatientBodyMassIndex AccessionNumber InstitutionName SoftwareVersions IrradiationEventUID
    ConvolutionKernel WaterEquivalentDiameter DiffusionBValue PartialFourier B1rms TypeOfDetectorMotion
    RadiopharmaceuticalInformationSequence.Radiopharmaceutical MechanicalIndex PositionerType FluoroscopyFlag
    ExposureIndex CompressionForce CTDIvol ImageAndFluoroscopyAreaDoseProduct ContrastBolusAgent
    PhotometricInterpretation MIMETypeOfEncapsulatedDocument DocumentClassCodeSequence.CodeMeaning
    ConceptNameCodeSequence.CodeMeaning ReferencedRequestSequence.AccessionNumber AcquisitionDuration
    """
    assert [keyword for keyword in looked_at.split() if registry.load().get(keyword) is None] == []


def test_own_fields_are_flagged_and_have_a_kind():
    own = {field.keyword: field.kind for field in registry.load().fields if field.own}
    assert own == {
        "quality": "string",
        "location": "string",
        "source": "string",
        "organisation": "string",
        "instanceCount": "integer",
        "bytes": "integer",
        "fileSize": "integer",
        "declared": "string",
        "collection": "string",
        "analysisResult": "string",
        "licence": "string",
        "doi": "string",
        "firstRelease": "integer",
        "lastRelease": "integer",
    }


def test_only_fields_people_write_sentences_into_are_text():
    for field in registry.load().fields:
        if field.text:
            assert field.kind == "text"
            assert (
                field.keyword.endswith(FREE_TEXT) or field.vr in ("LT", "ST", "PN") or field.keyword == "ProtocolName"
            )
    for keyword in ("Manufacturer", "Modality", "BodyPartExamined", "PatientID", "ManufacturerModelName", "StudyID"):
        assert not registry.load().get(keyword).text


def test_each_level_has_its_identity():
    identities = [field.keyword for field in registry.load().fields if field.identity]
    assert identities == ["PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"]


def test_labels_are_told_apart():
    for language in ("label", "label_es"):
        labels = Counter(getattr(field, language).casefold() for field in registry.load().fields)
        assert [label for label, count in labels.items() if count > 1] == []


def test_descriptions_are_sentences():
    for field in registry.load().fields:
        assert field.description.endswith("."), field.keyword
        assert "\n" not in field.description


def test_fields_are_frozen():
    with pytest.raises(FrozenInstanceError):
        registry.load().fields[0].label = "x"


def test_the_registry_is_read_once_and_quickly():
    assert registry.load() is registry.load()
    code = (
        "import sys, time; from mappings import registry; start = time.process_time();"
        "registry.load(); print(time.process_time() - start); assert 'yaml' not in sys.modules"
    )
    seconds = float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert seconds < 0.05


def test_hash_changes_with_what_is_indexed_and_with_nothing_else():
    fields, tables = read()
    canonical = canonical_json(tables)
    before = registry_json(fields, canonical)["hash"]
    assert before == registry.load().hash

    def after(**changes):
        return registry_json((replace(fields[0], **changes), *fields[1:]), canonical)["hash"]

    assert (
        after(
            label="Other", label_es="Otra", description="Other.", unit="m", privacy="none", level="study", group="Other"
        )
        == before
    )
    assert registry_json(tuple(reversed(fields)), canonical)["hash"] == before
    assert after(keyword="OtherPatientIDs") != before
    assert after(kind="text") != before
    assert after(canonical="sex") != before
    assert after(companions={"group": "sex"}) != before
    assert registry_json(fields[1:], canonical)["hash"] != before
    plain = next(index for index, field in enumerate(fields) if field.keyword == "ContentDate")
    column = [*fields[:plain], replace(fields[plain], histogram=True), *fields[plain + 1 :]]
    assert registry_json(column, canonical)["hash"] != before
    tables["sex"]["rules"][0]["names"].append("Caballero")
    assert registry_json(fields, canonical_json(tables))["hash"] != before

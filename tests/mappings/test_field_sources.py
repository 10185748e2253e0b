"""Field files are read strictly: every mistake is one line that names the file and the field."""

import pytest
import yaml

from mappings import dictionary, registry
from mappings.generate.fields import SourceError, read_fields
from mappings.generate.paths import PROJECT, ROOT
from mappings.generate.privacy import least

from .builders import field_entry, field_file

TABLES = frozenset({"manufacturers"})


def test_the_registry_is_what_its_files_say():
    tables = frozenset(path.stem for path in (ROOT / "canonical").glob("*.yml"))
    assert read_fields(ROOT / "fields", tables) == registry.load().fields


def test_groups_come_in_their_order_and_fields_as_written(tmp_path):
    field_file(tmp_path, field_entry("KVP", "(0018,0060)", "DS"), name="a.yml", order=20)
    field_file(tmp_path, field_entry(), field_entry("Laterality", "(0020,0060)"), name="b.yml", order=10)
    assert [field.keyword for field in read_fields(tmp_path, TABLES)] == ["Modality", "Laterality", "KVP"]


def test_flags_unit_and_path_reach_the_field(tmp_path):
    path = "RadiopharmaceuticalInformationSequence.RadionuclideTotalDose"
    field_file(tmp_path, field_entry(path, "(0018,1074)", "DS", unit="Bq", flags=["histogram", "column"]))
    (field,) = read_fields(tmp_path, TABLES)
    assert (field.keyword, field.kind, field.unit) == (path, "float", "Bq")
    assert (field.histogram, field.column, field.facet, field.text, field.own) == (True, True, False, False, False)


MISTAKES = {
    "a missing key": (field_entry(label=None), "group.yml: Modality: label is missing"),
    "no Spanish label": (field_entry(label_es=None), "group.yml: Modality: label_es is missing"),
    "an unknown key": (field_entry(labell="x"), "group.yml: Modality: unknown key labell"),
    "another tag": (field_entry(tag="(0008,0061)"), "group.yml: Modality: tag: (0008,0061) should be (0008,0060)"),
    "another VR": (field_entry(vr="LO"), "group.yml: Modality: vr: LO should be CS"),
    "no keyword": (field_entry("Modalitty"), "group.yml: Modalitty: Modalitty is no keyword of the data dictionary"),
    "no sequence": (
        field_entry("PatientID.Modality"),
        "group.yml: PatientID.Modality: PatientID is no sequence of the data dictionary",
    ),
    "an unknown level": (
        field_entry(level="visit"),
        "group.yml: Modality: level: visit is not one of patient, study, series, equipment, instance",
    ),
    "an unknown table": (
        field_entry(canonical="makers"),
        "group.yml: Modality: canonical: makers is not one of manufacturers",
    ),
    "companions without tables": (
        field_entry(companions=["group"]),
        "group.yml: Modality: companions: a mapping from names to tables expected",
    ),
    "a companion that every field has": (
        field_entry(companions={"rule": "manufacturers"}),
        "group.yml: Modality: companions: rule is no name for one: lower case, not canonical, rule",
    ),
    "a companion by an unknown table": (
        field_entry(companions={"group": "groups"}),
        "group.yml: Modality: companions: groups is not one of manufacturers",
    ),
    "an unknown flag": (
        field_entry(flags=["facets"]),
        "group.yml: Modality: flags: facets is not one of facet, histogram, column, text, identity",
    ),
    "a flag twice": (
        field_entry(flags=["facet", "facet"]),
        "group.yml: Modality: flags: a list without repetition expected",
    ),
    "a number for text": (
        field_entry(label=5),
        "group.yml: Modality: label: text expected, quote it if it looks like a number or a date",
    ),
    "a histogram of text": (
        field_entry(flags=["histogram"]),
        "group.yml: Modality: flags: histogram does not fit kind string",
    ),
    "words of numbers": (
        field_entry("KVP", "(0018,0060)", "DS", flags=["text"]),
        "group.yml: KVP: flags: text does not fit kind float",
    ),
    "text without the flag": (
        field_entry("ImageComments", "(0020,4000)", "LT", privacy="phi"),
        "group.yml: ImageComments: flags: VR LT is text, so the flag text belongs there",
    ),
    "a facet of a sequence": (
        field_entry("RequestAttributesSequence", "(0040,0275)", "SQ", privacy="phi", flags=["facet"]),
        "group.yml: RequestAttributesSequence: flags: facet and column do not fit kind sequence",
    ),
    "a laxer privacy class": (
        field_entry("StudyID", "(0020,0010)", "SH", privacy="quasi"),
        "group.yml: StudyID: privacy: PS3.15 Table E.1-1 makes it at least phi",
    ),
    "a text for an entry": ("Modality", "group.yml: every entry of fields is a mapping with a keyword"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_with_file_and_field(tmp_path, mistake):
    entry, message = MISTAKES[mistake]
    with pytest.raises(SourceError) as error:
        read_fields(field_file(tmp_path, entry), TABLES)
    assert str(error.value) == message


def test_the_field_and_the_mistake_that_the_guide_shows_are_real(tmp_path):
    guide = (PROJECT / "docs/guide/registry.md").read_text("utf-8")
    block = guide.split("```yaml\n", 1)[1].split("```", 1)[0]
    (entry,) = yaml.safe_load(block)
    field_file(tmp_path, entry, name="ct.yml")
    (field,) = read_fields(tmp_path, TABLES)
    assert (field.keyword, field.kind, field.histogram) == ("TableHeight", "float", True)
    field_file(tmp_path, entry | {"tag": "(0018,1131)"}, name="ct.yml")
    with pytest.raises(SourceError) as error:
        read_fields(tmp_path, TABLES)
    assert f"mappings: {error.value}" in guide


def test_own_fields_have_a_kind_and_a_name_that_no_attribute_has(tmp_path):
    entry = field_entry("fileSize", tag=None, vr=None, kind="integer")
    (field,) = read_fields(field_file(tmp_path, entry, own=True), TABLES)
    assert (field.own, field.kind, field.tag, field.vr) == (True, "integer", None, None)
    for keyword in ("FileSize", "dBdt", "file-size"):
        field_file(tmp_path, entry | {"keyword": keyword}, own=True)
        with pytest.raises(SourceError, match=f"{keyword}: an own field is named in lower camel case"):
            read_fields(tmp_path, TABLES)


def test_a_field_is_written_once_whatever_its_case(tmp_path):
    field_file(tmp_path, field_entry("KVP", "(0018,0060)", "DS"), name="a.yml", order=10)
    field_file(tmp_path, field_entry("KVP", "(0018,0060)", "DS"), name="b.yml", order=20)
    with pytest.raises(SourceError, match=r"b\.yml: KVP: a field of this name is there already"):
        read_fields(tmp_path, TABLES)


def test_two_files_have_their_own_group_and_order(tmp_path):
    field_file(tmp_path, field_entry(), name="a.yml")
    field_file(tmp_path, field_entry("KVP", "(0018,0060)", "DS"), name="b.yml")
    with pytest.raises(SourceError, match="two files have the same group or the same order"):
        read_fields(tmp_path, TABLES)


@pytest.mark.parametrize(
    "text, message",
    [
        ("group: G\ngroup: H\n", "group.yml: no valid YAML: the key group is there twice"),
        ("group: [", "group.yml: no valid YAML: "),
        ("- a\n", "group.yml: a mapping is expected at the top"),
        ("group: G\norder: 1\n", "group.yml: fields is missing"),
        ("group: G\norder: first\nfields: []\n", "group.yml: order: int expected"),
        ("group: G\norder: 1\nfields: []\nnote: x\n", "group.yml: unknown key note"),
    ],
)
def test_a_broken_file_is_one_line(tmp_path, text, message):
    (tmp_path / "group.yml").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as error:
        read_fields(tmp_path, TABLES)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_a_folder_without_files_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="no field files"):
        read_fields(tmp_path, TABLES)


def test_privacy_follows_table_e_1_1():
    assert least("PatientID") == least("StudyDate") == least("SOPInstanceUID") == least("InstitutionName") == "phi"
    assert least("PatientAge") == least("StationName") == least("StudyDescription") == "quasi"
    assert least("Modality") == least("SOPClassUID") == "none"
    assert least("OtherPatientIDsSequence.Modality") == "phi"
    for field in registry.load().fields:
        if not field.own:
            assert ("none", "quasi", "phi").index(field.privacy) >= ("none", "quasi", "phi").index(least(field.keyword))


def test_tag_and_vr_agree_with_the_data_dictionary():
    for field in registry.load().fields:
        if not field.own:
            tag = dictionary.tag_of(field.keyword.rpartition(".")[2])
            assert field.tag == f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
            assert field.vr == dictionary.lookup(tag).vr

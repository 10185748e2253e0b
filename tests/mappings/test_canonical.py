"""Canonical values: spellings that people meet, neighbours that must stay apart, and the strictness of the tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.sr._concepts_dict import concepts

from mappings.canonical import Table, tables
from mappings.generate.fields import SourceError
from mappings.generate.paths import ROOT
from mappings.generate.rules import compile_table, read_tables

from .builders import rule_table

MAKERS = {
    "SIEMENS": "Siemens Healthineers",
    "Siemens HealthCare GmbH": "Siemens Healthineers",
    "SIEMENS NM": "Siemens Healthineers",
    "CPS": "Siemens Healthineers",
    "GE": "GE HealthCare",
    "GE MEDICAL SYSTEMS": "GE HealthCare",
    "GE Healthcare Austria GmbH & Co OG": "GE HealthCare",
    "G.E. Medical Systems": "GE HealthCare",
    "GEMS": "GE HealthCare",
    "Philips Medical Systems": "Philips",
    "PHILIPS": "Philips",
    "Philips Healthcare": "Philips",
    "Marconi Medical Systems, Inc.": "Philips",
    "Picker International, Inc.": "Philips",
    "TOSHIBA": "Canon Medical Systems",
    "TOSHIBA_MEC": "Canon Medical Systems",
    "TOSHIBA_MEC_US": "Canon Medical Systems",
    "CANON_MEC": "Canon Medical Systems",
    "Canon Medical Systems Corporation": "Canon Medical Systems",
    "Canon Inc.": "Canon",
    "FUJIFILM Corporation": "Fujifilm",
    "FUJI PHOTO FILM Co., ltd.": "Fujifilm",
    "Hitachi Medical Corporation": "Fujifilm",
    "ALOKA CO., LTD.": "Fujifilm",
    "SonoSite, Inc.": "Fujifilm SonoSite",
    "KODAK": "Carestream Health",
    "Eastman Kodak Company": "Carestream Health",
    "Carestream Health": "Carestream Health",
    "Carestream Dental": "Carestream Dental",
    "KONICA MINOLTA": "Konica Minolta",
    "Agfa-Gevaert AG": "Agfa",
    "HOLOGIC, Inc.": "Hologic",
    "LORAD, A Hologic Company": "Hologic",
    "SAMSUNG MEDISON CO., LTD.": "Samsung Medison",
    "UIH": "United Imaging",
    "Shimadzu Corporation": "Shimadzu",
    "Esaote S.p.A.": "Esaote",
    "CMS, Inc.": "Elekta",
    "Mortara Instrument, Inc.": "Mortara Instrument",
    "Varian Medical Systems": "Varian",
    "TomoTherapy Incorporated": "Accuray",
    "Sectra Imtec AB": "Sectra",
    "Sociedad Espanola de Electromedicina y Calidad, S.A.": "Sedecal",
    "Kuratorium OFFIS e.V.": "OFFIS",
    "GENORAY Co., Ltd.": "Genoray",
    "Philips and Neusoft Medical Systems": "Neusoft Medical Systems",
}
"""Values met in public collections and sample files."""

NOT_MAKERS = (
    "Generic",
    "GEMINI",
    "Genesis",
    "GENERAL",
    "G",
    "Canonical",
    "Fujitsu",
    "Merger",
    "Agfab",
    "QIICR",
    "",
    "-",
)

BODY_PARTS = {
    "CHEST": "CHEST",
    "THORAX": "CHEST",
    "Tórax": "CHEST",
    "TORAX": "CHEST",
    "WHOLE BODY": "WHOLEBODY",
    "WHOLEBODY": "WHOLEBODY",
    "Cuerpo entero": "WHOLEBODY",
    "CSPINE": "CSPINE",
    "C-SPINE": "CSPINE",
    "CERVICAL_SPINE": "CSPINE",
    "Columna cervical": "CSPINE",
    "L SPINE": "LSPINE",
    "L-SPINE": "LSPINE",
    "LUMBO-SACRAL SP": "LSSPINE",
    "THORACIC SPINE": "TSPINE",
    "HEAD AND NECK": "HEADNECK",
    "HEAD-NECK": "HEADNECK",
    "CHEST_ABD_PEL": "CHESTABDPELVIS",
    "Abdomen y pelvis": "ABDOMENPELVIS",
    "NECKCHESTABDPEL": "NECKCHESTABDPELV",
    "Rodilla": "KNEE",
    "L KNEE": "KNEE",
    "KNEE_LEFT": "KNEE",
    "Rodilla izquierda": "KNEE",
    "RT HAND": "HAND",
    "Muñeca": "WRIST",
    "LEG": "LOWERLEG",
    "ARM": "UPPERARM",
    "SACRUM": "SSPINE",
}


@pytest.mark.parametrize("raw", MAKERS)
def test_spellings_and_former_names_of_a_maker_are_one_value(raw):
    assert tables()["manufacturers"].find(raw).value == MAKERS[raw]


@pytest.mark.parametrize("raw", NOT_MAKERS)
def test_a_value_that_only_looks_like_a_maker_stays_itself(raw):
    assert tables()["manufacturers"].find(raw) is None


def test_at_least_forty_makers_are_known():
    assert len(set(tables()["manufacturers"].values.values())) >= 80


@pytest.mark.parametrize("raw", BODY_PARTS)
def test_body_parts_in_english_and_spanish_are_terms_of_the_standard(raw):
    assert tables()["body_part"].find(raw).value == BODY_PARTS[raw]


def test_terms_for_body_parts_are_code_strings():
    for term in tables()["body_part"].values.values():
        assert term == term.upper()
        assert len(term) <= 16
        assert term.isalnum()


SIDES = {
    "LEFT KNEE": ("KNEE", "L"),
    "L KNEE": ("KNEE", "L"),
    "KNEE_RIGHT": ("KNEE", "R"),
    "RODILLA DCHA": ("KNEE", "R"),
    "RODILLA DCHA.": ("KNEE", "R"),
    "Rodilla izquierda": ("KNEE", "L"),
    "Mano lado izquierdo": ("HAND", "L"),
    "HOMBRO IZQ": ("SHOULDER", "L"),
    "BOTH KNEES": ("KNEE", "B"),
    "Rodillas bilateral": ("KNEE", "B"),
    "AMBAS MANOS": ("HAND", "B"),
    "KNEE L/R": ("KNEE", "B"),
    "Caderas derecha e izquierda": ("HIP", "B"),
    "RT LT HAND": ("HAND", "B"),
    "LKNEE": ("KNEE", "L"),
    "RSHOULDER": ("SHOULDER", "R"),
    "R FOOT": ("FOOT", "R"),
    "REAR": (None, None),
    "LSPINE": ("LSPINE", None),
    "LUNG": ("LUNG", None),
    "RADIUS": ("RADIUS", None),
    "KNEE": ("KNEE", None),
    "L-SPINE": ("LSPINE", None),
    "Right atrium": ("RATRIUM", None),
    "LEFT HAND RIGHT": ("HAND", None),
    "HOMBRO D": (None, None),
    "LEFT WIDGET": (None, None),
    "LEFT": (None, None),
}


@pytest.mark.parametrize("raw", SIDES)
def test_the_side_is_split_off_a_body_part(raw):
    part, side = SIDES[raw]
    found = tables()["body_part"].find(raw)
    assert (found and found.value) == part
    assert tables()["body_part"].accompany("laterality", raw) == side


GROUPS = {
    "CT": "CT",
    "mr": "MR",
    "PT": "PET/NM",
    "NM": "PET/NM",
    "US": "Ultrasound",
    "CR": "Radiography",
    "DX": "Radiography",
    "PX": "Radiography",
    "MG": "Mammography",
    "XA": "Angiography/fluoroscopy",
    "RF": "Angiography/fluoroscopy",
    "RTSTRUCT": "Radiotherapy",
    "SR": "Document/report",
    "DOC": "Document/report",
    "SEG": "Segmentation/presentation",
    "OPT": "Ophthalmology",
    "SM": "Pathology",
    "OT": "Other",
    "TEST": "TEST",
    " ": None,
}


@pytest.mark.parametrize("raw", GROUPS)
def test_modalities_have_a_group_and_an_unknown_one_is_its_own(raw):
    assert tables()["modality_group"].accompany("group", raw) == GROUPS[raw]


def test_every_modality_of_the_standard_has_a_group():
    """PS3.16 CID 33, by pydicom's tables."""
    coded = {code for names in concepts["DCM"].values() for code, (_, groups) in names.items() if 33 in groups}
    assert len(coded) >= 70
    assert {code for code in coded if tables()["modality_group"].find(code) is None} == set()


@pytest.mark.parametrize(
    "raw, value", [("M", "M"), ("male", "M"), ("Varon", "M"), ("F", "F"), ("MUJER", "F"), ("O", "O"), ("Otro", "O")]
)
def test_sex_is_one_of_the_three_values_of_the_standard(raw, value):
    assert tables()["sex"].find(raw).value == value


def test_an_unknown_sex_is_no_sex():
    assert tables()["sex"].find("U") is None
    assert tables()["sex"].find("Unknown") is None


def test_the_rule_that_fired_is_named():
    assert tables()["manufacturers"].find("TOSHIBA_MEC").rule == "canon-medical"


@pytest.mark.parametrize("table", tables())
def test_a_canonical_value_is_its_own_canonical_value(table):
    for rule, value in tables()[table].values.items():
        assert tables()[table].find(value) == (value, rule)


@pytest.mark.parametrize("table", tables())
def test_every_spelling_of_a_table_leads_to_its_own_rule(table):
    for rule in read_tables(ROOT / "canonical")[table]["rules"]:
        for name in (*rule.get("names", []), *rule.get("starts", []), *(f"{s} X" for s in rule.get("starts", []))):
            assert tables()[table].find(name) == (rule["value"], rule["id"]), name


@given(st.sampled_from(sorted(tables())), st.text(max_size=30))
def test_any_text_has_one_canonical_form_or_none(table, raw):
    found = tables()[table].find(raw)
    assert found is None or tables()[table].find(found.value) == found


def test_an_exact_name_comes_before_what_is_stripped_and_the_longest_beginning_wins():
    table = Table.compiled(
        compile_table(
            "t.yml",
            rule_table(
                {"id": "lumbar", "value": "LSPINE", "names": ["L Spine"]},
                {"id": "spine", "value": "SPINE", "starts": ["Spine"]},
                {"id": "spine-special", "value": "SPECIAL", "starts": ["Spine special"]},
                strip_first=["L", "the left"],
                strip_last=["s.p.a."],
            ),
        )
    )
    assert table.find("L-Spine").rule == "lumbar"
    assert table.find("l l spine lower").rule == "spine"
    assert table.find("The Left the left SPINE SPECIAL x, S.p.A.").rule == "spine-special"
    assert table.find("L") is None
    assert table.find("S.P.A. L S.P.A.") is None


def test_words_that_a_table_splits_off_may_not_mean_two_things():
    splits = [
        {"companion": "side", "value": "L", "first": ["Left"]},
        {"companion": "side", "value": "R", "first": ["LEFT"]},
    ]
    with pytest.raises(SourceError) as error:
        compile_table("t.yml", rule_table({"id": "a", "value": "A"}, splits=splits))
    assert str(error.value) == "t.yml: splits: LEFT means R and L"


@pytest.mark.parametrize(
    "glued, message",
    [
        (["B"], "t.yml: splits: glued: B is no name of a rule"),
        (["ung"], "t.yml: ung: LUNG belongs to rule lung already"),
    ],
)
def test_a_letter_is_glued_to_names_only_and_makes_no_other_name(glued, message):
    rules = rule_table(
        {"id": "lung", "value": "LUNG"},
        {"id": "ung", "value": "UNG"},
        splits=[{"companion": "side", "value": "L", "glued": glued}],
    )
    with pytest.raises(SourceError) as error:
        compile_table("t.yml", rules)
    assert str(error.value) == message


MISTAKES = {
    "two rules, one name": (
        [{"id": "a", "value": "A B"}, {"id": "b", "value": "B", "names": ["a-b"]}],
        "t.yml: b: AB belongs to rule a already",
    ),
    "two rules, one beginning": (
        [{"id": "a", "value": "A", "starts": ["x y"]}, {"id": "b", "value": "B", "starts": ["X-Y"]}],
        "t.yml: b: X Y belongs to rule a already",
    ),
    "a name without letters": ([{"id": "a", "value": "A", "names": ["-"]}], "t.yml: '-' has no letters or digits"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_rules_that_contradict_each_other_are_one_line(mistake):
    rules, message = MISTAKES[mistake]
    with pytest.raises(SourceError) as error:
        compile_table("t.yml", rule_table(*rules))
    assert str(error.value) == message


@pytest.mark.parametrize(
    "text, message",
    [
        ("title: T\nsource: S\n", "t.yml: rules is missing"),
        ("title: T\nsource: S\nsplits: [a]\nrules: []\n", "t.yml: every entry of splits is a mapping"),
        ("title: T\nsource: S\nsplits: [{value: L}]\nrules: []\n", "t.yml: splits: companion is missing"),
        ("title: T\nsource: S\nrules: [a]\n", "t.yml: every entry of rules is a mapping with an id"),
        ("title: T\nsource: S\nrules: [{id: a}]\n", "t.yml: a: value is missing"),
        ("title: T\nsource: S\nrules: [{id: a, value: A, nams: []}]\n", "t.yml: a: unknown key nams"),
        ("title: T\nsource: S\nrules: [{id: a, value: A, names: x}]\n", "t.yml: a: names: a list expected"),
        (
            "title: T\nsource: S\nrules: [{id: a, value: A, names: [no]}]\n",
            "t.yml: a: names: a list of texts expected, quote what looks like a number or yes/no",
        ),
        (
            "title: T\nsource: S\nrules: [{id: a, value: A}, {id: a, value: B}]\n",
            "t.yml: a: a rule with this id is there already",
        ),
    ],
)
def test_a_broken_table_is_one_line(tmp_path, text, message):
    (tmp_path / "t.yml").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as error:
        read_tables(tmp_path)
    assert str(error.value) == message


def test_a_folder_without_tables_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="no canonicalisation tables"):
        read_tables(tmp_path)

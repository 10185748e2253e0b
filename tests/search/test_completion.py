"""Where somebody is typing: ``|`` is the cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.search.completion import Place, place

PRIVATE = '(0019,"SIEMENS MR HEADER",0C)'


def at(marked: str) -> Place:
    position = marked.index("|")
    return place(marked.replace("|", ""), position)


@pytest.mark.parametrize(
    ("marked", "typed", "replaced"),
    [
        ("|", "", ""),
        ("Moda|", "Moda", "Moda"),
        ("Mo|da", "Mo", "Moda"),
        ("Mo|da:CT", "Mo", "Moda:"),
        ("Modality:CT |", "", ""),
        ("Modality:CT AND thi|", "thi", "thi"),
        ("-thi|", "thi", "thi"),
        ("(Modality:CT OR thi|)", "thi", "thi"),
        ("NOT thi|", "thi", "thi"),
        ("in_study(Mod|", "Mod", "Mod"),
        ("in_study(Modality:PT) Stu|", "Stu", "Stu"),
        ("Modality:(CT OR MR) Stu|", "Stu", "Stu"),
        ("StudyDate:[2018 TO 2019] Stu|", "Stu", "Stu"),
        ('"low dose" Stu|', "Stu", "Stu"),
        ("_exists_:Contr|", "Contr", "Contr"),
        ("_exists_:|", "", ""),
        ("RequestAttributesSequence.Req|", "RequestAttributesSequence.Req", "RequestAttributesSequence.Req"),
        ('(0019,"SIEM|', '(0019,"SIEM', '(0019,"SIEM'),
        ("(0018,00|", "(0018,00", "(0018,00"),
    ],
)
def test_names_of_fields_are_completed(marked: str, typed: str, replaced: str) -> None:
    found = at(marked)
    assert (found.kind, found.typed, found.field) == ("field", typed, None)
    assert marked.replace("|", "")[found.start : found.end] == replaced
    assert found.names_only == ("_exists_" in marked)


@pytest.mark.parametrize(
    ("marked", "field", "typed", "replaced"),
    [
        ("Modality:|", "Modality", "", ""),
        ("Modality:C|", "Modality", "C", "C"),
        ("Modality: C|", "Modality", "C", "C"),
        ("Modality:|CT", "Modality", "", "CT"),
        ("-Modality:C|", "Modality", "C", "C"),
        ("Modality:(CT OR M|", "Modality", "M", "M"),
        ("Modality:(CT |", "Modality", "", ""),
        ('StudyDescription:"low d|', "StudyDescription", "low d", '"low d'),
        ('StudyDescription:"low d|ose" x', "StudyDescription", "low d", '"low dose"'),
        ('StudyDescription:("a" OR "low|', "StudyDescription", "low", '"low'),
        (f"{PRIVATE}:1|", PRIVATE, "1", "1"),
        ("StudyDate:[2018 TO 20|", "StudyDate", "20", "20"),
        ("StudyDate:[20|", "StudyDate", "20", "20"),
        ("StudyDate:>=20|", "StudyDate", "20", "20"),
        ('StudyDescription:|"low dose" x', "StudyDescription", "", '"low dose"'),
        (r"SeriesDescription:CT\ l|", "SeriesDescription", "CT l", r"CT\ l"),
        ("in_study(Modality:P|", "Modality", "P", "P"),
        ("Manufacturer.canonical:S|", "Manufacturer.canonical", "S", "S"),
    ],
)
def test_values_are_completed(marked: str, field: str, typed: str, replaced: str) -> None:
    found = at(marked)
    assert (found.kind, found.field, found.typed) == ("value", field, typed)
    assert marked.replace("|", "")[found.start : found.end] == replaced


def test_a_phrase_without_field_is_not_completed() -> None:
    assert at('"low d|').kind == "none"
    assert at('_exists_:"low d|').kind == "none"


@given(st.text(st.sampled_from('Modality:CT ()[]{}"\\-+<>=*?,0123_exists_in_study')), st.integers(-3, 90))
def test_any_text_has_a_place(text: str, position: int) -> None:
    found = place(text, position)
    assert 0 <= found.start <= found.end <= len(text)
    assert found.kind == "none" or found.start <= min(max(position, 0), len(text))

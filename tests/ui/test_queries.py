"""Faults are pointed at and mended, parts can be dropped, completions are put where the caret is."""

import pytest

from ui import queries
from ui.completions import completion
from ui.conditions import conditions, without
from ui.examples import examples, private_condition
from ui.state import PageState


def test_a_name_that_nobody_knows_is_marked_whole_and_mended():
    query = 'CT AND SlicThickness:[0 TO 1] OR "x"'
    problem = queries.fault(query)
    assert problem is not None
    assert queries.marked(query, problem) == (7, 20)
    assert queries.fixes(query, problem)[0] == ("SliceThickness", 'CT AND SliceThickness:[0 TO 1] OR "x"')


@pytest.mark.parametrize("query", ["(Modality:CT", "Modality:", "SliceThickness:thin", '"open', "a AND"])
def test_whatever_is_wrong_has_a_place(query: str):
    problem = queries.fault(query)
    assert problem is not None
    start, end = queries.marked(query, problem) or (-1, -1)
    assert 0 <= start <= end <= len(query)


def test_each_part_of_a_query_is_a_condition_that_can_be_dropped():
    state = PageState(q='chest AND (Modality:CT OR Modality:MR) AND NOT "low dose"', filters={"Modality": ("CT", None)})
    found = conditions(state)
    assert [one.value for one in found[:3]] == ["chest", "(Modality:CT OR Modality:MR)", 'NOT "low dose"']
    assert without(state, "q0").q == '(Modality:CT OR Modality:MR) AND NOT "low dose"'
    assert without(PageState(q="a AND (b OR c)"), "q0").q == "b OR c"
    assert found[3].without.filters == {"Modality": [None]}
    assert without(state, "gone") == state


@pytest.mark.parametrize(
    ("query", "personal"),
    [
        ("lung nodule", False),
        ("Modality:CT AND StudyDate:2019", False),
        ("StudyInstanceUID:1.2.3", False),
        ("PatientName:Doe", True),
        ("NOT PatientID:7", True),
        ('(0019,"SIEMENS MR HEADER",0C):1000', True),
        ("(broken", True),
    ],
)
def test_queries_about_a_person_are_not_remembered_for_long(query: str, personal: bool):
    assert queries.names_person(query) is personal


def test_a_word_is_completed_to_fields_and_to_values_of_the_answer():
    answer = {
        "kind": "field",
        "field": None,
        "start": 9,
        "end": 12,
        "suggestions": [{"text": "PixelSpacing:", "label": "Pixel spacing", "count": 3}],
    }
    facets = {"Manufacturer.canonical": [{"value": "GE HealthCare", "count": 2}, {"value": "Pixie", "count": 5}]}
    found = completion(answer, "chest OR pix", 12, facets)
    assert [item["text"] for item in found["items"]] == ["PixelSpacing:", "Manufacturer.canonical:Pixie"]
    assert (found["start"], found["end"], found["typed"]) == (9, 12, "pix")


def test_examples_are_of_what_the_lake_has_and_can_be_asked():
    hit = {"SeriesDescription": "Low dose chest", "StudyDate": "20190314", "SliceThickness": 1.25, "instanceCount": 9}
    facets = {
        "Modality": [{"value": "CT", "count": 2}, {"value": "PT", "count": 1}],
        "Manufacturer.canonical": [{"value": "GE HealthCare", "count": 2}],
    }
    found = examples({"hits": [hit], "facets": facets}, '(0019,"A",0C):1')
    asked = {one.key: one.q for one in found}
    assert all(queries.fault(query) is None for query in asked.values()), asked
    assert asked["month"] == "StudyDate:2019-03"
    assert asked["in_study"] == "Modality:CT AND in_study(Modality:PT)"
    assert asked["range"] == "SliceThickness:[0 TO 1.25]"
    assert {one.key for one in examples({"hits": [], "facets": {}}, None)} == {"missing"}


def test_an_example_of_a_private_element_is_no_name():
    field = {"keyword": '(0013,"HUPA",01)'}
    assert private_condition(field, [{"value": "Doe^Jane"}, {"value": "FAST"}]) == '(0013,"HUPA",01):FAST'
    assert private_condition(field, [{"value": "Doe^Jane"}]) is None

"""The address and the page's state are the same thing."""

import pytest

from ui.state import Open, PageState, QueryError, parse_open

FULL = PageState(
    q='Modality:CT AND "low dose"',
    level="study",
    filters={"BodyPartExamined.canonical": ("CHEST", None), "Manufacturer.canonical": ("Müller & Söhne: X",)},
    sort=("-StudyDate",),
    page=3,
    open=Open("series", "1.2.3"),
    exclude={"Modality": ("SR", None)},
)


def test_a_state_comes_back_from_its_address():
    assert PageState.parse(FULL.parameters()) == FULL


def test_the_first_page_has_a_bare_address():
    assert PageState().parameters() == {}
    assert PageState.parse({}) == PageState()


def test_another_search_starts_on_its_first_page_and_keeps_what_is_open():
    other = FULL.asking(q="")
    assert (other.page, other.q, other.open) == (1, "", FULL.open)


def test_emptied_filters_leave_the_address():
    assert PageState(filters={"Modality": ()}).parameters() == {}


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "1.5", "٣"])
def test_a_page_that_is_no_number_is_the_first(page: str):
    assert PageState.parse({"page": [page]}).page == 1


@pytest.mark.parametrize("text", ["", "series", "series:", "volume:1.2", ":1.2"])
def test_what_is_no_hits_address_opens_nothing(text: str):
    assert parse_open(text) is None


def test_a_patients_id_may_hold_colons():
    assert parse_open("patient:A:B") == Open("patient", "A:B")


def test_an_unreadable_link_is_refused_in_words():
    with pytest.raises(QueryError, match="level"):
        PageState.parse({"level": ["galaxy"]})

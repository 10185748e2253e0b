"""A search survives its link, and a broken link says what is wrong with it."""

import dataclasses
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from dicomlake.errors import LinkVersionError, QueryError
from dicomlake.query.bounds import Bounds
from dicomlake.query.permalink import LEVELS, OpenHit, SearchState, decode, encode

from .strategies import WELL_FORMED, characters

texts = st.text(characters, max_size=20)
names = st.sampled_from(WELL_FORMED)
values = st.dictionaries(
    names, st.lists(st.none() | texts.filter(bool), min_size=1, max_size=4, unique=True).map(tuple), max_size=3
)
bounds = st.none() | texts.map(str.strip).filter(lambda text: text and ".." not in text and text[0] != "." != text[-1])
ranges = st.dictionaries(
    names, st.lists(st.builds(Bounds, bounds, bounds), min_size=1, max_size=3, unique=True).map(tuple), max_size=3
)
states = st.builds(
    SearchState,
    q=texts,
    level=st.sampled_from(LEVELS),
    filters=values,
    exclude=values,
    ranges=ranges,
    sort=st.lists(st.builds("{}{}".format, st.sampled_from(["", "-"]), names), max_size=3).map(tuple),
    page=st.integers(1, 999_999_999),
    open=st.none() | st.builds(OpenHit, st.sampled_from(LEVELS), texts.filter(bool)),
    columns=st.lists(names, max_size=3).map(tuple),
)


@given(states)
@settings(deadline=None)
def test_every_search_comes_back_from_its_parameters(state: SearchState) -> None:
    assert decode(encode(state)) == state


@given(states)
def test_every_search_comes_back_from_its_address(state: SearchState) -> None:
    assert decode(parse_qs(urlencode(encode(state), doseq=True), keep_blank_values=True)) == state


@pytest.mark.parametrize("part", [part.name for part in dataclasses.fields(SearchState)])
def test_every_part_of_a_search_is_among_those_that_come_back(part: str) -> None:
    default = getattr(SearchState(), part)
    # A part that the strategy leaves out would be unproved.
    drawn = find(states, lambda state: getattr(state, part) != default, settings=settings(phases=[Phase.generate]))
    assert getattr(decode(encode(drawn)), part) != default


@pytest.mark.parametrize("version", ["2", "0", "", "1.0", " 1", "١", "v1", "9" * 5_000])
def test_a_link_of_another_version_is_refused_before_anything_else_in_it(version: str) -> None:
    with pytest.raises(LinkVersionError) as error:
        decode({"v": version, "unheard": "of", "page": "none"})
    assert error.value.details["readable"] == ["1"]
    assert len(error.value.details["version"]) <= 40
    assert len(error.value.message) < 200


def test_a_link_without_version_is_one_of_the_first() -> None:
    assert decode({"q": "lung"}) == decode({"v": "1", "q": "lung"})


def test_a_link_is_readable() -> None:
    state = SearchState(
        q="lung",
        level="study",
        filters={"Modality": ("CT", "MR"), "BodyPartExamined": (None,), '(0019,"A:B",0C)': (5, 1.5)},
        sort=("-StudyDate",),
        page=2,
        open=OpenHit("series", "1.2.3"),
        columns=("Modality", "StudyDate"),
    )
    assert encode(state) == {
        "v": ["1"],
        "q": ["lung"],
        "level": ["study"],
        "f": ["Modality:CT", "Modality:MR", "BodyPartExamined:", '(0019,"A:B",0C):5', '(0019,"A:B",0C):1.5'],
        "sort": ["-StudyDate"],
        "page": ["2"],
        "open": ["series:1.2.3"],
        "col": ["Modality", "StudyDate"],
    }


def test_excluded_values_are_in_the_link() -> None:
    state = SearchState(filters={"Modality": ("CT",)}, exclude={"BodyPartExamined": ("HEAD", None)})
    assert encode(state) == {"v": ["1"], "f": ["Modality:CT"], "x": ["BodyPartExamined:HEAD", "BodyPartExamined:"]}
    with pytest.raises(QueryError, match="a field, a colon and a value"):
        decode({"x": "Modality"})


def test_ranges_are_in_the_link() -> None:
    ranges = {
        "SliceThickness": (Bounds("0", "1.5"), Bounds("3", None)),
        "StudyDate": (Bounds("2019", "2021-06"),),
        "StudyTime": (Bounds(None, "10:30"),),
        "KVP": (Bounds(),),
    }
    written = ["SliceThickness:0..1.5", "SliceThickness:3..", "StudyDate:2019..2021-06", "StudyTime:..10:30", "KVP:.."]
    assert encode(SearchState(ranges=ranges)) == {"v": ["1"], "r": written}
    assert decode({"r": written}).ranges == ranges
    assert decode({"r": ["KVP:80..120", "KVP: 80 .. 120 "]}).ranges == {"KVP": (Bounds("80", "120"),)}


def test_what_is_as_by_default_is_left_out() -> None:
    assert encode(SearchState()) == {"v": ["1"]}
    assert decode({}) == SearchState()


def test_parameters_may_be_single_texts() -> None:
    assert decode({"q": "lung", "f": "Modality:CT"}) == SearchState(q="lung", filters={"Modality": ("CT",)})


def test_a_value_given_twice_is_selected_once() -> None:
    assert decode({"f": ["Modality:CT", "Modality:CT"]}).filters == {"Modality": ("CT",)}


@pytest.mark.parametrize(
    "parameters,says",
    [
        ({"w": "1"}, 'parameter "w"'),
        ({"q": ["a", "b"]}, "2 times"),
        ({"level": "image"}, "one of instance, series, study, patient"),
        ({"f": "Modality"}, "a field, a colon and a value"),
        ({"f": ":CT"}, "a field, a colon and a value"),
        ({"r": "KVP"}, "two points"),
        ({"r": "KVP:80"}, "two points"),
        ({"r": "80..120"}, "two points"),
        ({"sort": "+StudyDate"}, "no field name"),
        ({"col": "-StudyDate"}, "no field name"),
        ({"page": "0"}, "no page number"),
        ({"page": "9" * 5_000}, "no page number"),
        ({"page": "²"}, "no page number"),
        ({"open": "1.2.3"}, "as in series:1.2.3"),
        ({"open": "image:1"}, "one of instance"),
        ({"q": "a" * 10_001}, "shorten it"),
        ({"q": "\ud800"}, "no text"),
        ({"f": ["A:1"] * 501}, "more than 500 times"),
    ],
)
def test_a_broken_link_says_what_is_wrong(parameters: Mapping[str, Any], says: str) -> None:
    with pytest.raises(QueryError) as error:
        decode(parameters)
    assert says in error.value.message
    assert error.value.message.isprintable()


@pytest.mark.parametrize(
    "state", [SearchState(q="a" * 10_001), SearchState(filters={"no name": ("x",)}), SearchState(page=0)]
)
def test_what_would_not_come_back_is_no_link(state: SearchState) -> None:
    with pytest.raises(QueryError):
        encode(state)


@given(
    st.dictionaries(st.sampled_from(["v", "q", "level", "f", "sort", "page", "open", "col", "x", "r"]), st.lists(texts))
)
@settings(deadline=None)
def test_any_parameters_are_a_search_or_a_query_error(parameters: dict[str, list[str]]) -> None:
    try:
        state = decode(parameters)
    except QueryError as error:
        assert error.message.isprintable()  # noqa: PT017
    else:
        assert decode(encode(state)) == state

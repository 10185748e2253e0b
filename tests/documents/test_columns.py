"""Looking at the values of an attribute in many documents at once finds what looking at each document does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.documents.leaves import Leaves
from dicomlake.documents.rollup import varied

PATHS = ("Rows", "SliceLocation", "StudyDate", "PatientName", "ImageType", "(0019,1001)", "ReferencedStudySequence")
VRS = {"(0019,1001)": "DA"}

PLAIN = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([0.0, -0.0, 1.0, 2.5]),
    st.sampled_from(["", "20190102", "Müller^Anna", "AXIAL", "1"]),
)
VALUES = st.one_of(
    PLAIN,
    st.none(),
    st.lists(PLAIN, max_size=3),
    st.lists(st.fixed_dictionaries({"StudyID": PLAIN}), min_size=1, max_size=2),
    st.builds(lambda first: {"count": 300, "first": first}, st.lists(st.integers(0, 2), min_size=1, max_size=2)),
)
BODIES = st.lists(st.dictionaries(st.sampled_from(PATHS), VALUES), max_size=6)


@given(BODIES)
def test_columns_have_the_leaves_of_their_documents(bodies: list[dict[str, Any]]) -> None:
    one_by_one, at_once = Leaves(), Leaves()
    for body in bodies:
        one_by_one.add(body, VRS)
    at_once.add_columns({key: [body[key] for body in bodies if key in body] for key in PATHS}, VRS)
    assert filled(at_once.tokens) == filled(one_by_one.tokens)
    assert filled(at_once.words) == filled(one_by_one.words)
    assert at_once.present == one_by_one.present


def filled(found: dict[str, set[Any]]) -> dict[str, set[Any]]:
    """What there is anything of."""
    return {path: values for path, values in found.items() if values}


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([3, 1, 3, 2], {"values": [1, 2, 3], "count": 3, "min": 1, "max": 3}),
        ([1.0, 1, [2.5, 1]], {"values": [1, 1.0, 2.5], "count": 3, "min": 1, "max": 2.5}),
        ([0.0, -0.0, 1.0], {"values": [-0.0, 0.0, 1.0], "count": 3, "min": -0.0, "max": 1.0}),
        (["b", "a", "", ["b", "c"]], {"values": ["a", "b", "c"], "count": 3}),
        (["10", 9, None, {"count": 300}], {"values": [9, "10"], "count": 2}),
        ([*range(20)], {"values": [*range(16)], "count": 20, "min": 0, "max": 19}),
    ],
)
def test_each_different_value_is_shown_once_and_in_order(values: list[Any], shown: dict[str, Any]) -> None:
    assert repr(varied({"x": values})) == repr({"x": shown})


@pytest.mark.parametrize("values", [[], [None, ""], [[{"StudyID": "1"}], {"count": 300}]])
def test_what_has_nothing_to_show_is_left_out(values: list[Any]) -> None:
    assert varied({"x": values}) == {}

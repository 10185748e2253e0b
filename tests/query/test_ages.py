"""Ages have an order, across units and as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.errors import BadValueError
from dicomlake.query.ages import age_of, age_period, tokens_between
from dicomlake.query.bounds import Bounds
from dicomlake.query.resolve import range_to_resolved, resolve
from dicomlake.query.resolved import Match
from dicomlake.query.text import parse
from mappings.normal import text_token

ages = st.builds("{:03}{}".format, st.integers(0, 999), st.sampled_from("DWMY"))


@given(ages, ages, ages)
def test_a_range_has_the_ages_between_its_ends(value: str, low: str, high: str) -> None:
    age, first, end = age_of(value) or 0, age_period(low)[0], age_period(high)[1]
    assert (text_token(value) in tokens_between(first, end)) == (first <= age < end)


@pytest.mark.parametrize(
    ("typed", "inside", "outside"),
    [
        ("60..", ("060Y", "999Y", "720M"), ("059Y", "719M", "060M")),
        ("..1", ("001Y", "023M", "000D", "104W", "730D"), ("002Y", "024M", "731D", "105W")),
        ("18M..2Y", ("018M", "020M", "002Y", "035M"), ("017M", "001Y", "003Y", "036M")),
        ("60..60", ("060Y", "731M"), ("061Y", "732M")),
        ("0.5..0.5", ("006M",), ("005M", "007M")),
    ],
)
def test_bounds_are_years_or_ages(typed: str, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    low, _, high = typed.partition("..")
    found = range_to_resolved("PatientAge", Bounds(low or None, high or None))
    assert isinstance(found, Match)
    assert {text_token(value) for value in inside} <= set(found.tokens)
    assert not {text_token(value) for value in outside} & set(found.tokens)


def test_a_query_text_has_ranges_of_ages_too() -> None:
    assert resolve(parse("PatientAge:[60 TO *]")) == range_to_resolved("PatientAge", Bounds(60))
    assert resolve(parse("PatientAge:{60 TO *]")) == range_to_resolved("PatientAge", Bounds(61))
    with pytest.raises(BadValueError, match="an age such as 63") as error:
        resolve(parse("PatientAge:[old TO *]"))
    assert error.value.details["position"] == 12
    with pytest.raises(BadValueError, match="nothing lies between"):
        resolve(parse("PatientAge:[60 TO 50]"))

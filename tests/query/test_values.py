"""Values as facets show them become tokens and come back."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomlake.query.values import number, token_display, value_token, value_tokens
from mappings.field import KINDS, Kind
from mappings.moments import date_micros, datetime_micros, time_micros
from mappings.normal import moment_token, number_token, text_token


@pytest.mark.parametrize(
    "kind,value,token",
    [
        ("string", "CT", text_token("CT")),
        ("uid", "1.2.3", text_token("1.2.3")),
        ("integer", 5, number_token(5)),
        ("float", 5.0, number_token(5)),
        ("float", 0.7, number_token(0.7)),
        ("integer", "5", number_token(5)),
        ("integer", "5 cm", text_token("5 cm")),
        ("date", "20190101", moment_token("d", date_micros("20190101"))),
        ("date", "last week", text_token("last week")),
        ("date", "2019", text_token("2019")),
        ("time", "101530.5", moment_token("t", time_micros("101530.5"))),
        ("datetime", "20190101101530.5", moment_token("m", datetime_micros("20190101101530.5")[0])),
        ("any", "20190101", text_token("20190101")),
        ("any", 20190101, number_token(20190101)),
        ("any", "CT", text_token("CT")),
    ],
)
def test_a_value_in_dicom_form_has_a_token_and_comes_back(kind: Kind, value: str | float, token: str) -> None:
    assert value_token(kind, value) == token
    shown = token_display(token)
    assert shown == value or str(shown) == value


def test_the_same_moment_has_one_form() -> None:
    assert token_display(value_token("date", "2019.01.01")) == "20190101"
    assert token_display(value_token("time", "1015")) == "101500"
    assert token_display(value_token("time", "10:15:30.50")) == "101530.5"
    assert token_display(value_token("datetime", "2019")) == "20190101000000"


def test_text_of_an_unknown_type_may_be_a_number_or_a_moment_too() -> None:
    assert value_tokens("any", "20190101") == (
        text_token("20190101"),
        number_token(20190101),
        moment_token("d", date_micros("20190101")),
        moment_token("m", date_micros("20190101")),
    )
    assert value_tokens("any", "101530") == (
        text_token("101530"),
        number_token(101530),
        moment_token("t", time_micros("101530")),
    )


def test_a_number_in_a_field_of_text_or_moments_may_be_its_text_too() -> None:
    assert value_tokens("date", 20190101) == (
        number_token(20190101),
        moment_token("d", date_micros("20190101")),
        text_token("20190101"),
    )
    assert value_tokens("string", 12) == (number_token(12), text_token("12"))
    assert value_tokens("float", 12) == value_tokens("any", 12) == (number_token(12),)


@given(st.sampled_from(KINDS), st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False))
@settings(deadline=None)
def test_every_number_comes_back_from_its_token_in_any_kind(kind: Kind, value: float) -> None:
    shown = token_display(value_token(kind, value))
    assert shown == value
    assert value_token(kind, shown) == value_token(kind, value)
    assert value_token("float", str(shown)) == value_token(kind, value)


@given(st.sampled_from(KINDS), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
@settings(deadline=None)
def test_every_text_stands_for_a_token_that_shows_the_same_value(kind: Kind, value: str) -> None:
    token = value_token(kind, value)
    assert value_token(kind, token_display(token)) == token


@pytest.mark.parametrize(
    "text", ["", "a", "1_000", "1,5", "nan", "inf", "1e999", "0x10", "--1", "1e", ".", "١", "1 ", "1\n", "9" * 5_000]
)
def test_what_is_no_number_written_in_full_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        number(text)


@pytest.mark.parametrize(
    "text,value",
    [("5", 5), ("+5", 5), ("5.", 5.0), (".5", 0.5), ("-1e-3", -0.001), ("12345678901234567890", 12345678901234567890)],
)
def test_numbers_are_exact(text: str, value: float) -> None:
    found = number(text)
    assert found == value
    assert isinstance(found, type(value))
    assert math.isfinite(found)

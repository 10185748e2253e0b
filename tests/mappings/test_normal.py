import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.normal import (
    TEXT_LIMIT,
    fold,
    limit_text,
    moment_token,
    number_token,
    text_token,
    token_value,
    words,
)

numbers = st.one_of(st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False))


@given(numbers, numbers)
def test_tokens_of_numbers_order_as_the_numbers_do(a: float, b: float) -> None:
    assert (number_token(a) < number_token(b)) == (a < b)
    assert (number_token(a) == number_token(b)) == (a == b)


@given(numbers)
def test_a_number_comes_back_exactly(value: float) -> None:
    assert token_value(number_token(value)) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, 2**90 + 2**20 + 1])
def test_what_is_no_64_bit_number_has_no_token(value: float) -> None:
    with pytest.raises(ValueError, match=r"number|integer"):
        number_token(value)


@given(st.integers(-(10**17), 10**17), st.integers(-(10**17), 10**17))
def test_moments_order_and_come_back(a: int, b: int) -> None:
    assert (moment_token("d", a) < moment_token("d", b)) == (a < b)
    assert token_value(moment_token("m", a)) == a


@given(st.text())
def test_folding_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [("García", "GARCIA"), ("Straße", "STRASSE"), ("ñandú", "NANDU"), ("ﬁn", "FIN"), ("Ω", "Ω"), ("山田", "山田")],
)
def test_folding_takes_case_and_accents_away(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_below_the_limit_stays_itself(text: str) -> None:
    assert limit_text(text) == text
    assert token_value(text_token(text)) == text


def test_long_texts_are_cut_and_stay_apart() -> None:
    long = ["é" * 10_000 + end for end in ("", "a", "b")]
    assert len({limit_text(text) for text in long}) == 3
    assert all(len(limit_text(text).encode()) <= TEXT_LIMIT for text in long)


def test_words_are_folded_runs_of_letters_and_digits() -> None:
    assert words("Low-dose CT, 5.0 Tórax") == ["LOW", "DOSE", "CT", "5", "0", "TORAX"]
    assert words("García^María José=山田^太郎") == ["GARCIA", "MARIA", "JOSE", "山田", "太郎"]
    assert words("...") == []

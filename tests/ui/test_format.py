"""Values as people read them."""

import pytest

from ui import format as shown_as


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (38_294_061, "38.3 MB"),
        (999_950, "1.0 MB"),
        (10**13, "10.0 TB"),
    ],
)
def test_sizes_have_three_digits(number: int, text: str):
    assert shown_as.size(number) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 9, "0 %"),
        (9, 9, "100 %"),
        (1, 10_000, "<0.1 %"),
        (9_999, 10_000, ">99.9 %"),
        (5, 200, "2.5 %"),
        (1, 3, "33 %"),
    ],
)
def test_a_share_never_claims_all_or_nothing_wrongly(part: int, whole: int, text: str):
    assert shown_as.share(part, whole) == text


@pytest.mark.parametrize(
    ("vr", "value", "text"),
    [
        ("DA", "20190131", "2019-01-31"),
        ("DA", "sometime", "sometime"),
        ("DA", "20171345", "20171345"),
        ("DA", "00000000", "00000000"),
        ("TM", "101530.25", "10:15:30"),
        ("TM", "256199", "256199"),
        ("AS", "063Y", "63 y"),
        ("AS", "063", "063"),
        ("PN", "Núñez^María^José^Dra", "Núñez, María José Dra"),
        ("PN", "=山田^太郎", "山田, 太郎"),
        ("PN", "Nobody", "Nobody"),
        ("DS", 1.250, "1.25"),
        ("DS", 5.0, "5"),
        ("LO", "20190131", "20190131"),
    ],
)
def test_one_value(vr: str, value: object, text: str):
    assert shown_as.one(value, vr) == text


def test_numbers_have_their_unit_and_bytes_their_size():
    assert shown_as.one(1.5, "DS", "mm") == "1.5 mm"
    assert shown_as.one(1_500_000, None, "By") == "1.5 MB"


def test_missing_values_are_no_text():
    assert shown_as.values(None) is None
    assert shown_as.values([]) is None
    assert shown_as.values(["", None]) is None


def test_several_values_show_the_first_ones():
    assert shown_as.values(["CT", "SR", "PT", "MR"], "CS", shown=2) == "CT, SR +2"


def test_several_dates_ages_and_numbers_are_a_range():
    assert shown_as.values(["20200102", "20190101"], "DA") == "2019-01-01 – 2020-01-02"
    assert shown_as.values(["002Y", "018M"], "AS") == "18 mo – 2 y"
    assert shown_as.values([5.0, 0.6], "DS") == "0.6 – 5"
    assert shown_as.values(["20200102", "sometime"], "DA") == "2020-01-02, sometime"


def test_a_list_that_may_be_cut_is_no_range():
    many = [f"2019{month:02}01" for month in range(1, 13)] + ["20200101", "20200201", "20200301", "20200401"]
    assert shown_as.values(many, "DA", shown=2) == "2019-01-01, 2019-02-01 +14"

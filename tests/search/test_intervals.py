"""Edges of histograms enclose all values, in steps that people can read."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dicomlake.errors import BadValueError
from dicomlake.search.intervals import MAX_BINS, moment_edges, number_edges
from mappings.moments import DAY, HOUR, MINUTE, date_text, day_micros, time_text

finite = st.floats(-1e300, 1e300)
calendar = st.integers(day_micros(1, 1, 1), day_micros(9999, 12, 31) + DAY - 1)


@given(finite, finite, st.integers(1, 100), st.booleans())
@example(0.0, 0.0, 10, False)
@example(-1e300, 1e300, 10, False)
@example(0.1, 0.7, 6, False)
@example(2.0**53 - 1, 2.0**53, 3, False)
@example(5e-324, 1e-323, 2, False)
def test_chosen_steps_enclose_all_numbers(one: float, other: float, bins: int, whole: bool) -> None:
    low, high = sorted((one, other))
    interval, edges = number_edges(low, high, None, bins, whole=whole)
    assert edges[0] <= low <= high < edges[-1]
    assert all(before < after for before, after in pairwise(edges))
    assert len(edges) - 1 <= bins + 3
    assert not whole or float(interval) >= 1


@pytest.mark.parametrize(
    ("low", "high", "bins", "whole", "interval", "first", "last"),
    [
        (0.5, 10.0, 20, False, "0.5", 0.5, 10.5),
        (0.1, 0.7, 10, False, "0.1", 0.1, 0.8),
        (18, 93, 10, True, "10", 10, 100),
        (1, 3, 40, True, "1", 1, 4),
        (512, 512, 40, True, "1", 512, 513),
        (-1000, 3000, 10, True, "500", -1000, 3500),
    ],
)
def test_steps_are_round_numbers(
    low: float, high: float, bins: int, whole: bool, interval: str, first: float, last: float
) -> None:
    chosen, edges = number_edges(low, high, None, bins, whole=whole)
    assert (chosen, edges[0], edges[-1]) == (interval, first, last)


def test_a_step_asked_for_is_taken() -> None:
    assert number_edges(0.5, 2.0, "0.5", 5, whole=False) == ("0.5", [0.5, 1.0, 1.5, 2.0, 2.5])


@pytest.mark.parametrize("interval", ["0", "-1", "nan", "inf", "month", "", "1e-9"])
def test_a_step_that_cannot_be_drawn_is_refused(interval: str) -> None:
    with pytest.raises(BadValueError):
        number_edges(0, 5_000, interval, 40, whole=True)


@given(st.sampled_from("dm"), calendar, calendar, st.integers(1, 100))
@example("d", day_micros(1, 1, 1), day_micros(9999, 12, 31), 40)
@example("d", day_micros(9999, 12, 31), day_micros(9999, 12, 31), 1)
def test_chosen_intervals_enclose_all_moments(letter: str, one: int, other: int, bins: int) -> None:
    low, high = sorted((one, other))
    _, edges = moment_edges(letter, low, high, None, bins)
    assert edges[0] <= low <= high < edges[-1]
    assert all(before < after for before, after in pairwise(edges))
    assert len(edges) - 1 <= MAX_BINS


@pytest.mark.parametrize(
    ("low", "high", "interval", "edges"),
    [
        ((2019, 1, 15), (2019, 3, 1), "month", ["20190101", "20190201", "20190301", "20190401"]),
        ((2019, 1, 15), (2020, 2, 1), "year", ["20190101", "20200101", "20210101"]),
        ((2019, 1, 15), (2019, 4, 1), "quarter", ["20190101", "20190401", "20190701"]),
        ((2020, 2, 28), (2020, 3, 1), "day", ["20200228", "20200229", "20200301", "20200302"]),
        ((2019, 1, 1), (2019, 1, 7), "week", ["20181231", "20190107", "20190114"]),
        ((1999, 1, 1), (2001, 1, 1), "decade", ["19900101", "20000101", "20100101"]),
        ((1970, 1, 8), (1970, 1, 15), "7d", ["19700108", "19700115", "19700122"]),
    ],
)
def test_dates_go_by_the_calendar(
    low: tuple[int, int, int], high: tuple[int, int, int], interval: str, edges: list[str]
) -> None:
    name, found = moment_edges("d", day_micros(*low), day_micros(*high), interval, 40)
    assert (name, [date_text(edge) for edge in found]) == (interval, edges)


def test_the_shortest_interval_that_fits_is_chosen() -> None:
    def chosen(letter: str, low: int, high: int) -> str:
        return moment_edges(letter, low, high, None, 40)[0]

    assert chosen("d", day_micros(2019, 1, 1), day_micros(2019, 2, 1)) == "day"
    assert chosen("d", day_micros(2015, 1, 1), day_micros(2017, 2, 1)) == "month"
    assert chosen("d", day_micros(1980, 1, 1), day_micros(2017, 2, 1)) == "year"
    assert chosen("t", 7 * HOUR, 19 * HOUR) == "1h"
    assert chosen("m", day_micros(2019, 1, 1), day_micros(2019, 1, 1) + 30 * MINUTE) == "1min"


def test_times_of_day_stay_within_the_day() -> None:
    _, edges = moment_edges("t", 0, DAY - 1, "6h", 40)
    assert [time_text(edge) for edge in edges[:-1]] == ["000000", "060000", "120000", "180000"]


@pytest.mark.parametrize(
    ("letter", "interval"), [("d", "1h"), ("t", "month"), ("d", "fortnight"), ("m", "0d"), ("d", ""), ("m", "1s")]
)
def test_an_interval_that_cannot_be_drawn_is_refused(letter: str, interval: str) -> None:
    with pytest.raises(BadValueError):
        moment_edges(letter, 0, 40 * 365 * DAY, interval, 40)


def test_numbers_too_far_apart_are_refused() -> None:
    with pytest.raises(BadValueError, match="too far apart"):
        number_edges(-1e308, 1.0, None, 40, whole=False)

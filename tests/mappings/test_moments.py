"""Dates and times in DICOM form become local wall-clock microseconds and come back."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings import moments

EPOCH = datetime(1970, 1, 1)


def micros(*parts: int) -> int:
    return (datetime(*parts) - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    "text,expected",
    [
        ("20190101", micros(2019, 1, 1)),
        ("2019.01.01", micros(2019, 1, 1)),
        ("19691231", -86_400_000_000),
        ("00010101", micros(1, 1, 1)),
        ("20240229", micros(2024, 2, 29)),
    ],
)
def test_a_date_is_its_local_midnight(text: str, expected: int) -> None:
    assert moments.date_micros(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "2019", "201901", "2019-01-01", "20190132", "20190229", "00000101", "20190101 ", "²0190101", "٢٠١٩٠١٠١"],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        moments.date_micros(text)


@pytest.mark.parametrize(
    "text,expected",
    [
        ("10", 36_000_000_000),
        ("1015", 36_900_000_000),
        ("101530", 36_930_000_000),
        ("101530.5", 36_930_500_000),
        ("101530.123456", 36_930_123_456),
        ("101530.1234569", 36_930_123_456),
        ("10:15", 36_900_000_000),
        ("10:15:30", 36_930_000_000),
        ("10:15:30.5", 36_930_500_000),
        ("000000", 0),
        ("235960", 86_399_000_000),
    ],
)
def test_a_time_is_counted_from_midnight(text: str, expected: int) -> None:
    assert moments.time_micros(text) == expected


@pytest.mark.parametrize(
    "text", ["", "1", "101", "24", "1060", "101561", "101530.", "10:1", "1015:30", "10:1530", "10.5"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        moments.time_micros(text)


@pytest.mark.parametrize(
    "text,expected",
    [
        ("2019", (micros(2019, 1, 1), None)),
        ("201902", (micros(2019, 2, 1), None)),
        ("20190203", (micros(2019, 2, 3), None)),
        ("2019020304", (micros(2019, 2, 3, 4), None)),
        ("20190203040506.7", (micros(2019, 2, 3, 4, 5, 6, 700_000), None)),
        ("20190203040506+0100", (micros(2019, 2, 3, 4, 5, 6), 60)),
        ("20190203040506.7-0330", (micros(2019, 2, 3, 4, 5, 6, 700_000), -210)),
    ],
)
def test_a_datetime_keeps_the_wall_clock_and_its_offset_apart(text: str, expected: tuple[int, int | None]) -> None:
    assert moments.datetime_micros(text) == expected


@pytest.mark.parametrize(
    "text", ["", "20191", "20190001", "2019020324", "20190203040506+1500", "20190203+0160", "20190203Z", "20190203+01"]
)
def test_what_is_no_datetime_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        moments.datetime_micros(text)


@given(st.datetimes())
@settings(deadline=None)
def test_every_moment_comes_back_from_its_text(moment: datetime) -> None:
    value = (moment - EPOCH) // timedelta(microseconds=1)
    day, clock = value // moments.DAY * moments.DAY, value % moments.DAY
    assert moments.datetime_micros(moments.datetime_text(value)) == (value, None)
    assert moments.date_micros(moments.date_text(day)) == day
    assert moments.time_micros(moments.time_text(clock)) == clock


@pytest.mark.parametrize(
    "micros_,text", [(0, "000000"), (36_930_500_000, "101530.5"), (36_930_000_001, "101530.000001")]
)
def test_times_are_written_without_trailing_zeros(micros_: int, text: str) -> None:
    assert moments.time_text(micros_) == text


@pytest.mark.parametrize("beyond", [10**30, -(10**30)])
def test_moments_beyond_the_calendar_are_refused(beyond: int) -> None:
    with pytest.raises(ValueError, match="beyond"):
        moments.datetime_text(beyond)
    with pytest.raises(ValueError, match="within a day"):
        moments.time_text(beyond)

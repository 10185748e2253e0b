"""Ranges and histograms of a search, over a small lake whose every answer is known."""

from collections.abc import Iterator
from typing import Any

import pytest

from dicomlake.errors import BadValueError, CursorError, QueryError, UnknownFieldError
from dicomlake.query.bounds import Bounds, parse_range
from dicomlake.search import Searcher, SearchRequest
from tests.builders import searching

SERIES = (
    {"Modality": "CT", "SliceThickness": 1.5, "StudyDate": "20190131", "PatientAge": "059Y", "Rows": 512},
    {"Modality": "CT", "SliceThickness": 2, "StudyDate": "20200229", "PatientAge": "060Y", "Rows": 512},
    {"Modality": "MR", "SliceThickness": 5, "StudyDate": "20201231", "PatientAge": "018M", "Rows": 256},
    {"Modality": "MR", "StudyDate": "20210101", "Rows": 256},
    {"Modality": "US", "SliceThickness": 1000, "StudyDate": "20220301", "PatientAge": "old", "StudyTime": "031500"},
)


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    with searching(tmp_path_factory.mktemp("ranges"), SERIES) as searcher:
        yield searcher


def found(search: Searcher, *ranges: str, **request: Any) -> list[int]:
    by_field: dict[str, list[Bounds]] = {}
    for name, bounds in map(parse_range, ranges):
        by_field.setdefault(name, []).append(bounds)
    hits = search.run(SearchRequest(ranges=by_field, **request))["hits"]
    return sorted(int(hit["SeriesInstanceUID"].rpartition(".")[2]) for hit in hits)


@pytest.mark.parametrize(
    ("ranges", "left"),
    [
        (["SliceThickness:1.5..2"], [0, 1]),  # both ends are in it
        (["SliceThickness:..2"], [0, 1]),
        (["SliceThickness:2.."], [1, 2, 4]),
        (["SliceThickness:.."], [0, 1, 2, 4]),
        (["SliceThickness:0..1.5", "SliceThickness:5..5"], [0, 2]),  # or within a field
        (["SliceThickness:0..2", "StudyDate:2020..2021"], [1]),  # and across
        (["StudyDate:2019..2020-02"], [0, 1]),  # months and years are whole
        (["StudyDate:2020..2020"], [1, 2]),
        (["StudyDate:20201231..2021-01-01"], [2, 3]),
        (["StudyTime:03..03:14"], []),
        (["StudyTime:03..03:15"], [4]),
        (["PatientAge:60.."], [1]),
        (["PatientAge:..59"], [0, 2]),
        (["slicethickness:..2", "SliceThickness:5.."], [0, 1, 2, 4]),
    ],
)
def test_a_range_has_both_its_ends(search: Searcher, ranges: list[str], left: list[int]) -> None:
    assert found(search, *ranges) == left


def test_values_and_missing_are_alternatives_to_the_ranges_of_their_field(search: Searcher) -> None:
    assert found(search, "SliceThickness:..2", filters={"SliceThickness": [None]}) == [0, 1, 3]
    assert found(search, "SliceThickness:..2", filters={"SliceThickness": [5]}) == [0, 1, 2]
    assert found(search, "SliceThickness:..2", filters={"Modality": ["MR"]}) == []
    assert found(search, "SliceThickness:..2", exclude={"SliceThickness": [2]}) == [0]


def test_facets_and_histograms_ignore_the_ranges_of_their_own_field(search: Searcher) -> None:
    request = SearchRequest(
        ranges={"SliceThickness": [Bounds(0, 2)]},
        facets=["SliceThickness", "Modality"],
        histograms=["SliceThickness", "StudyDate:year"],
    )
    answer = search.run(request)
    assert {one["value"]: one["count"] for one in answer["facets"]["SliceThickness"]} == {
        1.5: 1,
        2: 1,
        5: 1,
        1000: 1,
        None: 1,
    }
    assert {one["value"]: one["count"] for one in answer["facets"]["Modality"]} == {"CT": 2}
    thickness = answer["histograms"]["SliceThickness"]
    assert (thickness["min"], thickness["max"], thickness["valued"], thickness["missing"]) == (1.5, 1000, 4, 1)
    assert sum(one["count"] for one in thickness["bins"]) == 4
    years = answer["histograms"]["StudyDate:year"]
    counts = {one["from"]: one["count"] for one in years["bins"]}
    assert counts == {"20190101": 1, "20200101": 1, "20210101": 0, "20220101": 0}


def test_the_bins_of_a_search_stay_while_it_narrows(search: Searcher) -> None:
    names = ["SliceThickness", "StudyDate", "PatientAge", "bytes"]
    whole = search.run(SearchRequest(histograms=names))["histograms"]
    part = search.run(SearchRequest(histograms=names, filters={"Modality": ["MR"]}))["histograms"]
    for name in names:
        assert [one["from"] for one in whole[name]["bins"]] == [one["from"] for one in part[name]["bins"]]
        assert sum(one["count"] for one in part[name]["bins"]) == part[name]["valued"]


def test_ages_are_counted_in_years(search: Searcher) -> None:
    drawn = search.histogram("PatientAge", SearchRequest(), interval="20")
    counts = {one["from"]: one["count"] for one in drawn["bins"]}
    assert (drawn["kind"], drawn["unit"], drawn["interval"]) == ("age", "a", "20")
    assert counts == {0: 1, 20: 0, 40: 1, 60: 1, 80: 0}
    assert (drawn["min"], drawn["max"], drawn["valued"], drawn["missing"], drawn["other"]) == (1.5, 60, 3, 1, 1)


def test_a_log_scale_begins_at_nothing(search: Searcher) -> None:
    drawn = search.histogram("SliceThickness", SearchRequest(), interval="log")
    edges = [one["from"] for one in drawn["bins"]]
    assert edges[:4] == [1.5, 2, 2.5, 3]
    assert sum(one["count"] for one in drawn["bins"]) == 4
    with pytest.raises(BadValueError):
        search.histogram("StudyDate", SearchRequest(), interval="log")


def test_a_cursor_belongs_to_its_ranges(search: Searcher) -> None:
    first = search.run(SearchRequest(limit=1, ranges={"SliceThickness": [Bounds(0, 5)]}))
    with pytest.raises(CursorError):
        search.run(SearchRequest(limit=1, cursor=first["cursor"]))


@pytest.mark.parametrize(
    ("ranges", "error"),
    [
        ({"Modalty": [Bounds(1)]}, UnknownFieldError),
        ({"SliceThickness": [Bounds("thin")]}, BadValueError),
        ({"SliceThickness": [Bounds(2, 1)]}, BadValueError),
        ({"StudyDate": [Bounds("2019-13")]}, BadValueError),
        ({"Modality": [Bounds("A", "B")]}, BadValueError),
        ({"StudyDate": [Bounds("\ud800")]}, BadValueError),
        ({"Rows": [Bounds(1)] * 101}, QueryError),
    ],
)
def test_ranges_that_cannot_be_meant_are_refused(search: Searcher, ranges: Any, error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        search.run(SearchRequest(ranges=ranges))
    assert "position" not in getattr(refused.value, "details", {}) or refused.value.details["position"] is None

"""Values that a search excludes, and facets over a small lake whose every answer is known."""

from collections.abc import Iterator
from typing import Any

import pytest

from dicomlake.errors import BadValueError, CursorError, QueryError, UnknownFieldError
from dicomlake.search import Searcher, SearchRequest
from tests.builders import searching

SERIES = (
    {"Modality": "CT", "BodyPartExamined": "CHEST", "SliceThickness": 10, "ImageType": ["ORIGINAL", "AXIAL"]},
    {"Modality": "CT", "BodyPartExamined": "chest", "SliceThickness": 2, "ImageType": ["DERIVED", "AXIAL"]},
    {"Modality": "MR", "BodyPartExamined": "HEAD", "SliceThickness": 2, "ImageType": ["ORIGINAL"]},
    {"Modality": "MR"},
    {"Modality": "SR", "BodyPartExamined": "Árm", "SliceThickness": 1.5},
)


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    with searching(tmp_path_factory.mktemp("exclude"), SERIES) as searcher:
        yield searcher


def found(search: Searcher, **request: Any) -> list[int]:
    hits = search.run(SearchRequest(**request))["hits"]
    return sorted(int(hit["SeriesInstanceUID"].rpartition(".")[2]) for hit in hits)


def facet(search: Searcher, name: str, **request: Any) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = search.facet(name, SearchRequest(**request))["values"]
    assert listed == search.run(SearchRequest(facets=[name], **request))["facets"][name]
    return listed


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"Modality": []}, [0, 1, 2, 3, 4]),
        ({"Modality": ["CT"]}, [2, 3, 4]),
        ({"modality": ["CT", "SR"]}, [2, 3]),
        ({"BodyPartExamined": ["CHEST"]}, [1, 2, 3, 4]),  # to the letter, as filters are
        ({"BodyPartExamined": [None]}, [0, 1, 2, 4]),
        ({"BodyPartExamined": [None, "HEAD"], "Modality": ["SR"]}, [0, 1]),
        ({"ImageType": ["AXIAL"]}, [2, 3, 4]),  # none of several values may be an excluded one
        ({"ImageType": ["ORIGINAL", "DERIVED"]}, [3, 4]),
        ({"SliceThickness": [2]}, [0, 3, 4]),
        ({"SliceThickness": ["2.0"]}, [0, 3, 4]),
    ],
)
def test_hits_have_none_of_the_excluded_values(search: Searcher, exclude: dict[str, Any], left: list[int]) -> None:
    assert found(search, exclude=exclude) == left


def test_filters_and_exclusions_hold_together(search: Searcher) -> None:
    assert found(search, filters={"Modality": ["CT", "MR"]}, exclude={"SliceThickness": [2]}) == [0, 3]
    assert found(search, filters={"Modality": ["CT"]}, exclude={"Modality": ["CT"]}) == []


def test_a_facet_ignores_its_own_exclusions_and_marks_them(search: Searcher) -> None:
    free = facet(search, "Modality")
    assert free == [
        {"value": "CT", "count": 2, "selected": False},
        {"value": "MR", "count": 2, "selected": False},
        {"value": "SR", "count": 1, "selected": False},
    ]
    marked = facet(search, "Modality", exclude={"Modality": ["CT", "US"]})
    assert marked == [
        {"value": "CT", "count": 2, "selected": False, "excluded": True},
        *free[1:],
        {"value": "US", "count": 0, "selected": False, "excluded": True},
    ]
    others = facet(search, "BodyPartExamined", exclude={"Modality": ["CT"]})
    assert {one["value"] for one in others} == {"HEAD", "Árm", None}


def test_excluded_missing_stays_listed(search: Searcher) -> None:
    listed = facet(search, "BodyPartExamined", exclude={"BodyPartExamined": [None]}, facet_limit=1)
    assert listed[-1] == {"value": None, "count": 1, "selected": False, "excluded": True}


def test_values_in_their_order(search: Searcher) -> None:
    assert [one["value"] for one in facet(search, "SliceThickness", facet_sort="value")] == [1.5, 2, 10, None]
    bodies = [one["value"] for one in facet(search, "BodyPartExamined", facet_sort="value")]
    assert bodies == ["Árm", "CHEST", "chest", "HEAD", None]
    first = search.facet("BodyPartExamined", SearchRequest(facet_sort="value", facet_limit=2))
    assert [one["value"] for one in first["values"]] == ["Árm", "CHEST"]
    assert first["more"]


def test_values_that_contain_a_text(search: Searcher) -> None:
    assert [one["value"] for one in facet(search, "BodyPartExamined", facet_contains="CHE")] == ["CHEST", "chest"]
    assert [one["value"] for one in facet(search, "BodyPartExamined", facet_contains="arm")] == ["Árm"]
    assert [one["value"] for one in facet(search, "SliceThickness", facet_contains="1")] == [1.5, 10]
    assert facet(search, "SliceThickness", facet_contains="nothing") == []
    missing = facet(search, "BodyPartExamined", facet_contains="arm", filters={"BodyPartExamined": [None]})
    assert [(one["value"], one["count"]) for one in missing] == [("Árm", 1), (None, 1)]
    kept = facet(search, "BodyPartExamined", facet_contains="arm", exclude={"BodyPartExamined": ["HEAD"]})
    assert [(one["value"], one.get("excluded")) for one in kept] == [("HEAD", True), ("Árm", None)]


def test_a_histogram_ignores_what_is_excluded_of_itself(search: Searcher) -> None:
    drawn = search.histogram("SliceThickness", SearchRequest(exclude={"SliceThickness": [2], "Modality": ["SR"]}))
    assert (drawn["min"], drawn["max"], drawn["valued"], drawn["missing"]) == (2, 10, 3, 1)


def test_a_cursor_belongs_to_its_exclusions(search: Searcher) -> None:
    first = search.run(SearchRequest(limit=1, exclude={"Modality": ["CT"]}))
    with pytest.raises(CursorError):
        search.run(SearchRequest(limit=1, cursor=first["cursor"]))
    second = search.run(SearchRequest(limit=1, exclude={"Modality": ["CT"]}, cursor=first["cursor"]))
    assert len(second["hits"]) == 1


def test_exclusions_that_cannot_be_meant_are_refused(search: Searcher) -> None:
    with pytest.raises(UnknownFieldError):
        search.run(SearchRequest(exclude={"Modalty": ["CT"]}))
    with pytest.raises(BadValueError):
        search.run(SearchRequest(exclude={"SliceThickness": [2.0**1023 * 2]}))
    with pytest.raises(QueryError, match="too many"):
        search.run(SearchRequest(exclude={"Modality": [str(i) for i in range(1_001)]}))

"""Completeness against searches that count each cell by themselves."""

from collections.abc import Iterator

import pytest

import sample
from dicomlake.errors import BadValueError, QueryError, UnknownFieldError
from dicomlake.lake import Lake
from dicomlake.search import Searcher, SearchRequest
from dicomlake.search.completeness import completeness
from indexer.flow import run
from indexer.sources.folder import folders
from tests.builders import dicom_file

FIELDS = ["BodyPartExamined", "KVP", "SliceThickness", '(0019,"SIEMENS MR HEADER",0C)']
MAKER = "Manufacturer.canonical"


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    """The sample archive, and series of impossible dates."""
    folder = tmp_path_factory.mktemp("completeness")
    sample.write(folder / "archive", 4)
    for number, day in enumerate(("18000101", "29990101", "20171345", "")):
        path = folder / "archive" / f"odd-{number}.dcm"
        dicom_file(path, uid=f"1.8.{number}", series=f"1.8.{number}.1", StudyDate=day, KVP="120")
    run(folder / "lake", folders([folder / "archive"]))
    with Lake.open(folder / "lake") as opened:
        yield Searcher(opened)


def counted(search: Searcher, level: str, q: str, **filters: list[str | None]) -> int:
    totals = search.run(SearchRequest(q, level, filters, limit=0))["totals"]  # type: ignore[arg-type]
    count: int = totals["instances" if level == "instance" else "series"]
    return count


@pytest.mark.parametrize("level", ["series", "instance"])
@pytest.mark.parametrize("q", ["", "Modality:(CT OR MR)"])
def test_every_cell_is_what_a_search_counts(search: Searcher, level: str, q: str) -> None:
    within = SearchRequest(q, level)  # type: ignore[arg-type]
    found = completeness(search, within, FIELDS, MAKER, columns=40)
    assert found["count"] == counted(search, level, q)
    assert len(found["columns"]) > 3
    for place, column in enumerate(found["columns"]):
        assert column["count"] == counted(search, level, q, **{MAKER: [column["value"]]})
        for row in found["rows"]:
            has = f"({q}) AND _exists_:{row['field']}" if q else f"_exists_:{row['field']}"
            assert row["valued"][place] == counted(search, level, has, **{MAKER: [column["value"]]}), row
            assert row["whole"] == counted(search, level, has)
    assert any(
        0 < valued < column["count"]
        for row in found["rows"]
        for valued, column in zip(row["valued"], found["columns"], strict=True)
    )


def test_years_are_told_apart_and_impossible_ones_left_out(search: Searcher) -> None:
    found = completeness(search, SearchRequest(), ["KVP"], MAKER, columns=40, years="StudyDate")
    assert found["years"] == list(range(found["years"][0], found["years"][-1] + 1))
    assert 1900 < found["years"][0] < found["years"][-1] < 2999
    for place, column in enumerate(found["columns"]):
        for year, count, valued in zip(
            found["years"], column["counts"], found["rows"][0]["yearly"][place], strict=True
        ):
            only = {MAKER: [column["value"]]}
            assert count == counted(search, "series", f"StudyDate:{year}", **only)
            assert valued == counted(search, "series", f"StudyDate:{year} AND _exists_:KVP", **only)


def test_an_empty_selection_has_no_columns(search: Searcher) -> None:
    found = completeness(search, SearchRequest("Modality:NOWHERE"), ["KVP"], MAKER, years="StudyDate")
    assert (found["count"], found["columns"], found["years"]) == (0, [], [])
    assert [(row["field"], row["whole"], row["valued"], row["yearly"]) for row in found["rows"]] == [("KVP", 0, [], [])]


def test_what_cannot_be_meant_is_refused(search: Searcher) -> None:
    with pytest.raises(UnknownFieldError):
        completeness(search, SearchRequest(), ["Modalty"], MAKER)
    with pytest.raises(BadValueError, match="name a date"):
        completeness(search, SearchRequest(), ["KVP"], MAKER, years="KVP")
    with pytest.raises(QueryError, match="from 1 to 40"):
        completeness(search, SearchRequest(), [], MAKER)
    with pytest.raises(QueryError, match="from 1 to 40"):
        completeness(search, SearchRequest(), ["KVP"], MAKER, columns=41)

"""The service over a lake of small files whose every answer is known."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dicomlake.documents.instance import Origin, build
from dicomlake.documents.update import apply
from dicomlake.errors import (
    BadValueError,
    CursorError,
    CursorExpiredError,
    NotFoundError,
    QueryError,
    UnknownFieldError,
)
from dicomlake.headers import read_file
from dicomlake.lake import Lake
from dicomlake.search import Searcher, SearchRequest, cursor
from tests.builders import data_set, write

PRIVATE = '(0019,"SIEMENS MR HEADER",0C)'


def series_files(folder: Path) -> Iterator[Path]:
    """12 series of 2 instances in 6 studies of 3 patients; CT and MR in turn, one series without Modality."""
    for i in range(12):
        for j in range(2):
            ds = data_set(
                uid=f"1.9.{i}.{j}",
                series=f"1.9.{i}",
                study=f"1.9.{i // 2}.0",
                PatientID=f"P{i // 4}",
                Modality=None if i == 11 else ("CT", "MR")[i % 2],
                Manufacturer=("SIEMENS", "GE MEDICAL SYSTEMS", "Siemens")[i % 3],
                StudyDate=f"2019{i // 2 + 1:02}15",
                SeriesDescription=f"Thorax low dose {i}" if i < 3 else "Cráneo",
                SliceThickness=0.5 * (i + 1),
                InstanceNumber=j + 1,
            )
            if i % 2:
                block = ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
                block.add_new(0x0C, "IS", i * 100)
            yield write(ds, folder / f"{i}-{j}.dcm")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("search")
    with Lake.open_for_writing(folder / "lake") as writing:
        documents = [build(read_file(path), path.name, Origin("test")) for path in series_files(folder / "files")]
        apply(writing.engine, documents)
        writing.engine.commit()
    with Lake.open(folder / "lake") as opened:
        yield opened


@pytest.fixture(scope="module")
def search(lake: Lake) -> Searcher:
    return Searcher(lake)


def found(search: Searcher, q: str, **request: Any) -> list[int]:
    """Numbers of the series that a query finds."""
    answer = search.run(SearchRequest(q=q, limit=100, **request))
    return sorted(int(hit["SeriesInstanceUID"].split(".")[-1]) for hit in answer["hits"])


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("", range(12)),
        ("Modality:CT", [0, 2, 4, 6, 8, 10]),
        ("modality:ct", [0, 2, 4, 6, 8, 10]),
        ("-Modality:CT", [1, 3, 5, 7, 9, 11]),
        ("_exists_:Modality", range(11)),
        ("NOT _exists_:Modality", [11]),
        ("Manufacturer:siemens", [0, 2, 3, 5, 6, 8, 9, 11]),
        ("Manufacturer.canonical:GE*", [1, 4, 7, 10]),
        ("Modality.group:CT", [0, 2, 4, 6, 8, 10]),
        ("SliceThickness:[0 TO 1.5]", [0, 1, 2]),
        ("SliceThickness:{0.5 TO 1.5}", [1]),
        ("SliceThickness:1", [1]),
        ("StudyDate:2019-02", [2, 3]),
        ("StudyDate:[2019-05 TO 2019]", [8, 9, 10, 11]),
        ("StudyDate:20190115", [0, 1]),
        ("StudyTime:[10:00 TO 11:00]", range(12)),
        ("StudyTime:[11:00 TO 12:00]", []),
        ('"low dose"', [0, 1, 2]),
        ('"dose low"', []),
        ("craneo", range(3, 12)),
        ("SeriesDescription:thor*", [0, 1, 2]),
        ("SeriesDescription:*dose*2", [2]),
        ("PatientName:garcía", range(12)),
        (f"{PRIVATE}:500", [5]),
        (f"{PRIVATE}:[500 TO 900]", [5, 7, 9]),
        (f"_exists_:{PRIVATE}", [1, 3, 5, 7, 9, 11]),
        ('(0043,"NOBODY",99):1', []),
        ("Modality:CT AND (SliceThickness:0.5 OR SliceThickness:1.5)", [0, 2]),
        ("Modality:(CT OR MR) -SliceThickness:[1 TO *]", [0]),
        ("InstanceNumber:2 InstanceNumber:1", range(12)),
    ],
)
def test_queries_find_what_they_say(search: Searcher, q: str, expected: Any) -> None:
    assert found(search, q) == list(expected)


def test_totals_count_patients_studies_series_instances_and_bytes(search: Searcher, lake: Lake) -> None:
    totals = search.run(SearchRequest(q="Modality:CT"))["totals"]
    assert (totals["patients"], totals["studies"], totals["series"], totals["instances"]) == (3, 6, 6, 12)
    everything = search.run(SearchRequest())["totals"]
    assert everything["bytes"] == sum(hit["bytes"] for hit in search.run(SearchRequest())["hits"])


def test_a_facet_ignores_its_own_filter_and_keeps_what_is_selected(search: Searcher) -> None:
    request = SearchRequest(
        q="SliceThickness:[0 TO 1]", filters={"Modality": ["MR", "US"]}, facets=["Modality", "Manufacturer"]
    )
    answer = search.run(request)
    assert [(v["value"], v["count"], v["selected"]) for v in answer["facets"]["Modality"]] == [
        ("CT", 1, False),
        ("MR", 1, True),
        ("US", 0, True),
    ]
    assert [(v["value"], v["count"]) for v in answer["facets"]["Manufacturer"]] == [("GE MEDICAL SYSTEMS", 1)]
    assert answer["totals"]["series"] == 1


def test_missing_is_a_value_to_count_and_to_choose(search: Searcher) -> None:
    answer = search.run(SearchRequest(filters={"Modality": [None]}, facets=["Modality"]))
    assert {"value": None, "count": 1, "selected": True} in answer["facets"]["Modality"]
    assert answer["totals"]["series"] == 1


def test_facet_values_of_every_kind_come_back_as_filters(search: Searcher) -> None:
    for name in ("Modality", "StudyDate", "StudyTime", "SliceThickness", "InstanceNumber", PRIVATE, "quality"):
        values = search.run(SearchRequest(facets=[name], limit=0))["facets"][name]
        assert values
        for value in values:
            answer = search.run(SearchRequest(filters={name: [value["value"]]}, limit=0, facets=[name]))
            assert answer["totals"]["series"] == value["count"]
            assert [v["value"] for v in answer["facets"][name] if v["selected"]] == [value["value"]]


def test_facets_count_instances_at_instance_level_and_series_elsewhere(search: Searcher) -> None:
    counts = {
        level: search.run(SearchRequest(level=level, facets=["Modality"]))["facets"]["Modality"][0]["count"]  # type: ignore[arg-type]
        for level in ("patient", "study", "series", "instance")
    }
    assert counts == {"patient": 6, "study": 6, "series": 6, "instance": 12}


@pytest.mark.parametrize(("level", "number"), [("patient", 3), ("study", 6), ("series", 12), ("instance", 24)])
@pytest.mark.parametrize("sort", [[], ["-SliceThickness"], ["Modality", "StudyDate"], ["InstanceNumber"]])
def test_paging_reaches_every_hit_once(search: Searcher, level: Any, number: int, sort: list[str]) -> None:
    seen, at = [], None
    for _ in range(100):
        answer = search.run(SearchRequest(level=level, sort=sort, limit=5, cursor=at))
        seen += [
            hit.get("SOPInstanceUID") or hit.get("SeriesInstanceUID") or hit.get("StudyInstanceUID") or hit["PatientID"]
            for hit in answer["hits"]
        ]
        at = answer["cursor"]
        if at is None:
            break
    assert len(seen) == len(set(seen)) == number


def test_order_is_by_value_with_missing_last_both_ways(search: Searcher) -> None:
    for sort, best in ((["Modality", "-SliceThickness"], "CT"), (["-Modality"], "MR")):
        hits = search.run(SearchRequest(sort=sort))["hits"]
        assert hits[0]["Modality"] == best
        assert "Modality" not in hits[-1]
    by_thickness = [hit["SliceThickness"] for hit in search.run(SearchRequest(sort=["-SliceThickness"]))["hits"]]
    assert by_thickness == sorted(by_thickness, reverse=True)


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_what_breaks_its_vr_comes_last_in_an_order_like_what_is_missing(tmp_path: Path) -> None:
    dates = ["20170101", "20171345", "N/A", "", "20180101"]
    with Lake.open_for_writing(tmp_path / "lake") as lake:
        files = [
            write(
                data_set(uid=f"1.9.{i}.1", series=f"1.9.{i}", study=f"1.9.{i}.0", StudyDate=date),
                tmp_path / f"{i}.dcm",
            )
            for i, date in enumerate(dates)
        ]
        apply(lake.engine, [build(read_file(path), path.name, Origin("test")) for path in files])
        lake.engine.commit()
        search = Searcher(lake)
        for sort, good in (("StudyDate", ["20170101", "20180101"]), ("-StudyDate", ["20180101", "20170101"])):
            for level in ("series", "study", "instance"):
                hits = search.run(SearchRequest(sort=[sort], level=level))["hits"]
                shown = [hit.get("StudyDate") for hit in hits]
                assert shown == [*good, "20171345", "N/A", None], (sort, level)


def test_hits_of_studies_and_patients_sum_up_their_matching_series(search: Searcher) -> None:
    study = search.run(SearchRequest(level="study", sort=["StudyDate"]))["hits"][0]
    assert (study["seriesCount"], study["instanceCount"], study["Modality"]) == (2, 4, ["CT", "MR"])
    patient = search.run(SearchRequest(q="Modality:CT", level="patient", sort=["PatientID"]))["hits"][0]
    assert (patient["PatientID"], patient["studyCount"], patient["seriesCount"]) == ("P0", 2, 2)


def test_a_cursor_is_good_for_its_own_search_and_for_a_day(search: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    first = search.run(SearchRequest(limit=5))["cursor"]
    for changed in (
        {"q": "Modality:CT"},
        {"level": "study"},
        {"sort": ["StudyDate"]},
        {"filters": {"Modality": ["CT"]}},
    ):
        with pytest.raises(CursorError, match="another search"):
            search.run(SearchRequest(cursor=first, limit=5, **changed))  # type: ignore[arg-type]
    for broken in ("x", first[:-2], "A" + first[1:], first + "é"):
        with pytest.raises(CursorError):
            search.run(SearchRequest(cursor=broken, limit=5))
    later = cursor.time.time() + cursor.LIFETIME + 60
    monkeypatch.setattr(cursor.time, "time", lambda: later)
    with pytest.raises(CursorExpiredError):
        search.run(SearchRequest(cursor=first, limit=5))


def test_unknown_names_bad_values_and_limits_are_said(search: Searcher) -> None:
    with pytest.raises(UnknownFieldError) as unknown:
        search.run(SearchRequest(q="Modalty:CT"))
    assert "Modality" in unknown.value.details["nearest"]
    for q in ("SliceThickness:thin", "SeriesDescription:[a TO b]", "StudyDate:2019-13"):
        with pytest.raises(BadValueError):
            search.run(SearchRequest(q=q))
    for request in (
        SearchRequest(limit=-1),
        SearchRequest(limit=1_001),
        SearchRequest(facet_limit=0),
        SearchRequest(level="room"),  # type: ignore[arg-type]
        SearchRequest(sort=["a", "b", "c", "d"]),
        SearchRequest(sort=["RequestAttributesSequence"]),
        SearchRequest(facets=["RequestAttributesSequence"]),
    ):
        with pytest.raises(QueryError):
            search.run(request)


def test_all_values_of_a_field_can_be_searched(search: Searcher) -> None:
    answer = search.facet("Manufacturer", SearchRequest(q="Modality:CT", facet_contains="sIEM"))
    assert {v["value"]: v["count"] for v in answer["values"]} == {"SIEMENS": 2, "Siemens": 2}
    assert search.facet("SliceThickness", SearchRequest(facet_limit=5))["more"]


def test_details_give_the_study_its_series_and_whole_documents(search: Searcher) -> None:
    study = search.study("1.9.0.0")
    assert [one["SeriesInstanceUID"] for one in study["series"]] == ["1.9.0", "1.9.1"]
    series = search.series("1.9.1")
    assert [one["InstanceNumber"] for one in series["instances"]] == [1, 2]
    assert series["common"]["PatientName"] == "García^María"
    assert "InstanceNumber" not in series["common"]
    document = search.instance("1.9.1.0")
    assert document[PRIVATE] == 100
    assert list(itertools.islice(document, 2)) == ["FileMetaInformationVersion", "MediaStorageSOPClassUID"]
    for kind in (search.study, search.series, search.instance):
        with pytest.raises(NotFoundError):
            kind("1.2.404")

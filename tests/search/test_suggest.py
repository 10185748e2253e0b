"""Fields and values completed from a small lake whose every answer is known."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dicomlake.documents.instance import Origin, build
from dicomlake.documents.update import apply
from dicomlake.errors import UnknownFieldError
from dicomlake.headers import read_file
from dicomlake.lake import Lake
from dicomlake.query.resolve import resolve
from dicomlake.query.text import parse
from dicomlake.search import Searcher, SearchRequest, vocabulary
from dicomlake.search.fields import OPERATORS
from dicomlake.search.suggest import Suggester
from mappings import dictionary, registry
from tests.builders import data_set, write

PRIVATE = '(0019,"SIEMENS MR HEADER",0C)'
SERIES: tuple[dict[str, Any], ...] = (
    {"SeriesDescription": "Tórax low dose", "Manufacturer": "SIEMENS", "SliceThickness": 1.25, "StudyDate": "20190214"},
    {"SeriesDescription": "torax high", "Manufacturer": "Siemens", "SliceThickness": 12, "StudyDate": "20190301"},
    {"SeriesDescription": "TORAX high", "Manufacturer": "SIEMENS", "SliceThickness": 1.5, "StudyDate": "20200101"},
    {"SeriesDescription": "head", "Manufacturer": "GE", "StudyDate": "20200101"},
)


def index(lake: Path, files: list[Path]) -> None:
    with Lake.open_for_writing(lake) as writing:
        apply(writing.engine, [build(read_file(path), path.name, Origin("t")) for path in files])
        writing.engine.commit()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("suggest")
    files = []
    for i, attributes in enumerate(SERIES):
        for j in range(2):
            ds = data_set(uid=f"1.9.{i}.{j}", series=f"1.9.{i}", study=f"1.8.{i}", **attributes)
            ds.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", i * 10)
            files.append(write(ds, folder / f"{i}-{j}.dcm"))
    index(folder / "lake", files)
    with Lake.open(folder / "lake") as opened:
        yield opened


@pytest.fixture(scope="module")
def suggest(lake: Lake) -> Suggester:
    return Searcher(lake).suggester


def texts(found: list[dict[str, Any]]) -> list[str]:
    return [one["text"] for one in found]


def counted(found: list[dict[str, Any]]) -> list[tuple[Any, int]]:
    return [(one["value"], one["count"]) for one in found]


@pytest.mark.parametrize(
    ("start", "first"),
    [
        ("SliceTh", "SliceThickness"),
        ("slice thick", "SliceThickness"),
        ("thick", "SliceThickness"),
        ("grosor", "SliceThickness"),
        ("FABRICANTE", "Manufacturer"),
        ("manu", "Manufacturer"),
        ("seriesd", "SeriesDescription"),
        ("Sex", "PatientSex"),
    ],
)
def test_names_begin_in_any_word_of_any_language(suggest: Suggester, start: str, first: str) -> None:
    assert texts(suggest.fields(start, 5))[0] == first


def test_fields_that_the_lake_has_come_first_with_how_many_series_have_them(suggest: Suggester) -> None:
    found = suggest.fields("s", 100)
    counts = [one["count"] for one in found]
    assert [bool(count) for count in counts] == sorted((bool(count) for count in counts), reverse=True)
    assert {one["text"]: one["count"] for one in found}["SliceThickness"] == 3
    assert 0 in counts


def test_private_elements_of_the_lake_are_found(suggest: Suggester) -> None:
    assert PRIVATE in texts(suggest.fields("SIEMENS MR", 20))
    assert texts(suggest.fields('(0019,"SIE', 5)) == [PRIVATE]


def test_values_begin_so_case_and_accents_aside(suggest: Suggester) -> None:
    found = suggest.values("SeriesDescription", "tÓR", 10)
    assert counted(found) == [("TORAX high", 1), ("Tórax low dose", 1), ("torax high", 1)]
    assert counted(suggest.values("Manufacturer", "si", 10)) == [("SIEMENS", 2), ("Siemens", 1)]
    assert counted(suggest.values("Manufacturer", "", 1)) == [("SIEMENS", 2)]
    assert suggest.values("Manufacturer", "iemens", 10) == []


@pytest.mark.parametrize(
    ("field", "start", "values"),
    [
        ("SliceThickness", "1", [1.25, 1.5, 12]),
        ("SliceThickness", "1.", [1.25, 1.5]),
        ("StudyDate", "2019", ["20190214", "20190301"]),
        ("StudyDate", "2019-02", ["20190214"]),
        (PRIVATE, "1", [10]),
        ("StudyInstanceUID", "1.8.", ["1.8.0", "1.8.1", "1.8.2", "1.8.3"]),
        ("Manufacturer.canonical", "sie", ["Siemens Healthineers"]),
        ("PixelData", "", []),
        ("RequestAttributesSequence", "", []),
    ],
)
def test_values_of_every_kind(suggest: Suggester, field: str, start: str, values: list[Any]) -> None:
    assert sorted(one["value"] for one in suggest.values(field, start, 10)) == values


def test_counts_are_those_that_choosing_the_value_gives(lake: Lake, suggest: Suggester) -> None:
    search = Searcher(lake)
    for name in ("Manufacturer", "SeriesDescription", "SliceThickness", PRIVATE, "StudyDate"):
        for one in suggest.values(name, "", 10):
            chosen = search.run(SearchRequest(filters={name: [one["value"]]}, limit=0))
            assert chosen["totals"]["series"] == one["count"]


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("Moda", "Modality:"),
        ("-manufac", "-Manufacturer:"),
        ("Manufacturer:sie", "Manufacturer:SIEMENS"),
        ("SeriesDescription:tor", 'SeriesDescription:"TORAX high"'),
        ('SeriesDescription:"torax l', 'SeriesDescription:"Tórax low dose"'),
        ("Modality:CT AND (Manufacturer:G", "Modality:CT AND (Manufacturer:GE"),
        ("Manufacturer:(GE OR s", "Manufacturer:(GE OR SIEMENS"),
        ("_exists_:slicet", "_exists_:SliceThickness"),
        (f"{PRIVATE}:3", f"{PRIVATE}:30"),
        ("StudyDate:[2020", "StudyDate:[20200101"),
    ],
)
def test_the_first_suggestion_goes_on_with_the_text(suggest: Suggester, text: str, done: str) -> None:
    found = suggest.complete(text, None, 5)
    assert text[: found["start"]] + found["suggestions"][0]["text"] + text[found["end"] :] == done


def test_every_suggested_value_is_a_query_that_finds_it(lake: Lake, suggest: Suggester) -> None:
    search = Searcher(lake)
    for name in ("Manufacturer", "SeriesDescription", "SliceThickness", "StudyDate", PRIVATE, "StudyInstanceUID"):
        for one in suggest.complete(f"{name}:", None, 10)["suggestions"]:
            found = search.run(SearchRequest(q=f"{name}:{one['text']}", limit=0))
            assert found["totals"]["series"] >= one["count"] > 0


def test_words_of_the_syntax_are_offered_too(suggest: Suggester) -> None:
    assert "AND" in texts(suggest.complete("Modality:CT AN", None, 50)["suggestions"])
    assert "in_study(" in texts(suggest.complete("in_s", None, 50)["suggestions"])


def test_nothing_is_suggested_where_nothing_is_known(suggest: Suggester) -> None:
    assert suggest.complete("Modalty:C", None, 5)["suggestions"] == []
    assert suggest.complete('"low d', None, 5)["suggestions"] == []
    with pytest.raises(UnknownFieldError):
        suggest.values("Modalty", "C", 5)


def test_a_field_is_described(suggest: Suggester) -> None:
    told = suggest.describe("slicethickness")
    assert (told["keyword"], told["registered"], told["unit"], told["column"]) == ("SliceThickness", True, "mm", True)
    assert told["documents"] == {"series": 3, "instances": 6}
    assert told["examples"][0].startswith("SliceThickness:1")
    private = suggest.describe(PRIVATE)
    assert (private["private"], private["registered"], private["kind"], private["vr"]) == (True, False, "any", "IS")
    assert private["documents"] == {"series": 4, "instances": 8}
    nested = suggest.describe("RequestAttributesSequence.AccessionNumber")
    assert (nested["tag"], nested["vr"], nested["documents"]["series"]) == ("(0008,0050)", "SH", 0)
    companion = suggest.describe("Manufacturer.canonical")
    assert (companion["own"], companion["tag"], companion["documents"]["series"]) == (True, None, 4)
    with pytest.raises(UnknownFieldError):
        suggest.describe("Modalty")


@pytest.mark.parametrize("kind", OPERATORS)
def test_examples_of_every_kind_are_queries(suggest: Suggester, kind: str) -> None:
    names = [*(field.keyword for field in registry.load().fields), *list(dictionary.keywords())[::40], PRIVATE]
    described = [told for name in names if (told := suggest.describe(name))["kind"] == kind]
    assert described
    for told in described:
        for example in told["examples"]:
            resolve(parse(example))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("slice thickness", "SliceThickness"),
        ("grosor de corte", "SliceThickness"),
        ("0018,0050", "SliceThickness"),
        ("00180050", "SliceThickness"),
        ("equipment that made", "Manufacturer"),
        ("TableTopPitchAngle", "TableTopPitchAngle"),
        ("table top pitch", "TableTopPitchAngle"),
    ],
)
def test_fields_are_found_by_name_label_tag_and_description(suggest: Suggester, text: str, found: str) -> None:
    assert found in [one["keyword"] for one in suggest.find(text, 10)]


def test_new_values_are_there_when_the_index_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "SHARE", 0)
    lake = tmp_path / "lake"
    index(lake, [write(data_set(uid="1.1", series="1.2", Manufacturer="ACME"), tmp_path / "1.dcm")])
    with Lake.open(lake) as opened:
        suggest = Searcher(opened).suggester
        assert counted(suggest.values("Manufacturer", "ac", 5)) == [("ACME", 1)]
        index(lake, [write(data_set(uid="1.3", series="1.4", Manufacturer="Acorn"), tmp_path / "2.dcm")])
        assert counted(suggest.values("Manufacturer", "ac", 5)) == [("ACME", 1), ("Acorn", 1)]


def test_uids_of_a_large_lake_are_completed_from_a_good_part_on(
    suggest: Suggester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "UIDS", 1)
    monkeypatch.setattr(vocabulary, "UID_START", 4)
    assert suggest.values("StudyInstanceUID", "1.8", 10) == []
    assert counted(suggest.values("StudyInstanceUID", "1.8.", 1)) == [("1.8.0", 1)]

"""All hits as files: every row and value there, nothing that a spreadsheet runs, one state of the index."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.documents.instance import Origin, build
from dicomlake.documents.update import apply
from dicomlake.errors import BadValueError, QueryError, UnknownFieldError
from dicomlake.headers import read_file
from dicomlake.lake import Lake
from dicomlake.search import Searcher, SearchRequest, export
from tests.builders import data_set, write

PRIVATE = '(0019,"ACME",0C)'
NESTED = "RequestAttributesSequence.ScheduledProcedureStepID"
UNREGISTERED = "RequestAttributesSequence.AccessionNumber"


def files(folder: Path) -> Iterator[Path]:
    """5 series of 20 instances in 3 studies of 2 patients."""
    for i in range(5):
        for j in range(20):
            ds = data_set(
                uid=f"1.9.{i}.{j}",
                series=f"1.9.{i}",
                study=f"1.8.{i // 2}",
                PatientID=f"P{i // 3}",
                Modality=("CT", "MR")[i % 2],
                SeriesDescription=["=1+1", "a,b", 'say "x"', "línea", "-5"][i],
                PixelSpacing=[0.5, 0.5],
                InstanceNumber=j + 1,
                SliceLocation=-1.5 * j,
            )
            item = data_set()
            item.clear()
            item.ScheduledProcedureStepID = f"S{i}.{j % 3}"
            item.AccessionNumber = f"A{i}.{j % 2}"
            ds.RequestAttributesSequence = [item]
            ds.private_block(0x0019, "ACME", create=True).add_new(0x0C, "IS", i)
            yield write(ds, folder / f"{i}-{j}.dcm")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Lake.open_for_writing(tmp_path / "lake") as writing:
        apply(writing.engine, [build(read_file(path), path.name, Origin("t")) for path in files(tmp_path / "files")])
        writing.engine.commit()
    return tmp_path / "lake"


@pytest.fixture
def search(folder: Path) -> Iterator[Searcher]:
    with Lake.open(folder) as opened:
        yield Searcher(opened)


def lines(search: Searcher, **request: Any) -> list[dict[str, Any]]:
    content = b"".join(search.export(SearchRequest(**request), "jsonl"))
    return [json.loads(line) for line in content.splitlines()]


def table(search: Searcher, **request: Any) -> list[dict[str, str]]:
    content = b"".join(search.export(SearchRequest(**request), "csv")).decode()
    return list(csv.DictReader(io.StringIO(content, newline=""), strict=True))


@pytest.mark.parametrize("sort", [(), ("-SeriesNumber", "Modality")])
@pytest.mark.parametrize("level", ["instance", "series", "study", "patient"])
def test_every_hit_is_a_row(search: Searcher, level: Any, sort: tuple[str, ...]) -> None:
    request = SearchRequest(q="Modality:CT", level=level, sort=sort, limit=1_000)
    hits = search.run(request)["hits"]
    name = {"instance": "SOPInstanceUID", "series": "SeriesInstanceUID", "study": "StudyInstanceUID"}.get(
        level, "PatientID"
    )
    found = lines(search, q="Modality:CT", level=level, sort=sort)
    assert len(found) == len(hits) > 1
    assert {row[name] for row in found} == {hit[name] for hit in hits}
    if sort:
        assert [row[name] for row in found] == [hit[name] for hit in hits]
    for row in table(search, q="Modality:CT", level=level, sort=sort):
        assert row["Modality"].startswith("CT")
        assert int(row["bytes"]) > 0


def test_rows_have_the_columns_that_are_named(search: Searcher) -> None:
    fields = ("modality", PRIVATE, "instanceCount", "PatientID", "(0020,0011)")
    content = b"".join(search.export(SearchRequest(fields=fields), "csv")).decode()
    assert content.splitlines()[0] == 'Modality,"(0019,""ACME"",0C)",instanceCount,PatientID,SeriesNumber'
    first = lines(search, fields=fields, q=f"{PRIVATE}:3")
    assert first == [{"Modality": "MR", PRIVATE: 3, "instanceCount": 20, "PatientID": "P1"}]


def test_several_values_have_backslashes_between_them(search: Searcher) -> None:
    (row, *_) = table(search, level="instance", fields=("PixelSpacing", "SliceLocation"), q="InstanceNumber:2")
    assert row == {"PixelSpacing": "0.5\\0.5", "SliceLocation": "-1.5"}
    (series, *_) = table(search, fields=("PixelSpacing",))
    assert series == {"PixelSpacing": "0.5\\0.5"}


def test_a_series_has_all_its_values_not_only_those_that_hits_show(search: Searcher) -> None:
    (row, *_) = lines(search, fields=("InstanceNumber", NESTED), q=f"{PRIVATE}:1")
    assert row == {"InstanceNumber": list(range(1, 21)), NESTED: ["S1.0", "S1.1", "S1.2"]}
    (row,) = lines(search, fields=(UNREGISTERED,), q=f"{PRIVATE}:1")
    assert row == {UNREGISTERED: ["A1.0", "A1.1"]}
    (study,) = lines(search, level="study", fields=("seriesCount", NESTED), q="StudyInstanceUID:1.8.2")
    assert study == {"seriesCount": 1, NESTED: ["S4.0", "S4.1", "S4.2"]}
    (patient,) = lines(search, level="patient", fields=("studyCount", "seriesCount", "Modality"), q="PatientID:P1")
    assert (patient["studyCount"], patient["seriesCount"]) == (2, 2)
    assert sorted(patient["Modality"]) == ["CT", "MR"]


def test_nothing_is_left_that_a_spreadsheet_would_run(search: Searcher) -> None:
    said = [row["SeriesDescription"] for row in table(search, fields=("SeriesDescription",), sort=(PRIVATE,))]
    assert said == ["'=1+1", "a,b", 'say "x"', "línea", "-5"]


@given(st.text(st.characters(codec="utf-8")))
def test_cells_are_harmless_and_come_back(text: str) -> None:
    content = b"".join(export.as_csv([{"a": text, "b": 1}], ["a", "b"])).decode()
    head, (cell, one) = csv.reader(io.StringIO(content, newline=""), strict=True)
    assert (head, one) == (["a", "b"], "1")
    assert content.endswith("\r\n")
    is_number = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) is not None
    dangerous = text[:1] in tuple("=+-@\t\r") and text != "" and not is_number
    assert cell == ("'" + text if dangerous else text)


@pytest.mark.parametrize("text", ["-5", "+5", "-.5", "-5.", "-1e-5", "+1.5E3"])
def test_plain_numbers_stay_numbers(text: str) -> None:
    assert b"".join(export.as_csv([{"a": text}], ["a"])) == f"a\r\n{text}\r\n".encode()


@pytest.mark.parametrize("text", ["-5\\-6", "-1-1", "+1+1", "-", "-5 ", "-٣", "@SUM(1)", "\t1", "=1"])
def test_what_is_no_plain_number_gets_an_apostrophe(text: str) -> None:
    assert b"".join(export.as_csv([{"a": text}], ["a"])) == f"a\r\n'{text}\r\n".encode()


def test_commits_in_between_change_nothing(folder: Path) -> None:
    with Lake.open(folder) as lake:
        search = Searcher(lake)
        expected = lines(search, level="instance", fields=("SOPInstanceUID", "SliceLocation"))
        rows = search.export(SearchRequest(level="instance", fields=("SOPInstanceUID", "SliceLocation")), "jsonl")
        with Lake.open_for_writing(folder) as writing:
            writing.engine.delete("instance", [row["SOPInstanceUID"] for row in expected])
            writing.engine.delete("series", [f"1.9.{i}" for i in range(5)])
            writing.engine.commit()
        lake.engine.refresh()
        assert [json.loads(line) for line in b"".join(rows).splitlines()] == expected
        assert lines(search) == []


def test_rows_are_made_as_they_are_asked_for(search: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 1)
    chunks = list(search.export(SearchRequest(level="instance"), "csv"))
    assert len(chunks) == 101  # a row of names and one each


def test_an_empty_answer_is_a_row_of_names(search: Searcher) -> None:
    asked = SearchRequest(q="Modality:US", fields=("Modality",))
    assert b"".join(search.export(asked, "csv")) == b"Modality\r\n"
    assert b"".join(search.export(asked, "jsonl")) == b""


def test_what_cannot_be_answered_is_refused_before_the_first_byte(search: Searcher) -> None:
    fine = SearchRequest()
    for request, error in (
        (replace(fine, fields=("Modalty",)), UnknownFieldError),
        (replace(fine, fields=("seriesCount",)), UnknownFieldError),
        (replace(fine, q="SliceThickness:thin"), BadValueError),
        (replace(fine, sort=("PixelData",)), BadValueError),
        (replace(fine, q="("), QueryError),
    ):
        with pytest.raises(error):
            search.export(request, "csv")

"""Every benchmark runs, small, and its figures are of what it says."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import documents, equality, idc, ingest, large, memory, orthanc, searching, served
from benchmarks import opensearch as served_alone
from benchmarks.__main__ import PARTS
from benchmarks.ingest import OURS
from benchmarks.processes import Memory, Spent
from benchmarks.tables import Table
from dicomlake.engines.oracle import OracleEncoder
from indexer.summary import Summary
from tests.indexer.idc import index_slice
from tools.opensearch import Server


def column(table: Table, name: str) -> dict[object, object]:
    """A column of a table by the cells of its first."""
    return {row[0]: row[list(table.columns).index(name)] for row in table.rows}


def test_ingest_beside_the_floor_where_there_is_no_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orthanc, "executable", lambda: None)
    compared, peaks, stages, sizes = ingest.measure(24, 1)
    assert set(column(compared, "wall s")) == {"floor: open, read 32 KB", "floor: open, read all", OURS}
    assert any("tools/debian-packages bench" in note for note in compared.notes)
    assert column(peaks, "own")["main"]
    assert sum(row[3] for row in stages.rows if isinstance(row[3], float)) == pytest.approx(100)
    size = column(sizes, "bytes")
    assert 0 < size["of it, kept headers"] < size["index"] < size["lake"]  # type: ignore[operator]


def test_the_best_of_the_peers_ways_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orthanc, "version", lambda: "1")
    spent = {
        OURS: [Spent(2, 3, ""), Spent(1, 2, ""), Spent(9, 2, "")],
        "Orthanc, 1 client": [Spent(20, 8, "")] * 3,
        "Orthanc, 4 clients": [Spent(10, 9, "")] * 3,
    }
    table = ingest.compared(spent, 100)
    assert column(table, "wall x ours") == {OURS: 1.0, "Orthanc, 1 client": 10.0, "Orthanc, 4 clients": 5.0}
    assert table.notes[0].startswith("times as fast as Orthanc, 4 clients, wall time: 5.00")
    assert "4.0 times ours" in table.notes[1]


def test_memory_and_skipping() -> None:
    peaks, skipping = memory.measure(5, 10, 40, 1)
    assert list(column(peaks, "main, own")) == [5, 10, 40]
    for own, resident in zip(
        column(peaks, "main, own").values(), column(peaks, "main, resident").values(), strict=True
    ):
        assert 0 < own < resident  # type: ignore[operator]
    assert len(skipping.rows) == 3


def test_memory_of_few_files_and_of_many() -> None:
    (peaks,) = memory.growth(5, 20)
    assert list(column(peaks, "main, resident")) == [5, 20]
    assert len(peaks.notes) == 2


def test_a_large_archive_is_indexed_whole_though_its_files_come_and_go() -> None:
    progress, stages, sizes = large.measure(6_000)
    assert progress.title.startswith("6,000 instances")
    assert [row[0] // 600 for row in progress.rows if isinstance(row[0], int)] == list(range(1, 11))
    assert stages.title.endswith("6,000 files")
    assert sizes.title == "Bytes on disk of 6,000 instances"


def test_a_rolling_folder_holds_a_small_part_of_its_files(tmp_path: Path) -> None:
    with large.Rolling(tmp_path, 6_000, series=5) as source:
        most = listed = 0
        for _ in source.files():
            listed += 1
            most = max(most, len(os.listdir(tmp_path)))
    assert listed == 6_000
    assert 1 < most <= 8


def test_the_rate_at_the_end_stands_beside_that_at_the_start() -> None:
    steps = [
        large.Step(1_000 * place, seconds, seconds * 2, Memory(1, 1), Memory(1, 1), 500 * 1_000 * place)
        for place, seconds in enumerate((0.0, 1.0, 2.0, 3.0, 4.0, 6.0))
    ]
    table = large.progress(steps, Summary(indexed=5_000))
    assert list(column(table, "files/s").values()) == [1_000, 1_000, 1_000, 1_000, 500]
    assert table.notes[0].endswith("0.500, target at least 0.800: MISSED")
    assert set(column(table, "bytes/instance").values()) == {500}


def test_searches_are_measured() -> None:
    (table,) = searching.measure(1)
    assert set(column(table, "median ms")) == set(searching.SEARCHES)


def test_a_part_of_the_public_archive_is_imported_asked_and_checked() -> None:
    imported, asked, pages, many, checked = idc.measure(0.01)
    assert column(imported, "series/s")["dicomlake import idc"]
    first = ["HTTP, the first of a new lake", "HTTP, the first after a restart"]
    assert list(column(asked, "CPU ms")) == [*first, "HTTP", "in process", "DuckDB"]
    assert all(column(pages, "CPU ms").values())
    assert asked.title.endswith("10,442 series")
    assert column(many, "errors") == {20: 0}
    assert column(checked, "number")["all"] == 5


def test_an_answer_that_is_not_duckdbs_ends_the_check(tmp_path: Path) -> None:
    one, other = (index_slice(tmp_path / f"{name}.parquet", sample=number) for name, number in (("a", 300), ("b", 299)))
    idc.imported(one, tmp_path / "lake")
    with pytest.raises(AssertionError):
        idc.checked(idc.idc_questions.table(other), tmp_path / "lake", 20)


def test_documents_are_made_again_the_same_and_asked_at_a_tenth_and_at_the_end() -> None:
    (table,) = documents.measure(3_000)
    assert list(column(table, "documents/s")) == [300, 3_000]
    assert all(column(table, "bytes/doc").values())
    again = [list(documents.records(200, random.Random(1), OracleEncoder())) for _ in range(2)]
    assert again[0] == again[1]
    assert len({one.uid for one in again[0]}) == 200


@pytest.fixture
def named(opensearch: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Benchmarks take the server of the tests."""
    monkeypatch.setenv("OPENSEARCH_URL", opensearch.url)


@pytest.mark.usefixtures("named")
def test_both_engines_and_duckdb_are_asked_the_same() -> None:
    (table,) = equality.measure(0.02)
    assert list(column(table, "median ms")) == ["embedded", "OpenSearch", "DuckDB, with the comparing"]
    assert table.title.startswith("20 random searches")


@pytest.mark.usefixtures("named")
def test_opensearch_is_loaded_and_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_alone, "STATISTICS", 1)
    loaded, *asked = PARTS["opensearch"](0.002, 1)
    assert "400 instances" in loaded.title
    assert all(table.rows for table in asked)


@pytest.mark.usefixtures("named")
def test_many_documents_on_opensearch_are_asked_as_loaded_and_merged() -> None:
    (table,) = served.measure(1_000, questions=8)
    assert [row[:2] for row in table.rows] == [("as loaded", 100), ("as loaded", 1_000), ("merged", 1_000)]
    assert all(row[-1] for row in table.rows)


def test_the_command_prints_one_object_for_programs() -> None:
    command = [sys.executable, "-m", "benchmarks", "searching", "--scale", "0.03", "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert found["machine"]["cores"] >= 1
    assert found["tables"][0]["rows"][0]["search"] in searching.SEARCHES


def test_a_stopped_benchmark_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "ingest"]
    process = subprocess.Popen(command, env=os.environ | {"TMPDIR": str(tmp_path)}, stdout=subprocess.DEVNULL)
    while not list(tmp_path.glob("*/files/*")):
        assert process.poll() is None
        time.sleep(0.05)
    process.terminate()
    assert process.wait() == 128 + signal.SIGTERM
    assert os.listdir(tmp_path) == []


def test_an_unknown_part_is_refused() -> None:
    command = [sys.executable, "-m", "benchmarks", "speed"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "reader, ingest, memory, searching" in refused.stderr

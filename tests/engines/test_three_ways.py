"""Random searches of real data: both engines give the same answers, and DuckDB counts and orders as they do."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks import equality, idc_sql
from dicomlake.search import Searcher
from tests.lake.places import embedded, on_server
from tools.opensearch import Server

SEARCHES = 200
"""``make bench ARGS=equality`` asks 1,000."""


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return equality.of_patients(tmp_path_factory.mktemp("three") / "idc.parquet", equality.SERIES)


@pytest.fixture(scope="module")
def searchers(parquet: Path, opensearch: Server) -> Iterator[dict[str, Searcher]]:
    """The embedded engine's, and that of a real server."""
    with on_server(opensearch, parquet.with_name("served")) as served, ExitStack() as stack:
        both = {"embedded": embedded(parquet.with_name("inside")), "OpenSearch": served}
        for place in both.values():
            said = place.command("import", "idc", "--parquet", parquet, "--json", "--quiet")
            assert said.code == 0, said.err
            assert said.lines[-1]["series"] == equality.SERIES
        yield {name: Searcher(stack.enter_context(place.open())) for name, place in both.items()}


def test_200_random_searches_of_20_000_series_have_one_answer_in_both_engines_and_duckdb(
    parquet: Path, searchers: dict[str, Searcher]
) -> None:
    table = equality.compared(idc_sql.table(parquet), searchers, SEARCHES, seed=1)
    assert [row[0] for row in table.rows] == ["embedded", "OpenSearch", "DuckDB, with the comparing"]
    found, paged = (int(note.split()[0]) for note in table.notes)
    assert found > 0.7 * SEARCHES
    assert paged > 0.4 * SEARCHES


def test_an_answer_that_differs_ends_the_comparison(parquet: Path, searchers: dict[str, Searcher]) -> None:
    rows = idc_sql.table(parquet)
    uid = "(SELECT min(SeriesInstanceUID) FROM idc WHERE Modality = 'CT')"
    rows.execute(f"UPDATE idc SET Modality = 'MR' WHERE SeriesInstanceUID = {uid}")
    only = {"embedded": searchers["embedded"]}
    with pytest.raises(AssertionError):
        equality.compared(rows, only, SEARCHES, seed=1)

"""The same random searches to both engines and DuckDB: equal answers, and what each of them takes, side by side.

20,000 series of the Imaging Data Commons, of patients drawn at random, so that most studies have several. A search has
terms, ranges, wildcards, words, ``in_study``, and, or, not; values that are chosen and excluded; facets, histograms, an
order, a level and a page. The first difference ends the run: between the engines in anything they answer, the next page
by cursor among it; to DuckDB in totals, facets, bins, and the hits of both pages in their order.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import idc_index_data

from benchmarks import idc_questions, idc_sql
from benchmarks.idc import Times
from benchmarks.idc_searches import Asked, Searches
from benchmarks.processes import DICOMLAKE, run
from benchmarks.tables import Table
from dicomlake.lake import Choice, Lake
from dicomlake.search import Searcher
from tools.opensearch import server

SERIES = 20_000
SEARCHES = 1_000


def measure(scale: float) -> list[Table]:
    """Import so many series into a lake of each engine, and compare."""
    series, searches = (max(20, round(number * min(1.0, scale))) for number in (SERIES, SEARCHES))
    with TemporaryDirectory(prefix="dicomlake-bench-") as home, ExitStack() as stack:
        parquet = of_patients(Path(home) / "idc.parquet", series)
        running = stack.enter_context(server(Path(home) / "server"))
        prefix = f"{running.prefix}equality"
        settings = {"DICOMLAKE_ENGINE_URL": running.url, "DICOMLAKE_ENGINE_PREFIX": prefix}
        ways = {
            "embedded": (Choice(), {}),
            "OpenSearch": (Choice("opensearch", prefix, (running.url,)), settings),
        }
        searchers = {}
        for name, (choice, environment) in ways.items():
            lake = Path(home) / name
            run([*DICOMLAKE, "import", "idc", "--parquet", parquet, "--data", lake, "--quiet"], environment=environment)
            searchers[name] = Searcher(stack.enter_context(Lake.open(lake, choice=choice)))
        return [compared(idc_sql.table(parquet), searchers, searches, seed=1)]


def of_patients(path: Path, series: int) -> Path:
    """A Parquet file of so many series, all that patients drawn at random have, but for the last one of them."""
    whole = f"SELECT * FROM read_parquet('{idc_index_data.IDC_INDEX_PARQUET_FILEPATH}')"
    drawn = f"{whole} ORDER BY md5(PatientID), PatientID, SeriesInstanceUID LIMIT {series}"
    duckdb.execute(f"COPY ({drawn}) TO '{path}' (FORMAT parquet)")
    return path


def compared(rows: duckdb.DuckDBPyConnection, searchers: Mapping[str, Searcher], number: int, seed: int) -> Table:
    """So many searches in turn by each way; what they took. Raises AssertionError at the first difference."""
    times = {name: Times() for name in (*searchers, "DuckDB, with the comparing")}
    *engines, sql = times.values()
    found = paged = 0
    for asked in Searches(rows, seed)(number):
        answers: list[list[dict[str, Any]]] = [
            engine.take(lambda one, searcher=searcher: pages(searcher, one), asked)  # type: ignore[misc, arg-type]
            for engine, searcher in zip(engines, searchers.values(), strict=True)
        ]
        assert all(other == answers[0] for other in answers[1:]), asked
        sql.take(lambda one, answer=answers[0]: check(answer, one, rows), asked)  # type: ignore[misc, arg-type]
        found += answers[0][0]["totals"]["series"] > 0
        paged += len(answers[0]) > 1
    return Table(
        f"{number:,} random searches: no difference between {', '.join(searchers)} and DuckDB",
        ("way", "median ms", "95th percentile ms", "most ms", "CPU ms here"),
        [(name, one.median, one.p95, max(one.spent), one.cpu / number) for name, one in times.items()],
        [f"{found:,} found something", f"{paged:,} had a second page"],
    )


def pages(searcher: Searcher, asked: Asked) -> list[dict[str, Any]]:
    """The answer and, by its cursor, the next page; without what is of the index rather than of the documents."""
    first = searcher.run(asked.request)
    found = [first]
    if first["cursor"]:
        found.append(searcher.run(replace(asked.request, cursor=first["cursor"], facets=(), histograms=())))
    for page in found:
        for name in ("took_ms", "generation"):
            del page[name]
        page["cursor"] = page["cursor"] is not None
    return found


def check(answers: list[dict[str, Any]], asked: Asked, rows: duckdb.DuckDBPyConnection) -> None:
    """Totals, facets, histograms and hits are those of DuckDB. Raises AssertionError."""
    request, where, first = asked.request, asked.where(), answers[0]
    idc_questions.check(first, idc_questions.Question(replace(request, facets=()), where), rows)
    assert all(answer["totals"] == first["totals"] for answer in answers), asked
    for name in request.facets:
        listed = {one["value"]: one["count"] for one in first["facets"][name]}
        named = dict.fromkeys((*request.filters.get(name, ()), *request.exclude.get(name, ())), 0)
        assert listed == named | _counts(rows, idc_sql.facet(name, asked.where(beside=name))), (asked, name)
    for name, drawn in first.get("histograms", {}).items():
        _check_histogram(drawn, asked, name.partition(":")[0], rows)
    key = idc_sql.KEYS[request.level]
    hits = [hit[key] for answer in answers for hit in answer["hits"]]
    sql = idc_sql.page(request.level, request.sort, where, request.limit * len(answers))
    assert hits == [key for (key,) in rows.execute(sql).fetchall()], asked


def _check_histogram(drawn: dict[str, Any], asked: Asked, field: str, rows: duckdb.DuckDBPyConnection) -> None:
    """Each bin counts the values from its start up to, not including, its end."""
    where = asked.where(beside=field)
    is_age = field == "PatientAge"
    missing = _counts(rows, idc_sql.facet(field, where)).get(None, 0)
    counted = _counts(rows, idc_sql.ages(where) if is_age else idc_sql.facet(field, where))
    without = counted.pop(None, 0)
    for one in drawn["bins"]:
        inside = (value for value in counted if one["from"] <= value and (one["to"] is None or value < one["to"]))
        assert one["count"] == sum(counted[value] for value in inside), (asked, field, one)
    if not is_age:  # which is shown rounded
        assert (drawn["min"], drawn["max"]) == (min(counted, default=None), max(counted, default=None)), (asked, field)
    told = drawn["valued"], drawn["missing"], drawn["other"]
    assert told == (sum(counted.values()), missing, without - missing), (asked, field)


def _counts(rows: duckdb.DuckDBPyConnection, sql: str) -> dict[Any, int]:
    return dict(rows.execute(sql).fetchall())

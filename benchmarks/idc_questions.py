"""Random questions to the Imaging Data Commons: as a search, and as the SQL that DuckDB answers from the same rows."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dicomlake.search.request import SearchRequest

ONE = {
    "Modality": "Modality",
    "Manufacturer": "Manufacturer",
    "ManufacturerModelName": "ManufacturerModelName",
    "BodyPartExamined": "BodyPartExamined",
    "PatientSex": "PatientSex",
    "SOPClassUID": "SOPClassUID",
    "StudyDescription": "StudyDescription",
    "collection": "collection_id",
    "analysisResult": "analysis_result_id",
    "licence": "license_short_name",
    "doi": "source_DOI",
}
"""Fields of one value to their columns."""

SEVERAL = {
    "TransferSyntaxUID": "TransferSyntaxUID",
    "PhotometricInterpretation": "PhotometricInterpretation",
}
"""Fields of several values to columns that hold them between commas."""

NUMBERS = {
    "instanceCount": "instanceCount",
    "SeriesNumber": "SeriesNumber::BIGINT",
    "lastRelease": "series_revised_idc_version",
}


@dataclass(frozen=True)
class Question:
    """A search and its condition in SQL."""

    request: SearchRequest
    condition: str


def table(parquet: Path) -> duckdb.DuckDBPyConnection:
    """The rows of a Parquet file, in memory, as the table ``idc``."""
    connection = duckdb.connect()
    connection.execute("CREATE TABLE idc AS SELECT * FROM read_parquet(?)", [str(parquet)])
    return connection


def questions(
    rows: duckdb.DuckDBPyConnection, number: int, seed: int, *, facets: int, limit: int = 0
) -> Iterator[Question]:
    """So many questions, distinct ones, the same for the same seed: up to three conditions on values that there are,
    and ``facets`` facets on other fields."""
    chance = random.Random(seed)
    names = [*ONE.values(), *SEVERAL.values(), "StudyDate", *("instanceCount", "SeriesNumber::BIGINT")]
    picked = f"SELECT {', '.join(names)} FROM idc USING SAMPLE reservoir(2000 ROWS) REPEATABLE ({seed})"
    sample = [dict(zip(names, row, strict=True)) for row in rows.execute(picked).fetchall()]
    asked: set[str] = set()
    while len(asked) < number:
        conditions = [_condition(chance, sample) for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3)))]
        words = [text for text, _, _ in conditions if text]
        filters = {name: [value] for text, name, value in conditions if not text}
        about = {name for _, name, _ in conditions}
        listed = chance.sample([name for name in (*ONE, *SEVERAL) if name not in about], facets)
        request = SearchRequest(
            q=" AND ".join(words), filters=filters, facets=listed, limit=limit, facet_limit=10_000, totals="fast"
        )
        if str(request) not in asked:
            asked.add(str(request))
            where = [_sql(*one) for one in conditions if not one[0] and filters[one[1]] == [one[2]]]
            where += [_range_sql(name, value) for text, name, value in conditions if text]
            yield Question(request, " AND ".join(where) or "TRUE")


def _condition(chance: random.Random, sample: list[dict[str, Any]]) -> tuple[str, str, Any]:
    """Query text, or none for a filter; the field; the value or the bounds."""
    row = chance.choice(sample)
    kind = chance.random()
    if kind < 0.7:
        name = chance.choice(list(ONE))
        return "", name, row[ONE[name]]
    if kind < 0.8:
        name = chance.choice(list(SEVERAL))
        values = row[SEVERAL[name]]
        return "", name, chance.choice(values.split(",")) if values else None
    if kind < 0.9:
        first, last = sorted((chance.randint(1990, 2022), chance.randint(1990, 2022)))
        return f"StudyDate:[{first} TO {last}]", "StudyDate", (f"{first}-01-01", f"{last}-12-31")
    name = chance.choice(list(NUMBERS))
    low, high = sorted((chance.randint(1, 30), chance.randint(1, 500)))
    return f"{name}:[{low} TO {high}]", name, (low, high)


def _sql(text: str, name: str, value: Any) -> str:
    column = ONE.get(name) or SEVERAL[name]
    if value is None:
        return f"{column} IS NULL"
    quoted = "'" + value.replace("'", "''") + "'"
    return f"{column} = {quoted}" if name in ONE else f"list_contains(string_split({column}, ','), {quoted})"


def _range_sql(name: str, bounds: tuple[Any, Any]) -> str:
    low, high = bounds
    if name == "StudyDate":
        return f"StudyDate BETWEEN '{low}' AND '{high}'"
    return f"{NUMBERS[name]} BETWEEN {low} AND {high}"


def totals_sql(question: Question) -> str:
    """Patients, studies, series, instances and bytes."""
    return (
        "SELECT count(DISTINCT PatientID), count(DISTINCT StudyInstanceUID), count(*), coalesce(sum(instanceCount), 0),"
        f" coalesce(sum(round(series_size_MB * 1e6)::BIGINT), 0) FROM idc WHERE {question.condition}"
    )


def facet_sql(question: Question, field: str) -> str:
    """Each value of a field, NULL among them, and the series that have it."""
    if field in ONE:
        values = ONE[field]
    else:
        column = SEVERAL[field]
        values = f"unnest(CASE WHEN {column} IS NULL THEN [NULL] ELSE string_split({column}, ',') END)"
    return f"SELECT value, count(*) FROM (SELECT {values} AS value FROM idc WHERE {question.condition}) GROUP BY value"


def check(answer: dict[str, Any], question: Question, rows: duckdb.DuckDBPyConnection) -> None:
    """Raises AssertionError when the totals or the facets of an answer are not those that DuckDB counts."""
    counted = rows.execute(totals_sql(question)).fetchone()
    names = ("patients", "studies", "series", "instances", "bytes")
    assert tuple(answer["totals"][name] for name in names) == counted, (question, answer["totals"], counted)
    for field in question.request.facets:
        found = {one["value"]: one["count"] for one in answer["facets"][field]}
        wanted = dict(rows.execute(facet_sql(question, field)).fetchall())
        assert found == wanted, (question, field)

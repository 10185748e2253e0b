"""What searches of the index of the Imaging Data Commons mean, in SQL over its rows: written from the guide alone.

Nothing of the program's own normal form is used: case, accents and words are DuckDB's.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from benchmarks import idc_questions
from dicomlake.engines.base import Level
from dicomlake.query import ast
from dicomlake.query.bounds import Bounds

TEXTS: Final = ("StudyDescription", "SeriesDescription")
DATES: Final = ("StudyDate", "SeriesDate")
UIDS: Final = ("SOPClassUID", "TransferSyntaxUID", "StudyInstanceUID")
LISTS: Final = {
    **{name: f"string_split({column}, ',')" for name, column in idc_questions.SEVERAL.items()},
    "PixelRepresentation": "list_transform(string_split(PixelRepresentation, ','), lambda one: one::BIGINT)",
}
NUMBERS: Final = {
    **idc_questions.NUMBERS,
    "firstRelease": "series_init_idc_version",
    "bytes": "round(series_size_MB * 1e6)::BIGINT",
    "PixelRepresentation": LISTS["PixelRepresentation"],
}
STRINGS: Final = {
    **{name: column for name, column in idc_questions.ONE.items() if name not in (*TEXTS, *UIDS)},
    "PatientID": "PatientID",
    "PatientAge": "PatientAge",
    "PhotometricInterpretation": LISTS["PhotometricInterpretation"],
}
COLUMNS: Final = {
    **{name: name for name in (*TEXTS, *DATES, *UIDS)},
    **STRINGS,
    **NUMBERS,
    **LISTS,
}
"""Every field to its value in SQL, a list where it may have several."""

KEYS: Final[dict[Level, str]] = {
    "series": "SeriesInstanceUID",
    "study": "StudyInstanceUID",
    "patient": "PatientID",
}
AGES: Final = {"D": 16, "W": 112, "M": 487, "Y": 5_844}
"""Units of VR AS in sixteenths of a day: a year has 365.25 days, a month is a twelfth of it."""


def table(parquet: Path) -> duckdb.DuckDBPyConnection:
    """The rows as the table ``idc``, with texts folded and in words, and ages as numbers, beside them."""
    rows = idc_questions.table(parquet)
    rows.execute("SET threads = 1")  # as quick for so few rows, and the server has the other processor
    texts = dict.fromkeys((*TEXTS, *STRINGS.values()))
    folded = [f"{_folded(column)} AS {column}_folded" for column in texts if column not in LISTS.values()]
    parts = [f"{_words(column)} AS {column}_words" for column in TEXTS]
    rows.execute(f"CREATE OR REPLACE TABLE idc AS SELECT *, {', '.join([*folded, *parts])} FROM idc")
    units = " ".join(f"WHEN '{unit}' THEN {length}" for unit, length in AGES.items())
    age = f"left(PatientAge, 3)::INT * CASE right(PatientAge, 1) {units} END"
    rows.execute(
        "CREATE OR REPLACE TABLE idc AS SELECT *, "
        f"CASE WHEN regexp_full_match(PatientAge, '[0-9]{{3}}[DWMY]') THEN {age} END AS age FROM idc"
    )
    return rows


def _folded(text: str) -> str:
    return f"lower(strip_accents({text}))"


def _words(text: str) -> str:
    """The runs of letters and digits, between blanks."""
    return f"' ' || array_to_string(regexp_extract_all({_folded(text)}, '[\\pL\\pN]+'), ' ') || ' '"


def condition(query: ast.Query) -> str:
    """Whether a row is found; never NULL."""
    match query:
        case ast.MatchAll():
            return "TRUE"
        case ast.And(parts):
            return f"({' AND '.join(map(condition, parts))})"
        case ast.Or(parts):
            return f"({' OR '.join(map(condition, parts))})"
        case ast.Not(part):
            return f"(NOT {condition(part)})"
        case ast.InStudy(part):
            return _in_study(condition(part))
        case ast.Exists(name):
            return f"({COLUMNS[name]} IS NOT NULL)"
        case ast.Terms(name, values):
            return f"({' OR '.join(_term(name, value) for value in values)})"
        case ast.Term(str() as name, value) | ast.Phrase(str() as name, value):
            return _term(name, value)
        case ast.Text(value) | ast.Phrase(None, value):
            return f"({' OR '.join(_term(name, value) for name in TEXTS)})"
        case ast.Wildcard(name):
            return f"({' OR '.join(_wildcard(one, query, name is not None) for one in ([name] if name else TEXTS))})"
        case ast.Range():
            return _range(query)
    raise AssertionError(query)


def _in_study(found: str) -> str:
    """Another series of the study is found."""
    those = "SELECT StudyInstanceUID, count(*) AS n, min(SeriesInstanceUID) AS one FROM idc"
    return (
        "(SeriesInstanceUID IN (SELECT idc.SeriesInstanceUID FROM idc"
        f" JOIN ({those} WHERE {found} GROUP BY ALL) AS those USING (StudyInstanceUID)"
        " WHERE n > 1 OR one <> idc.SeriesInstanceUID))"
    )


def _term(name: str, value: str) -> str:
    if name in NUMBERS:
        return _some(name, lambda one: f"{one} = {value}")
    if name in DATES:
        return f"coalesce(left({name}, {len(value)}) = '{value}', FALSE)"
    if name in UIDS:
        return _some(name, lambda one: f"{one} = {quoted(value)}")
    if name in TEXTS:
        return f"coalesce(contains({name}_words, {_words(quoted(value))}), FALSE)"
    folded = _folded(quoted(value))
    return (
        _some(name, lambda one: f"lower({one}) = {folded}")
        if name in LISTS
        else f"coalesce({COLUMNS[name]}_folded = {folded}, FALSE)"
    )


def _wildcard(name: str, query: ast.Wildcard, whole: bool) -> str:
    def expression(anything: str) -> str:
        return "".join(anything + "*" * (text == "*") if wild else re.escape(text) for text, wild in query.pieces())

    tests = []
    if whole:
        fits = f"{_folded(quoted(expression('.')))}, 's')"
        if name in (*UIDS, *LISTS):
            tests.append(_some(name, lambda one: f"regexp_full_match({_folded(one)}, {fits}"))
        else:
            tests.append(f"coalesce(regexp_full_match({COLUMNS[name]}_folded, {fits}, FALSE)")
    if name in TEXTS and all(wild or text.isalnum() for text, wild in query.pieces()):
        word = _folded(quoted(expression("[^ ]")))
        tests.append(f"coalesce(regexp_matches({name}_words, ' ' || {word} || ' '), FALSE)")
    return f"({' OR '.join(tests) or 'FALSE'})"


def _range(query: ast.Range) -> str:
    name = query.field
    if name == "PatientAge":
        return _ages(query)
    sides = [
        (query.low, ">=" if query.include_low else ">"),
        (query.high, "<=" if query.include_high else "<"),
    ]
    if name in DATES:
        tests = [f"left({name}, {len(bound)}) {sign} '{bound}'" for bound, sign in sides if bound is not None]
        return f"coalesce({' AND '.join(tests) or f'{name} IS NOT NULL'}, FALSE)"
    tests = [f"{sign} {bound}" for bound, sign in sides if bound is not None]
    return _some(name, lambda one: " AND ".join(f"{one} {test}" for test in tests) or "TRUE")


def _ages(query: ast.Range) -> str:
    """Bounds are whole years, and last until the next birthday."""
    tests = []
    if query.low is not None:
        tests.append(f"age >= {AGES['Y'] * (int(query.low) + (not query.include_low))}")
    if query.high is not None:
        tests.append(f"age < {AGES['Y'] * (int(query.high) + query.include_high)}")
    return f"coalesce({' AND '.join(tests)}, FALSE)"


def _some(name: str, test: Callable[[str], str]) -> str:
    """Whether one of the values passes."""
    if name in LISTS:
        return f"coalesce(len(list_filter({LISTS[name]}, lambda one: {test('one')})) > 0, FALSE)"
    return f"coalesce({test(COLUMNS[name])}, FALSE)"


def quoted(text: str) -> str:
    """A text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def chosen(name: str, values: Sequence[Any], ranges: Sequence[Bounds]) -> str:
    """A value to the letter as a facet shows it, none, or one in a range, both ends in it."""
    tests = [f"{COLUMNS[name]} IS NULL"] if None in values else []
    if listed := ", ".join(_literal(name, value) for value in values if value is not None):
        tests.append(_some(name, lambda one: f"{one} IN ({listed})"))
    for bounds in ranges:
        low, high = (None if one is None else str(one) for one in bounds)
        tests.append(condition(ast.Range(name, low, high)))
    return f"({' OR '.join(tests)})"


def _literal(name: str, value: Any) -> str:
    if name in DATES:
        return quoted(f"{value[:4]}-{value[4:6]}-{value[6:]}")
    return quoted(value) if isinstance(value, str) else str(value)


def values(name: str) -> str:
    """The values of a row as a facet shows them, one row each."""
    if name in LISTS:
        return f"unnest(CASE WHEN {name} IS NULL THEN [NULL] ELSE {LISTS[name]} END)"
    return f"replace({name}, '-', '')" if name in DATES else COLUMNS[name]


def facet(name: str, where: str) -> str:
    """Each value, NULL among them, and the rows that have it."""
    return _counted(values(name), where)


def ages(where: str) -> str:
    """Each age in years, NULL where there is none that can be read, and the rows that have it."""
    return _counted(f"age / {AGES['Y']}", where)


def _counted(value: str, where: str) -> str:
    return f"SELECT value, count(*) FROM (SELECT {value} AS value FROM idc WHERE {where}) GROUP BY value"


def page(level: Level, sort: Sequence[str], where: str, limit: int) -> str:
    """Keys of hits: by the first place that a row of each has, missing last, then by key."""
    names = [f"place{number}" for number, _ in enumerate(sort)]
    keys = "".join(f", {COLUMNS[one.lstrip('-')]} AS {name}" for one, name in zip(sort, names, strict=True))
    order = [f"{name} {'DESC' if one[0] == '-' else 'ASC'} NULLS LAST" for one, name in zip(sort, names, strict=True)]
    of_each = f" QUALIFY row_number() OVER (PARTITION BY key ORDER BY {', '.join([*order, 'SeriesInstanceUID'])}) = 1"
    return (
        f"SELECT key FROM (SELECT {KEYS[level]} AS key{keys} FROM idc WHERE {where}"
        f"{of_each if level != 'series' else ''}) ORDER BY {', '.join([*order, 'key'])} LIMIT {limit}"
    )

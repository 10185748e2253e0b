"""Random searches of the index of the Imaging Data Commons, on values that there are, for every engine and DuckDB."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from benchmarks import idc_sql
from benchmarks.idc_sql import DATES, LISTS, NUMBERS, STRINGS, TEXTS, UIDS
from dicomlake.query import ast
from dicomlake.query.bounds import Bounds
from dicomlake.query.render import to_text
from dicomlake.search import SearchRequest

MANY: Final = ("bytes",)
"""Fields of more values than a facet lists."""
FACETS: Final = tuple(name for name in (*STRINGS, *TEXTS, *DATES, *NUMBERS, *UIDS) if name not in MANY)
SORTS: Final = tuple(name for name in (*STRINGS, *TEXTS, *DATES, *NUMBERS, "SOPClassUID") if name not in LISTS)
HISTOGRAMS: Final = (
    *("StudyDate", "StudyDate:year", "SeriesDate:year", "SeriesNumber", "instanceCount", "lastRelease", "bytes"),
    "PatientAge",
)


@dataclass(frozen=True)
class Asked:
    """A search and the condition of its query text in SQL."""

    request: SearchRequest
    query: str

    def where(self, beside: str | None = None) -> str:
        """What hits meet; ``beside``: what is counted of a field, whatever is chosen or excluded of it."""
        asked = self.request
        parts = [self.query]
        for name in dict.fromkeys((*asked.filters, *asked.ranges)):
            if name != beside:
                parts.append(idc_sql.chosen(name, asked.filters.get(name, ()), asked.ranges.get(name, ())))
        parts += [f"NOT {idc_sql.chosen(name, out, ())}" for name, out in asked.exclude.items() if name != beside]
        return " AND ".join(parts)


class Searches:
    """Searches, the same for the same seed and rows."""

    def __init__(self, rows: duckdb.DuckDBPyConnection, seed: int) -> None:
        self._chance = random.Random(seed)
        columns = {name: idc_sql.values(name) if name in DATES else column for name, column in idc_sql.COLUMNS.items()}
        columns |= {f"{name}_words": f"{name}_words" for name in TEXTS}
        listed = ", ".join(f"{column} AS {name}" for name, column in columns.items())
        sample = f"(SELECT * FROM idc USING SAMPLE reservoir(2000 ROWS) REPEATABLE ({seed}))"
        found = rows.execute(f"SELECT {listed} FROM {sample}").fetchall()
        self._rows = [dict(zip(columns, row, strict=True)) for row in found]

    def __call__(self, number: int) -> Iterator[Asked]:
        """So many of them, no two alike."""
        known: set[str] = set()
        while len(known) < number:
            asked = self._asked()
            if repr(asked.request) not in known:
                known.add(repr(asked.request))
                yield asked

    def _asked(self) -> Asked:
        chance = self._chance
        query = ast.all_of(tuple(self._query(depth=2) for _ in range(chance.choice((0, 1, 1, 1, 2)))))
        filters: dict[str, list[Any]] = {}
        exclude: dict[str, list[Any]] = {}
        ranges: dict[str, list[Bounds]] = {}
        for _ in range(chance.choice((0, 0, 1, 2))):
            name = chance.choice((*STRINGS, *DATES, *UIDS, *NUMBERS, *TEXTS))
            into = chance.choice((filters, filters, exclude))
            into[name] = [self._value(name) for _ in range(chance.choice((1, 1, 2, 3)))]
        if chance.random() < 0.2:
            name = chance.choice(("StudyDate", "instanceCount", "SeriesNumber", "bytes"))
            one = self._range(name, open_sides=True)
            ranges[name] = [Bounds(one.low, one.high)]
        facets = chance.sample(FACETS, 2)
        if chosen := [name for name in (*filters, *exclude) if name not in MANY]:
            facets[0] = chance.choice(chosen)
        sorts = chance.sample(SORTS, chance.choice((0, 0, 1, 1, 2)))
        request = SearchRequest(
            q="" if query == ast.MatchAll() else to_text(query),
            level=chance.choice(("series", "series", "series", "study", "patient")),
            filters=filters,
            ranges=ranges,
            exclude=exclude,
            facets=facets,
            facet_limit=10_000,
            histograms=[chance.choice(HISTOGRAMS)] if chance.random() < 0.3 else [],
            sort=[chance.choice(("", "-")) + name for name in sorts],
            limit=chance.randint(1, 12),
            totals=chance.choice(("exact", "exact", "fast")),
        )
        return Asked(request, idc_sql.condition(query))

    def _value(self, name: str) -> Any:
        """A value that some series has, as a facet shows it, or None."""
        value = self._chance.choice(self._rows)[name]
        return self._chance.choice(value) if isinstance(value, list) else value

    def _present(self, name: str) -> Any:
        while (value := self._value(name)) is None:
            pass
        return value

    def _query(self, depth: int) -> ast.Query:
        chance = self._chance
        kind = chance.random()
        if depth and kind < 0.45:
            parts = tuple(self._query(depth - 1) for _ in range(chance.choice((2, 2, 3))))
            if kind < 0.15:
                return ast.all_of(parts)
            if kind < 0.3:
                return ast.any_of(parts)
            return ast.Not(parts[0]) if kind < 0.38 else ast.InStudy(parts[0])
        return chance.choice((self._term, self._term, self._text, self._wildcard, self._ranged, self._exists))()

    def _exists(self) -> ast.Query:
        return ast.Exists(self._chance.choice(tuple(idc_sql.COLUMNS)))

    def _term(self) -> ast.Query:
        chance = self._chance
        name = chance.choice((*STRINGS, *STRINGS, *TEXTS, *UIDS, *NUMBERS, *DATES))
        if name in NUMBERS:
            return ast.Term(name, str(self._present(name)))
        if name in DATES:
            return ast.Term(name, self._day(name))
        if name in TEXTS:
            return ast.Phrase(name, self._run(name))
        value = self._present(name)
        if name in STRINGS:
            value = chance.choice((str, str.upper, str.lower))(value)
        if chance.random() < 0.3:
            return ast.Terms(name, (value, self._present(name)))
        return chance.choice((ast.Term, ast.Phrase))(name, value)

    def _text(self) -> ast.Query:
        """Words of any text field, in a row; or the beginning of one."""
        run = self._run(self._chance.choice(TEXTS))
        if self._chance.random() < 0.4:
            return ast.Wildcard(None, run.split()[0][:3] + "*")
        return ast.Phrase(None, run) if " " in run else ast.Text(run)

    def _run(self, name: str) -> str:
        every: list[str] = []
        while not every:
            every = self._present(f"{name}_words").split()
        at = self._chance.randrange(len(every))
        return " ".join(every[at : at + self._chance.choice((1, 1, 2, 3))])

    def _wildcard(self) -> ast.Query:
        """Part of a value, at the start, the end or inside, one character of it left open now and then."""
        chance = self._chance
        name = chance.choice((*STRINGS, *TEXTS, *TEXTS, *UIDS))
        text = self._present(name)
        start, end = sorted(chance.sample(range(len(text) + 1), 2))
        start, end = chance.choice(((0, end), (start, len(text)), (start, end)))
        part = [f"\\{one}" if one in "*?\\" else one for one in text[start:end]]
        if chance.random() < 0.3:
            part[chance.randrange(len(part))] = "?"
        pattern = "*" * (start > 0) + "".join(part) + "*" * (end < len(text) or part.count("?") == 0)
        return ast.Wildcard(name, pattern)

    def _ranged(self) -> ast.Query:
        return self._range(self._chance.choice((*NUMBERS, *DATES, "PatientAge")), open_sides=True)

    def _range(self, name: str, *, open_sides: bool) -> ast.Range:
        """Between two values, or periods of dates, either end in it or not where that leaves something between."""
        chance = self._chance
        if name == "PatientAge":
            low, high = map(str, sorted(chance.sample(range(1, 90), 2)))
        elif name in DATES:
            first, last = sorted((self._day(name, whole=True), self._day(name, whole=True)))
            low, high = (one[: chance.choice((4, 7, 10))] for one in (first, last))
        else:
            low, high = map(str, sorted((self._present(name), self._present(name))))
        wide = (
            name == "PatientAge"
            or (name in DATES and int(high[:4]) - int(low[:4]) > 1)
            or (name in NUMBERS and low != high)
        )
        side = chance.random() if open_sides else 1.0
        return ast.Range(
            name,
            None if side < 0.15 else low,
            None if 0.15 <= side < 0.3 else high,
            side < 0.15 or not wide or chance.random() < 0.6,
            0.15 <= side < 0.3 or not wide or chance.random() < 0.6,
        )

    def _day(self, name: str, *, whole: bool = False) -> str:
        """A day, a month or a year, as a person types it."""
        day = self._present(name)
        text = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        return text if whole else text[: self._chance.choice((4, 7, 10))]

"""All hits of a search as CSV or JSON lines: over one commit, row by row, in memory that does not grow with them."""

import csv
import io
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import orjson

from dicomlake.documents.kept import KeptSeries
from dicomlake.documents.rollup import dig, nested_fields
from dicomlake.engines.base import Level, Member, Moment, Plan, Sort
from dicomlake.query.names import resolve_name
from dicomlake.query.resolved import Resolved
from dicomlake.search import hits

Format = Literal["csv", "jsonl"]
MEDIA_TYPES: Final[Mapping[Format, str]] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "jsonl": "application/x-ndjson",
}

CHUNK: Final = 1 << 16
"""Bytes that are handed on at a time, or a few more."""

PAGE: Final = 1_000
"""Hits that are held at a time where they have an order."""

KEPT: Final = 2
"""Series whose headers are held at a time."""

COUNTED: Final[Mapping[Level, Sequence[str]]] = {
    "patient": ("studyCount", "seriesCount", "instanceCount", "bytes"),
    "study": ("seriesCount", "instanceCount", "bytes"),
    "series": ("instanceCount", "bytes"),
    "instance": ("instanceCount", "bytes"),
}
"""Members of a hit that are counted rather than values of a field."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

Row = dict[str, Any]


def columns(level: Level, fields: Sequence[str]) -> list[str]:
    """The columns of an export: the fields that are named, by path; where none is, those that hits have.

    Raises UnknownFieldError.
    """
    if fields:
        own = COUNTED[level]
        return list(dict.fromkeys(name if name in own else resolve_name(name).path for name in fields))
    above = {"study": ("SeriesInstanceUID",), "patient": ("SeriesInstanceUID", "StudyInstanceUID")}.get(level, ())
    own = ("location", "bytes") if level == "instance" else COUNTED[level]
    return [*(name for name in hits.default_fields(level) if name not in above), *own]


def rows(moment: Moment, level: Level, query: Resolved, sort: tuple[Sort, ...], wanted: Sequence[str]) -> Iterator[Row]:
    """Every hit as a row. Without an order they come as the engine has them."""
    draw = _Drawing(moment, wanted)
    if level in ("instance", "series") and not sort:
        kind: Literal["instance", "series"] = "instance" if level == "instance" else "series"
        for member in moment.walk(kind, query):
            yield draw.row(level, (member,))
        return
    plan = Plan(level, query, sort=sort, limit=PAGE, totals=False)
    while True:
        found = moment.search(plan)
        yield from (draw.row(level, hit.members) for hit in found.hits)
        if found.after is None:
            return
        plan = replace(plan, after=found.after)


class _Drawing:
    """Makes rows of what was found, with all values of a field: hits show but the first of many."""

    def __init__(self, moment: Moment, wanted: Sequence[str]) -> None:
        self._moment = moment
        self._wanted = wanted
        self._unshown = frozenset(filter(_unshown, wanted))
        self._held: OrderedDict[str, KeptSeries] = OrderedDict()

    def row(self, level: Level, members: Sequence[Member]) -> Row:
        """One hit; missing values are left out."""
        return self._of_instance(members[0]) if level == "instance" else self._of_series(level, members)

    def _of_instance(self, member: Member) -> Row:
        body = self._kept(member.series).body(member.uid)
        counted = {"instanceCount": 1, "bytes": body["fileSize"]}
        row: Row = {}
        for name in self._wanted:
            _put(row, name, [counted[name]] if name in counted else _values(body, name))
        return row

    def _of_series(self, level: Level, members: Sequence[Member]) -> Row:
        shown = [orjson.loads(member.shown) for member in members]
        counted = {name: sum(one[name] for one in shown) for name in ("instanceCount", "bytes")}
        counted |= {"seriesCount": len(members), "studyCount": len({member.study for member in members})}
        row: Row = {}
        for name in self._wanted:
            if name in COUNTED[level]:
                row[name] = counted[name]
            elif len(members) == 1 and name not in self._unshown:
                value = shown[0]["common"].get(name)  # the same in all instances: as they have it, repeated values too
                if value is None:
                    value = self._distinct(name, shown[0], members[0])
                _put(row, name, value if isinstance(value, list) else [value])
            else:
                several = [self._distinct(name, one, member) for one, member in zip(shown, members, strict=True)]
                _put(row, name, list({orjson.dumps(value): value for each in several for value in each}.values()))
        return row

    def _distinct(self, name: str, shown: Mapping[str, Any], member: Member) -> list[Any]:
        """The values that a field has in a series."""
        varied = shown["varied"].get(name)
        if name in self._unshown or (varied is not None and varied["count"] > len(varied["values"])):
            documents = self._kept(member.series).documents()
            every = {orjson.dumps(v): v for one in documents for v in _values(one.body, name) if v not in (None, "")}
            if every or varied is None:
                return sorted(every.values(), key=_place)
        return list(varied["values"]) if varied is not None else _values(shown["common"], name)

    def _kept(self, series: str) -> KeptSeries:
        held = self._held.pop(series, None)
        if held is None:
            kept = self._moment.kept([series]).get(series)
            held = KeptSeries.decode(kept) if kept is not None else KeptSeries()
        self._held[series] = held
        if len(self._held) > KEPT:
            self._held.popitem(last=False)
        return held


def _unshown(name: str) -> bool:
    """Whether what a series shows has no values of this field: it lies in a sequence, and the registry has it not."""
    head, _, below = name.partition(".")
    if name == "quality":
        return True
    return bool(below) and head[0] != "(" and name not in nested_fields().get(head, ()) and _is_sequence(head)


def _is_sequence(name: str) -> bool:
    return resolve_name(name).kind == "sequence"


def _values(body: Mapping[str, Any], name: str) -> list[Any]:
    """The values at a path; of what is wrong with a header its codes."""
    return [one["code"] if name == "quality" else one for one in dig(body, name)]


def _place(value: Any) -> tuple[bool, Any]:
    return (False, value) if isinstance(value, int | float) else (True, str(value))


def _put(row: Row, name: str, values: list[Any]) -> None:
    """One value as itself, several as a list, none not at all."""
    if any(value is not None and value != "" for value in values):
        row[name] = values[0] if len(values) == 1 else values


def as_json_lines(rows: Iterable[Row], wanted: Sequence[str]) -> Iterator[bytes]:
    """An object a line (https://jsonlines.org), missing values left out."""
    return _chunks(rows, lambda row: orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def as_csv(rows: Iterable[Row], wanted: Sequence[str]) -> Iterator[bytes]:
    """RFC 4180 in UTF-8 with a row of names; several values with backslashes between them, as DICOM writes them (PS3.5
    6.2). A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, dialect="excel")

    def line(cells: Iterable[str]) -> bytes:
        writer.writerow(cells)
        written = text.getvalue().encode("utf-8", "replace")
        text.seek(0)
        text.truncate()
        return written

    def encoded() -> Iterator[bytes]:
        yield line(map(_harmless, wanted))
        for row in rows:
            yield line(_harmless(_cell(row.get(name))) for name in wanted)

    return _chunks(encoded(), lambda line: line)


FORMATS: Final[Mapping[Format, Callable[[Iterable[Row], Sequence[str]], Iterator[bytes]]]] = {
    "csv": as_csv,
    "jsonl": as_json_lines,
}


def _chunks(rows: Iterable[Any], encode: Callable[[Any], bytes]) -> Iterator[bytes]:
    pending: list[bytes] = []
    size = 0
    for row in rows:
        pending.append(encode(row))
        size += len(pending[-1])
        if size >= CHUNK:
            yield b"".join(pending)
            pending, size = [], 0
    if pending:
        yield b"".join(pending)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "\\".join(map(_cell, value))
    return orjson.dumps(value).decode() if isinstance(value, Mapping) else str(value)


def _harmless(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell

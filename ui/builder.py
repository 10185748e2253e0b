"""A query as rows and groups, for people who do not type queries, and back. Pure functions.

A *group* is ``{"join": "and"|"or", "not": bool, "study": bool, "parts": [...]}``, a *row*
``{"field": path, "kind": kind, "op": operator, "values": [text, ...]}``. A row without field looks for words in all
text. What has no form of its own becomes a row with the operator ``raw`` and its query text as value: every query that
can be read can be shown.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from dicomlake.query import ast
from dicomlake.query.names import resolve_name
from dicomlake.query.permalink import QueryError
from dicomlake.query.render import to_text
from dicomlake.query.text import parse
from ui.labels import shown
from ui.queries import valued
from ui.words import say

Part = dict[str, Any]

_EQUAL: Final = ("is", "is_not", "one_of")
_ANY: Final = ("has", "missing")
_SPAN: Final = ("between", "at_least", "at_most")
OPERATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "string": (*_EQUAL, "begins", "contains", "matches", *_ANY),
    "text": ("words", "words_not", "one_of", "begins", "matches", *_ANY),
    "uid": (*_EQUAL, "begins", *_ANY),
    "integer": (*_EQUAL, *_SPAN, *_ANY),
    "float": (*_EQUAL, *_SPAN, *_ANY),
    "date": ("is", "is_not", "between", "since", "until", "before", "after", *_ANY),
    "time": ("is", "is_not", "between", "since", "until", "before", "after", *_ANY),
    "datetime": ("is", "is_not", "between", "since", "until", "before", "after", *_ANY),
    "any": (*_EQUAL, *_SPAN, "begins", "matches", *_ANY),
    "binary": _ANY,
    "sequence": _ANY,
    "": ("words", "words_not"),
    "raw": ("raw",),
}
"""What may be asked of a field of each kind; of all text where there is no field."""
_NUMBER_OF_VALUES: Final = {"has": 0, "missing": 0, "between": 2}
_MOMENTS: Final = ("date", "time", "datetime")
_DEEP: Final = 12


class Unfinished(Exception):
    """A row lacks its field or its value."""


def tree(text: str) -> Part:
    """The group that a query text stands for. Raises QueryError for one that cannot be read."""
    query = parse(text)
    if isinstance(query, ast.MatchAll):
        return _group("and", [])
    part = _part(query)
    return part if "parts" in part else _group("and", [part])


def text(part: Mapping[str, Any]) -> str:
    """The query text of a group; rows that are not finished are left out. Raises QueryError for a raw row that cannot
    be read."""
    query = _query(part, 0)
    return "" if query is None else to_text(query)


def kind_of(path: str) -> str:
    """The kind of a field, empty for a name that nobody knows."""
    try:
        return resolve_name(path).kind
    except QueryError:
        return ""


def _group(join: str, parts: list[Part], *, negated: bool = False, study: bool = False) -> Part:
    return {"join": join, "not": negated, "study": study, "parts": parts}


def _row(field: str | None, op: str, *values: str) -> Part:
    path = field or ""
    known = shown(path) if path else None
    return {
        "field": path,
        "label": known.label if known else "",
        "unit": known.unit if known else None,
        "kind": "raw" if op == "raw" else kind_of(path) if path else "",
        "op": op,
        "values": list(values),
    }


def _part(query: ast.Query) -> Part:
    match query:
        case ast.And(parts):
            return _group("and", [_part(part) for part in parts])
        case ast.Or(parts):
            return _same_field(parts) or _group("or", [_part(part) for part in parts])
        case ast.InStudy(part):
            inner = _part(part)
            if "parts" in inner and not inner["not"] and not inner["study"]:
                return inner | {"study": True}
            return _group("and", [inner], study=True)
        case ast.Not(part):
            return _negated(part)
        case _:
            return _leaf(query)


def _negated(part: ast.Query) -> Part:
    inner = _part(part)
    if "parts" in inner:
        return inner | {"not": True} if not inner["not"] else _group("and", [inner], negated=True)
    opposite = {"is": "is_not", "words": "words_not", "has": "missing"}.get(inner["op"])
    return inner | {"op": opposite} if opposite else _group("and", [inner], negated=True)


def _leaf(query: ast.Query) -> Part:
    match query:
        case ast.Text(words) | ast.Phrase(None, words):
            return _row(None, "words", words)
        case ast.Exists(name):
            return _row(name, "has")
        case ast.Term(name, value) | ast.Phrase(str(name), value):
            return _row(name, "words" if kind_of(name) == "text" else "is", value)
        case ast.Terms(name, values):
            return _row(name, "one_of", *values)
        case ast.Wildcard(str(name), pattern) if pattern == "*":
            return _row(name, "has")
        case ast.Wildcard(str(name)):
            return _pattern(name, query)
        case ast.Range(name) if (row := _span(query)) is not None:
            return row
    return _row(None, "raw", to_text(query))


def _same_field(parts: tuple[ast.Query, ...]) -> Part | None:
    """Alternatives that are values of one field."""
    names: set[str] = set()
    values: list[str] = []
    for part in parts:
        match part:
            case ast.Term(name, value) | ast.Phrase(str(name), value):
                names.add(name)
                values.append(value)
            case _:
                return None
    return _row(names.pop(), "one_of", *values) if len(names) == 1 else None


def _pattern(name: str, query: ast.Wildcard) -> Part:
    pieces, kind = query.pieces(), kind_of(name)
    if len(pieces) == 2 and pieces[1] == ("*", True) and not pieces[0][1] and "begins" in OPERATORS[kind]:
        return _row(name, "begins", pieces[0][0])
    stars = [piece == ("*", True) for piece in pieces]
    if stars == [True, False, True] and not pieces[1][1] and "contains" in OPERATORS[kind]:
        return _row(name, "contains", pieces[1][0])
    return _row(name, "matches", query.pattern) if "matches" in OPERATORS[kind] else _row(None, "raw", to_text(query))


def _span(query: ast.Range) -> Part | None:
    moment = kind_of(query.field) in _MOMENTS
    match query.low, query.high, query.include_low, query.include_high:
        case str(low), str(high), True, True:
            return _row(query.field, "between", low, high)
        case str(low), None, True, _:
            return _row(query.field, "since" if moment else "at_least", low)
        case None, str(high), _, True:
            return _row(query.field, "until" if moment else "at_most", high)
        case str(low), None, False, _ if moment:
            return _row(query.field, "after", low)
        case None, str(high), _, False if moment:
            return _row(query.field, "before", high)
        case None, None, _, _:
            return _row(query.field, "has")
    return None


def _query(part: Mapping[str, Any], depth: int) -> ast.Query | None:
    """The condition of a group or row; None for one that says nothing yet."""
    if "parts" not in part:
        try:
            return _condition(part)
        except Unfinished:
            return None
    if depth > _DEEP:
        raise QueryError(say("builder.too_deep", most=_DEEP))
    parts = tuple(found for one in part["parts"] if (found := _query(one, depth + 1)) is not None)
    if not parts:
        return None
    query = ast.any_of(parts) if part.get("join") == "or" else ast.all_of(parts)
    if part.get("study"):
        query = ast.InStudy(query)
    return ast.Not(query) if part.get("not") else query


def _condition(row: Mapping[str, Any]) -> ast.Query:
    path, op = str(row.get("field") or ""), str(row.get("op") or "")
    values = [value for value in (str(one).strip() for one in row.get("values", ())) if value]
    needed = _NUMBER_OF_VALUES.get(op, 1)
    if op == "between" and len(values) == 1:
        raise Unfinished
    if len(values) < needed or (not path and op not in ("words", "words_not", "raw")):
        raise Unfinished
    value = values[0] if values else ""
    match op:
        case "raw":
            return parse(value)
        case "words" | "words_not":
            found = valued(path, value) if path else _free(value)
            return ast.Not(found) if op == "words_not" else found
        case "is":
            return valued(path, value)
        case "is_not":
            return ast.Not(valued(path, value))
        case "one_of":
            return _alternatives(path, values)
        case "begins":
            return ast.Wildcard(path, f"{_literal(value)}*")
        case "contains":
            return ast.Wildcard(path, f"*{_literal(value)}*")
        case "matches":
            return ast.Wildcard(path, value) if re.search(r"[*?]", value) else valued(path, value)
        case "between":
            return ast.Range(path, value, values[1])
        case "at_least" | "since":
            return ast.Range(path, value, None)
        case "at_most" | "until":
            return ast.Range(path, None, value)
        case "after":
            return ast.Range(path, value, None, include_low=False)
        case "before":
            return ast.Range(path, None, value, include_high=False)
        case "has":
            return ast.Exists(path)
        case "missing":
            return ast.Not(ast.Exists(path))
    raise Unfinished


def _free(value: str) -> ast.Query:
    return ast.Text(value) if re.fullmatch(r"\w+", value) else ast.Phrase(None, value)


def _alternatives(path: str, values: list[str]) -> ast.Query:
    conditions = tuple(valued(path, value) for value in dict.fromkeys(values))
    if len(conditions) > 1 and all(isinstance(one, ast.Term) for one in conditions):
        return ast.Terms(path, tuple(one.value for one in conditions if isinstance(one, ast.Term)))
    return ast.any_of(conditions)


def _literal(value: str) -> str:
    return re.sub(r"[*?\\]", r"\\\g<0>", value)

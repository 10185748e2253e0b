"""AST to the primitive conditions that engines compile: names become paths, literals become tokens.

What an operator means depends on the kind of the field (``mappings.field``):

============== ======================= ======================= ===================== ==========================
kind           value or phrase         range                   wildcard              notes
============== ======================= ======================= ===================== ==========================
string         whole value, folded     refused                 whole value, folded
uid            whole value, exact      refused                 whole value
text           its words in a row      refused                 whole value or a word without words: whole value
string of VR   whole value, folded     ages                    whole value, folded   60 is 60 years
AS
integer, float number                  numbers                 only ``*``            1 is 1.0
date, time,    within its period       from start to end of    only ``*``            ``2019-01`` is a month
datetime                               the bounds' periods
any            text, number or period  numbers, dates or times whole value           each value as its own type
binary,        refused                 refused                 only ``*``
sequence
============== ======================= ======================= ===================== ==========================

``Field:*`` and ``Field:[* TO *]`` ask for any value, for every kind. Words without field are searched in all text
fields; a value without letters or digits is compared whole where it has a field, and refused where it has none.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice

from dicomlake.errors import BadValueError
from dicomlake.messages import Message
from dicomlake.query import ast
from dicomlake.query.bounds import Bounds, Ranges
from dicomlake.query.conditions import between, equal, pattern, wildcard, within_word
from dicomlake.query.names import HALF_CHARACTER, FieldNames, one_line, resolve_name
from dicomlake.query.resolved import (
    All,
    Any_,
    Everything,
    Has,
    InStudy,
    Match,
    Not,
    Resolved,
    WordLike,
    Words,
)
from dicomlake.query.values import Value, value_tokens
from mappings import registry
from mappings.normal import words

_COMPARISON = re.compile(r"([^\W\d][\w.]*?)(<=|>=|=|<|>)(.+)", re.DOTALL)


def resolve(query: ast.Query, names: FieldNames = registry) -> Resolved:
    """The query over paths and tokens. Raises UnknownFieldError and BadValueError, with field and position."""
    _refuse_comparisons(query, names)
    return _resolve(query, names)


def _resolve(query: ast.Query, names: FieldNames) -> Resolved:
    match query:
        case ast.MatchAll():
            return Everything()
        case ast.And(parts):
            return All(tuple(_resolve(part, names) for part in parts))
        case ast.Or(parts):
            return Any_(tuple(_resolve(part, names) for part in parts))
        case ast.Not(part):
            return Not(_resolve(part, names))
        case ast.InStudy(part):
            return InStudy(_resolve(part, names))
        case ast.Text(text):
            return _free(text, query.position)
        case ast.Phrase(None, text):
            return _free(text, query.position)
        case ast.Wildcard(None):
            return _free_wildcard(query)
        case ast.Exists(name):
            return Has(resolve_name(name, names, query.value_position).path)
        case ast.Term(name, value):
            return equal(resolve_name(name, names, query.position), (value,), (query.value_position,))
        case ast.Terms(name, values):
            return equal(resolve_name(name, names, query.position), values, query.value_positions)
        case ast.Phrase(name, text):
            assert name is not None  # the case without is above
            return equal(resolve_name(name, names, query.position), (text,), (query.value_position,))
        case ast.Wildcard(name):
            assert name is not None
            return wildcard(resolve_name(name, names, query.position), query)
        case ast.Range(name):
            return between(resolve_name(name, names, query.position), query)


def filter_to_resolved(name: str, values: Sequence[Value | None], names: FieldNames = registry) -> Resolved:
    """Documents with one of these values, exactly as facets show them; ``None`` is missing, no value at all."""
    field = resolve_name(name, names)
    parts: list[Resolved] = []
    try:
        for value in values:
            str(value).encode()  # half a surrogate pair is no text
        tokens = [token for value in values if value is not None for token in value_tokens(field.kind, value)]
    except ValueError as error:
        raise BadValueError(
            one_line(
                Message(
                    "a filter on {name} has a value that no document can hold: {error}", name=name, error=str(error)
                )
            ),
            field=name,
        ) from error
    if tokens:
        parts.append(Match(field.path, tuple(dict.fromkeys(tokens))))
    if None in values:
        parts.append(Not(Has(field.path)))
    return parts[0] if len(parts) == 1 else Any_(tuple(parts))


def range_to_resolved(name: str, bounds: Bounds, names: FieldNames = registry) -> Resolved:
    """Documents with a value in the range. Raises UnknownFieldError and BadValueError, with the field."""
    field = resolve_name(name, names)
    low, high = (None if bound is None else str(bound) for bound in bounds)
    if any(bound is not None and HALF_CHARACTER.search(bound) for bound in (low, high)):
        raise BadValueError(
            Message("a range of {path} has half of a character; remove it", path=field.path), field=field.path
        )
    try:
        return between(field, ast.Range(field.path, low, high))
    except BadValueError as error:  # there is no text that it could point into
        raise BadValueError(error.said, field=field.path) from error


def choices_to_resolved(
    filters: Mapping[str, Sequence[Value | None]], ranges: Ranges, names: FieldNames = registry
) -> dict[str, Resolved]:
    """The condition of each field by path: one of its chosen values, or a value in one of its ranges.

    Raises UnknownFieldError and BadValueError.
    """
    found: dict[str, tuple[Resolved, ...]] = {
        path: (condition,) for path, condition in filters_to_resolved(filters, names).items()
    }
    for name, listed in ranges.items():
        for bounds in listed:
            path = resolve_name(name, names).path
            found[path] = (*found.get(path, ()), range_to_resolved(path, bounds, names))
    return {path: parts[0] if len(parts) == 1 else Any_(parts) for path, parts in found.items()}


def filters_to_resolved(
    filters: Mapping[str, Sequence[Value | None]], names: FieldNames = registry
) -> dict[str, Resolved]:
    """Every filter's condition by path: alternatives within a field; a field without values filters nothing.

    Two names of one path are one filter. Raises UnknownFieldError and BadValueError.
    """
    merged: dict[str, list[Value | None]] = {}
    for name, values in filters.items():
        if values:
            merged.setdefault(resolve_name(name, names).path, []).extend(values)
    return {path: filter_to_resolved(path, values, names) for path, values in merged.items()}


def _free(text: str, position: int) -> Resolved:
    run = tuple(words(text))
    if not run:
        raise BadValueError(
            'there are no letters or digits to search for; name the field, as in StudyDescription:"+"',
            position=position,
        )
    return Words(None, run)


def _free_wildcard(query: ast.Wildcard) -> Resolved:
    pieces = pattern(query)
    if not within_word(pieces):
        raise BadValueError(
            "without a field a wildcard completes one word of letters and digits; split it at the other characters, "
            "or name a field",
            position=query.position,
        )
    return WordLike(None, pieces)


def _refuse_comparisons(query: ast.Query, names: FieldNames) -> None:
    """``SliceThickness>=5`` would be two words that stand in no text: refused when the first one is a field.

    Looked for in the first few words only: a name that is no field costs a search for the nearest ones.
    """
    texts = (leaf for leaf in ast.leaves(query) if isinstance(leaf, ast.Text))
    candidates = ((leaf, found) for leaf in texts if (found := _COMPARISON.fullmatch(leaf.text)))
    for leaf, found in islice(candidates, 3):
        with suppress(LookupError):
            names.resolve(found[1])
            operator = "" if found[2] == "=" else found[2]
            message = Message(
                "field and value are joined by a colon: write {name}:{value}, or quote the text",
                name=found[1],
                value=operator + found[3],
            )
            raise BadValueError(one_line(message), position=leaf.position, field=found[1])

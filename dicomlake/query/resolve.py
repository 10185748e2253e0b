"""AST to the primitive conditions that engines compile: names become paths, literals become tokens.

What an operator means depends on the kind of the field (``mappings.field``):

============== ======================= ======================= ===================== ==========================
kind           value or phrase         range                   wildcard              notes
============== ======================= ======================= ===================== ==========================
string         whole value, folded     refused                 whole value, folded
uid            whole value, exact      refused                 whole value
text           its words in a row      refused                 whole value or a word without words: whole value
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
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Protocol

from dicomlake.errors import BadValueError, UnknownFieldError
from dicomlake.query import ast
from dicomlake.query.periods import FORMS, LETTERS, Period, period
from dicomlake.query.resolved import (
    All,
    Any_,
    Between,
    Everything,
    Has,
    Like,
    Match,
    MatchFolded,
    Not,
    Resolved,
    Wild,
    WordLike,
    Words,
)
from dicomlake.query.values import NUMBERS, Value, number, value_tokens
from mappings import registry
from mappings.field import Kind, ResolvedField
from mappings.normal import fold, limit_text, moment_token, number_token, text_token, words

MOMENTS: Final[tuple[Kind, ...]] = ("date", "datetime", "time")
_COMPARISON = re.compile(r"([^\W\d][\w.]*?)(<=|>=|=|<|>)(.+)", re.DOTALL)


class FieldNames(Protocol):
    """Who knows what a name means: ``mappings.registry`` is one."""

    @property
    def resolve(self) -> Callable[[str], ResolvedField]:
        """The field of a name; raises LookupError, with ``nearest`` where there are any."""


def resolve(query: ast.Query, names: FieldNames = registry) -> Resolved:
    """The query over paths and tokens. Raises UnknownFieldError and BadValueError, with field and position."""
    match query:
        case ast.MatchAll():
            return Everything()
        case ast.And(parts):
            return All(tuple(resolve(part, names) for part in parts))
        case ast.Or(parts):
            return Any_(tuple(resolve(part, names) for part in parts))
        case ast.Not(part):
            return Not(resolve(part, names))
        case ast.Text(text):
            _refuse_comparison(query, names)
            return _free(text, query.position)
        case ast.Phrase(None, text):
            return _free(text, query.position)
        case ast.Wildcard(None):
            return WordLike(None, _pattern(query))
        case ast.Exists(name):
            return Has(resolve_name(name, names, query.value_position).path)
        case ast.Term(name, value):
            return _equal(resolve_name(name, names, query.position), (value,), (query.value_position,))
        case ast.Terms(name, values):
            return _equal(resolve_name(name, names, query.position), values, query.value_positions)
        case ast.Phrase(name, text):
            assert name is not None  # the case without is above
            return _equal(resolve_name(name, names, query.position), (text,), (query.value_position,))
        case ast.Wildcard(name):
            assert name is not None
            return _wildcard(resolve_name(name, names, query.position), query)
        case ast.Range(name):
            return _range(resolve_name(name, names, query.position), query)


def resolve_name(name: str, names: FieldNames = registry, position: int | None = None) -> ResolvedField:
    """The field of a name. Raises UnknownFieldError with ``nearest``."""
    try:
        return names.resolve(name)
    except LookupError as error:
        nearest = list(getattr(error, "nearest", ())) or None
        raise UnknownFieldError(str(error), position=position, field=name, nearest=nearest) from error


def filter_to_resolved(name: str, values: Sequence[Value | None], names: FieldNames = registry) -> Resolved:
    """Documents with one of these values, exactly as facets show them; ``None`` is missing, no value at all."""
    field = resolve_name(name, names)
    parts: list[Resolved] = []
    try:
        tokens = [token for value in values if value is not None for token in value_tokens(field.kind, value)]
    except ValueError as error:
        raise BadValueError(f"a filter on {name} holds a number that no document can hold", field=name) from error
    if tokens:
        parts.append(Match(field.path, tuple(dict.fromkeys(tokens))))
    if None in values:
        parts.append(Not(Has(field.path)))
    return parts[0] if len(parts) == 1 else Any_(tuple(parts))


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


def _equal(field: ResolvedField, values: Sequence[str], positions: Sequence[int]) -> Resolved:
    parts = [_one(field, value, at) for value, at in zip(values, positions or [0] * len(values), strict=True)]
    if len(parts) > 1 and all(isinstance(part, Match) for part in parts):
        tokens = dict.fromkeys(token for part in parts if isinstance(part, Match) for token in part.tokens)
        return Match(field.path, tuple(tokens))
    return _any(parts)


def _one(field: ResolvedField, value: str, position: int) -> Resolved:
    path, kind = field.path, field.kind
    if not value:
        raise _bad(field, position, f"no value; -_exists_:{path} asks for documents without one")
    if kind in NUMBERS:
        return Match(path, (_number_token(field, value, position),))
    if kind in MOMENTS:
        return _within(path, kind, _period(field, value, position))
    match kind:
        case "uid":
            return Match(path, (text_token(value),))
        case "text":
            run = tuple(words(value))
            return Words(path, run) if run else _folded(path, value)
        case "any":
            return _any([*_typed(path, value), _folded(path, value)])
        case "string":
            return _folded(path, value)
    raise _without_values(field, position)


def _typed(path: str, value: str) -> Iterable[Resolved]:
    """What a literal may stand for beside text where the type differs from file to file."""
    with suppress(ValueError):
        yield Match(path, (number_token(number(value)),))
    for kind in MOMENTS:
        with suppress(ValueError):
            yield _within(path, kind, period(kind, value))


def _range(field: ResolvedField, query: ast.Range) -> Resolved:
    if query.low is None and query.high is None:
        return Has(field.path)
    kind, position = field.kind, query.value_position
    if kind in NUMBERS:
        return _numbers(field, query)
    if kind in MOMENTS:
        low = None if query.low is None else _period(field, query.low, position)
        high = None if query.high is None else _period(field, query.high, position)
        return _moments(field, query, kind, low, high)
    if kind == "any":
        return _any_range(field, query)
    if kind in ("binary", "sequence"):
        raise _without_values(field, position)
    raise _bad(
        field, position, f"its values are text, which has no ranges; use a wildcard such as {field.path}:AB*, or values"
    )


def _numbers(field: ResolvedField, query: ast.Range) -> Resolved:
    low, high = (
        None if bound is None else _number_token(field, bound, query.value_position)
        for bound in (query.low, query.high)
    )
    if low is not None and high is not None and (low > high or (low == high and not _closed(query))):
        raise _empty(field, query)
    return Between(field.path, "n", low, high, query.include_low, query.include_high)


def _moments(field: ResolvedField, query: ast.Range, kind: Kind, low: Period | None, high: Period | None) -> Resolved:
    """From the start of the low bound's period to the end of the high one's; a bound left out is left out whole."""
    first = None if low is None else low[0] if query.include_low else low[1]
    end = None if high is None else high[1] if query.include_high else high[0]
    if first is not None and end is not None and first >= end:
        raise _empty(field, query)
    return _half_open(field.path, kind, first, end)


def _any_range(field: ResolvedField, query: ast.Range) -> Resolved:
    """Each value as its own type: numbers, dates and times, as far as both bounds can be read as such."""
    parts: list[Resolved] = []
    empty: BadValueError | None = None
    readable = False
    for kind in ("float", *MOMENTS):
        try:
            if kind == "float":
                for bound in (query.low, query.high):
                    number_token(number("0" if bound is None else bound))
            low, high = (None if kind == "float" or b is None else period(kind, b) for b in (query.low, query.high))
        except ValueError:
            continue
        readable = True
        try:
            parts.append(_numbers(field, query) if kind == "float" else _moments(field, query, kind, low, high))
        except BadValueError as error:
            empty = error
    if not readable:
        raise _bad(field, query.value_position, "a range needs two numbers, two dates or two times; * leaves it open")
    if empty and not parts:
        raise empty
    return _any(parts)


def _wildcard(field: ResolvedField, query: ast.Wildcard) -> Resolved:
    if set(query.pattern) == {"*"}:
        return Has(field.path)
    kind = field.kind
    if kind in NUMBERS or kind in MOMENTS:
        raise _bad(
            field,
            query.value_position,
            f"wildcards are for text; write {_expected(kind)}, a range [low TO high], or * for any value",
        )
    if kind in ("binary", "sequence"):
        raise _without_values(field, query.value_position)
    pattern = _pattern(query)
    whole = Like(field.path, pattern)
    return Any_((whole, WordLike(field.path, pattern))) if kind == "text" else whole


def _pattern(query: ast.Wildcard) -> tuple[str | Wild, ...]:
    pieces = (Wild(text == "*") if wild else fold(text) for text, wild in query.pieces())
    return tuple(piece for piece in pieces if piece)


def _free(text: str, position: int) -> Resolved:
    run = tuple(words(text))
    if not run:
        raise BadValueError(
            'there are no letters or digits to search for; name the field, as in StudyDescription:"+"',
            position=position,
        )
    return Words(None, run)


def _refuse_comparison(query: ast.Text, names: FieldNames) -> None:
    """``SliceThickness>=5`` would be two words that stand in no text: refused when the first is a field."""
    found = _COMPARISON.fullmatch(query.text)
    if found is None:
        return
    try:
        names.resolve(found[1])
    except LookupError:
        return
    operator = "" if found[2] == "=" else found[2]
    raise BadValueError(
        f"a field and its value are joined by a colon: write {found[1]}:{operator}{found[3]}, or quote the text",
        position=query.position,
        field=found[1],
    )


def _folded(path: str, value: str) -> Resolved:
    return MatchFolded(path, fold(limit_text(value)))


def _within(path: str, kind: Kind, moments: Period) -> Resolved:
    return _half_open(path, kind, *moments)


def _half_open(path: str, kind: Kind, first: int | None, end: int | None) -> Resolved:
    letter = LETTERS[kind]
    return Between(
        path,
        letter,
        None if first is None else moment_token(letter, first),
        None if end is None else moment_token(letter, end),
        include_high=end is None,
    )


def _any(parts: Sequence[Resolved]) -> Resolved:
    return parts[0] if len(parts) == 1 else Any_(tuple(parts))


def _closed(query: ast.Range) -> bool:
    return query.include_low and query.include_high


def _number_token(field: ResolvedField, text: str, position: int) -> str:
    try:
        return number_token(number(text))
    except ValueError as error:
        raise _bad(field, position, f"{_shown(text)} is not {_expected(field.kind)}") from error


def _period(field: ResolvedField, text: str, position: int) -> Period:
    try:
        return period(field.kind, text)
    except ValueError as error:
        raise _bad(field, position, f"{_shown(text)} is not {_expected(field.kind)}") from error


def _expected(kind: Kind) -> str:
    return FORMS.get(kind, "a number such as 5, -0.5 or 1e3")


def _shown(text: str) -> str:
    return f'"{text}"' if len(text) <= 40 else f'"{text[:40]}…"'


def _without_values(field: ResolvedField, position: int) -> BadValueError:
    if field.kind == "sequence":
        return _bad(field, position, f"it is a sequence; name an attribute inside it, or ask _exists_:{field.path}")
    return _bad(field, position, f"it holds bytes, which cannot be searched; ask _exists_:{field.path}")


def _empty(field: ResolvedField, query: ast.Range) -> BadValueError:
    return _bad(
        field, query.value_position, f"the range from {query.low} to {query.high} holds nothing; swap its bounds"
    )


def _bad(field: ResolvedField, position: int, what: str) -> BadValueError:
    return BadValueError(f"{field.path}: {what}", position=position, field=field.path)

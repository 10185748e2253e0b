"""Conditions on one field: what a value, a range and a wildcard mean for each kind of field."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from dicomlake.errors import BadValueError
from dicomlake.messages import Message
from dicomlake.query import ages, ast
from dicomlake.query.names import one_line
from dicomlake.query.periods import FORMS, LETTERS, Period, period
from dicomlake.query.resolved import (
    Any_,
    Between,
    Has,
    Like,
    Match,
    MatchFolded,
    Resolved,
    Wild,
    WordLike,
    Words,
)
from dicomlake.query.tokens import MAX_PATTERN, MAX_WILDCARDS, shown
from dicomlake.query.values import NUMBERS, number
from mappings import dictionary
from mappings.field import Kind, ResolvedField
from mappings.normal import fold, limit_text, moment_token, number_token, text_token, words

_DIGITS: Final = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")
MOMENTS: Final[tuple[Kind, ...]] = ("date", "datetime", "time")


def equal(field: ResolvedField, values: Sequence[str], positions: Sequence[int]) -> Resolved:
    """One of the values, words or phrases alike."""
    parts = [_one(field, value, at) for value, at in zip(values, positions or [0] * len(values), strict=True)]
    if len(parts) > 1 and all(isinstance(part, Match) for part in parts):
        tokens = dict.fromkeys(token for part in parts if isinstance(part, Match) for token in part.tokens)
        return Match(field.path, tuple(tokens))
    return _any(parts)


def _one(field: ResolvedField, value: str, position: int) -> Resolved:
    path, kind = field.path, field.kind
    if not value:
        raise _bad(field, position, Message("no value; -_exists_:{path} asks for documents without one", path=path))
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
            return _folded(path, _tag(value) if field.vr == "AT" else value)
    raise _without_values(field, position)


def _tag(value: str) -> str:
    """A value of VR AT as documents have it, ``(0018,1063)``, from its digits or a keyword; else as it is."""
    found = _DIGITS.fullmatch(value)
    number = int(found[1] + found[2], 16) if found else dictionary.tag_of(value)
    return value if number is None else f"({number >> 16:04X},{number & 0xFFFF:04X})"


def _typed(path: str, value: str) -> Iterable[Resolved]:
    """What a literal may stand for beside text where the type differs from file to file."""
    with suppress(ValueError):
        yield Match(path, (number_token(number(value)),))
    for kind in MOMENTS:
        with suppress(ValueError):
            yield _within(path, kind, period(kind, value))


def between(field: ResolvedField, query: ast.Range) -> Resolved:
    """A value between the bounds of the query."""
    if query.low is None and query.high is None:
        return Has(field.path)
    kind, position = field.kind, query.value_position
    if kind in NUMBERS:
        return _numbers(field, query)
    if kind in MOMENTS:
        low = None if query.low is None else _period(field, query.low, position)
        high = None if query.high is None else _period(field, query.high, query.high_position)
        return _moments(field, query, kind, low, high)
    if kind == "any":
        return _any_range(field, query)
    if field.vr == "AS":
        return _ages(field, query)
    if kind in ("binary", "sequence"):
        raise _without_values(field, position)
    raise _bad(
        field,
        position,
        Message(
            "its values are text, which has no ranges; use a wildcard such as {path}:AB*, or values", path=field.path
        ),
    )


def _numbers(field: ResolvedField, query: ast.Range) -> Resolved:
    low, high = (
        None if bound is None else _number_token(field, bound, at)
        for bound, at in ((query.low, query.value_position), (query.high, query.high_position))
    )
    if low is not None and high is not None and (low > high or (low == high and not _closed(query))):
        raise _empty(field, query)
    return Between(field.path, "n", low, high, query.include_low, query.include_high)


def _ages(field: ResolvedField, query: ast.Range) -> Resolved:
    """As with moments: from the start of the low bound's period to the end of the high one's."""
    low, high = (
        None if bound is None else _age(field, bound, at)
        for bound, at in ((query.low, query.value_position), (query.high, query.high_position))
    )
    first = None if low is None else low[0] if query.include_low else low[1]
    end = None if high is None else high[1] if query.include_high else high[0]
    tokens = ages.tokens_between(first, end)
    if not tokens:
        raise _empty(field, query)
    return Match(field.path, tokens)


def _age(field: ResolvedField, text: str, position: int) -> Period:
    try:
        return ages.age_period(text)
    except ValueError as error:
        raise _bad(
            field, position, Message("{text} is not {expected}", text=shown(text), expected=ages.FORM)
        ) from error


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
        raise _bad(
            field, query.value_position, Message("a range needs two numbers, two dates or two times; * leaves it open")
        )
    if empty and not parts:
        raise empty
    return _any(parts)


def wildcard(field: ResolvedField, query: ast.Wildcard) -> Resolved:
    """A value that matches the query's pattern."""
    if set(query.pattern) == {"*"}:
        return Has(field.path)
    kind = field.kind
    if kind in NUMBERS or kind in MOMENTS:
        raise _bad(
            field,
            query.value_position,
            Message(
                "wildcards are for text; write {expected}, a range [low TO high], or * for any value",
                expected=_expected(kind),
            ),
        )
    if kind in ("binary", "sequence"):
        raise _without_values(field, query.value_position)
    pieces = pattern(query)
    whole = Like(field.path, pieces)
    return Any_((whole, WordLike(field.path, pieces))) if kind == "text" and within_word(pieces) else whole


def pattern(query: ast.Wildcard) -> tuple[str | Wild, ...]:
    """The pattern with its literal runs folded and stars in a row made one. Raises BadValueError if it is too long."""
    pieces: list[str | Wild] = []
    for text, wild in query.pieces():
        piece = Wild(text == "*") if wild else fold(text)
        if piece and (piece != Wild(True) or pieces[-1:] != [piece]):
            pieces.append(piece)
    if sum(isinstance(piece, Wild) for piece in pieces) > MAX_WILDCARDS:
        raise BadValueError(
            Message("the pattern has more than {most} wildcards; shorten it", most=MAX_WILDCARDS),
            position=query.value_position,
            field=query.field,
        )
    if sum(len(piece.encode("utf-8", "surrogatepass")) for piece in pieces if isinstance(piece, str)) > MAX_PATTERN:
        raise BadValueError(
            Message(
                "the pattern has more than {most} bytes of text; shorten it, or write the value without wildcards",
                most=MAX_PATTERN,
            ),
            position=query.value_position,
            field=query.field,
        )
    return tuple(pieces)


def within_word(pieces: Sequence[str | Wild]) -> bool:
    """Whether one word can match: every literal run consists of letters and digits."""
    return all(isinstance(piece, Wild) or words(piece) == [piece] for piece in pieces)


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
        raise _bad(
            field, position, Message("{text} is not {expected}", text=shown(text), expected=_expected(field.kind))
        ) from error


def _period(field: ResolvedField, text: str, position: int) -> Period:
    try:
        return period(field.kind, text)
    except ValueError as error:
        raise _bad(
            field, position, Message("{text} is not {expected}", text=shown(text), expected=_expected(field.kind))
        ) from error


def _expected(kind: Kind) -> Message:
    return FORMS.get(kind, Message("a number such as 5, -0.5 or 1e3"))


def _without_values(field: ResolvedField, position: int) -> BadValueError:
    if field.kind == "sequence":
        return _bad(
            field,
            position,
            Message("it is a sequence; name an attribute inside it, or ask _exists_:{path}", path=field.path),
        )
    return _bad(
        field, position, Message("it holds bytes, which cannot be searched; ask _exists_:{path}", path=field.path)
    )


def _empty(field: ResolvedField, query: ast.Range) -> BadValueError:
    low, high = query.low or "", query.high or ""
    what = Message("nothing lies between {low} and {high}; swap the bounds", low=shown(low), high=shown(high))
    if field.kind == "time":
        what = Message(
            "{what}; over midnight write {path}:(>={low} OR <={high})", what=what, path=field.path, low=low, high=high
        )
    return _bad(field, query.value_position, what)


def _bad(field: ResolvedField, position: int, what: Message) -> BadValueError:
    return BadValueError(
        one_line(Message("{path}: {what}", path=field.path, what=what)), position=position, field=field.path
    )

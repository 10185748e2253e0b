"""AST to query text: ``parse(to_text(query)) == query`` for every query in the parser's normal form."""

import re

from dicomlake.query.ast import (
    And,
    Exists,
    InStudy,
    MatchAll,
    Not,
    Or,
    Phrase,
    Query,
    Range,
    Term,
    Terms,
    Text,
    Wildcard,
)
from dicomlake.query.names import EXISTS, IN_STUDY, NAME

_SPECIAL = re.compile(r'[\s()\[\]{}":~^\\*?]')
_SPECIAL_IN_PATTERN = re.compile(r'[\s()\[\]{}":~^]')
_LITERAL = re.compile(r"-?\d[\d.]*|-?\.\d+|\d[\d:.T-]*", re.ASCII)
_ESCAPED = r"\\\g<0>"
_RESERVED = frozenset({"AND", "OR", "NOT", "TO"})


def to_text(query: Query) -> str:
    """The query in text syntax."""
    match query:
        case MatchAll():
            return "*:*"
        case And(parts):
            return " AND ".join(_part(part) for part in parts) if parts else "*:*"
        case Or(parts):
            return " OR ".join(_part(part) for part in parts) if parts else "NOT *:*"
        case Not(part):
            return f"NOT {_part(part)}"
        case InStudy(part):
            return f"{IN_STUDY}({to_text(part)})"
        case Text(text):
            return _word(text)
        case Phrase(None, text):
            return _quoted(text)
        case Wildcard(None, pattern):
            return _pattern(pattern)
        case Exists(name):
            return f"{EXISTS}:{_name(name)}"
        case Term(name, value):
            return f"{_name(name)}:{_value(value)}"
        case Terms(name, values):
            return f"{_name(name)}:({' OR '.join(map(_value, values))})"
        case Phrase(name, text):
            return f"{_name(name or '')}:{_quoted(text)}"
        case Wildcard(name, pattern):
            return f"{_name(name or '')}:{_pattern(pattern)}"
        case Range():
            return f"{_name(query.field)}:{_range(query)}"


def _part(query: Query) -> str:
    text = to_text(query)
    return f"({text})" if isinstance(query, And | Or) else text


def _range(query: Range) -> str:
    low = "*" if query.low is None else _value(query.low)
    high = "*" if query.high is None else _value(query.high)
    return f"{'[' if query.include_low else '{'}{low} TO {high}{']' if query.include_high else '}'}"


def _name(name: str) -> str:
    if NAME.fullmatch(name):
        return name
    return f"\\{name[0]}{_SPECIAL.sub(_ESCAPED, name[1:])}" if name[:1].isdigit() else _word(name)


def _value(value: str) -> str:
    return value if _LITERAL.fullmatch(value) else _word(value)


def _word(text: str) -> str:
    escaped = _SPECIAL.sub(_ESCAPED, text)
    return _begun(escaped) if escaped else '""'


def _pattern(pattern: str) -> str:
    return _begun(_SPECIAL_IN_PATTERN.sub(_ESCAPED, pattern))


def _begun(escaped: str) -> str:
    """Escaped where the first characters would be syntax."""
    return f"\\{escaped}" if escaped in _RESERVED or escaped[0] in "+-!/<>&|" else escaped


def _quoted(text: str) -> str:
    return '"' + re.sub(r'["\\]', _ESCAPED, text) + '"'

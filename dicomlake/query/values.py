"""Values of facets and filters, in DICOM form, to tokens and back."""

import math
import re
from functools import lru_cache
from typing import Final

from mappings.field import Kind
from mappings.moments import date_micros, date_text, datetime_micros, datetime_text, time_micros, time_text
from mappings.normal import moment_token, number_token, text_token, token_value

Value = str | int | float

_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?\d+", re.ASCII)
NUMBERS: Final[frozenset[Kind]] = frozenset({"integer", "float"})


def number(text: str) -> int | float:
    """A number written in full, ``-1``, ``1.50`` or ``1e3``; integers stay exact. Raises ValueError."""
    if _INTEGER.fullmatch(text):
        return int(text)
    if not _NUMBER.fullmatch(text):
        raise ValueError("no number")
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("number out of range")
    return value


def value_tokens(kind: Kind, value: Value) -> tuple[str, ...]:
    """Every token that a value, as a facet shows it, can stand for; the likeliest first, one unless it is ambiguous.

    A value that its kind cannot hold is the text of a damaged element. Text in a field of ``any`` kind may be text, a
    number or a moment; a number in a field of text or moments, ``20190101``, may be written for its text. Raises
    ValueError for numbers beyond what documents can hold.
    """
    if not isinstance(value, str):
        as_text = () if kind in NUMBERS or kind == "any" else value_tokens(kind, str(value))
        return (number_token(value), *as_text)
    tokens = [token for each in _readings(kind) if (token := _reading(each, value)) is not None]
    return (*tokens, text_token(value)) if kind != "any" else (text_token(value), *tokens)


def value_token(kind: Kind, value: Value) -> str:
    """The likeliest of :func:`value_tokens`."""
    return value_tokens(kind, value)[0]


def _readings(kind: Kind) -> tuple[Kind, ...]:
    if kind == "any":
        return ("float", "date", "datetime", "time")
    return (kind,)


def _reading(kind: Kind, value: str) -> str | None:
    try:
        match kind:
            case "integer" | "float":
                return number_token(number(value))
            case "date":
                return moment_token("d", date_micros(value))
            case "time":
                return moment_token("t", time_micros(value))
            case "datetime":
                return moment_token("m", datetime_micros(value)[0])
    except ValueError:
        pass
    return None


@lru_cache(maxsize=32_768)
def token_display(token: str) -> Value:
    """What a token shows as: text and numbers themselves, ``20190101``, ``101530.5``, ``20190101101530.5``."""
    value = token_value(token)
    match token[0]:
        case "d":
            return date_text(int(value))
        case "t":
            return time_text(int(value))
        case "m":
            return datetime_text(int(value))
    return value

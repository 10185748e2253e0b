"""Tokens and words of the query text, and the limits it must keep."""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from dicomlake.errors import QueryError

MAX_LENGTH: Final = 10_000
"""Characters of a query text."""
MAX_CLAUSES: Final = 500
"""Words, phrases, ranges and values of a query together; every bound of a range counts."""
MAX_DEPTH: Final = 50
"""Parentheses and negations inside one another."""

Kind = Literal[
    "field", "word", "wildcard", "phrase", "all", "and", "or", "not", "to", "(", ")", "[", "]", "{", "}", "<", ">"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """``text`` is the value without quotes and escapes (a wildcard: the pattern of the AST), ``<=`` and ``>=`` for
    comparisons; ``position`` and ``end`` are offsets in the query text."""

    kind: Kind
    text: str
    position: int
    end: int


_ENDS = frozenset('()[]{}"')


class Word(NamedTuple):
    """A run of characters up to a space, bracket or quotation mark: without its escapes, as a pattern of the AST, and
    with every escaped character blanked (``bare``, as long as the word in the text, to find operators in)."""

    plain: str
    pattern: str
    bare: str
    end: int


def scan_word(text: str, start: int, colons: bool) -> Word:
    """The word at an offset; a colon belongs to it or ends it. Raises QueryError for a backslash before nothing."""
    plain: list[str] = []
    pattern: list[str] = []
    bare: list[str] = []
    at = start
    while at < len(text) and text[at] not in _ENDS and not text[at].isspace() and (colons or text[at] != ":"):
        escaped = text[at] == "\\"
        at += escaped
        if at == len(text):
            raise QueryError(
                "a backslash at the end escapes nothing; remove it, or double it to search for it", position=at - 1
            )
        character = text[at]
        plain.append(character)
        pattern.append("\\" + character if escaped and character in "*?\\" else character)
        bare.append("  " if escaped else character)
        at += 1
    return Word("".join(plain), "".join(pattern), "".join(bare), at)

"""Tokens and words of the query text, and the limits it must keep."""

import re
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from dicomlake.errors import QueryError
from dicomlake.messages import Message

MAX_LENGTH: Final = 10_000
"""Characters of a query text."""
MAX_CLAUSES: Final = 500
"""Words, phrases, ranges and values of a query together; every bound of a range counts."""
MAX_WILDCARDS: Final = 32
"""Wildcards in one pattern, stars in a row counted once: what they cost grows with their number."""
MAX_ALL_WILDCARDS: Final = 100
"""Wildcards of a query together: a pattern of many may cost an engine a third of a second."""
MAX_PATTERN: Final = 500
"""Bytes of text in a pattern besides its wildcards: engines turn it into an automaton of limited size."""
MAX_IN_STUDY: Final = 8
"""``in_study(...)`` in a query: each is a search of its own."""
MAX_DEPTH: Final = 50
"""Parentheses and negations inside one another."""

Kind = Literal[
    "field", "word", "wildcard", "phrase", "all", "and", "or", "not", "to", "(", ")", "[", "]", "{", "}", "<", ">",
    "in_study",
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
_SUFFIXES = (
    (Message("boost (^)"), re.compile(r"\^[0-9]+(?:\.[0-9]*)?\Z")),
    (Message("fuzzy search (~)"), re.compile(r"~[0-9.]*\Z")),
)


def shown(text: str) -> str:
    """Text of a query in a message: quoted, on one line, cut."""
    line = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[:41])
    return f'"{line}"' if len(line) <= 40 else f'"{line[:40]}…"'


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


def refuse_suffix(bare: str, position: int) -> None:
    """Refuse ``lung~2`` and ``lung^2``; ``bare`` as in :class:`Word`, ``position`` where the word begins."""
    for what, suffix in _SUFFIXES:
        if found := suffix.search(bare):
            raise QueryError(
                Message("{what} is not supported; leave it out, or quote the value if it is part of it", what=what),
                position=position + found.start(),
            )

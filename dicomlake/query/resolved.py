"""Primitive conditions over normalised documents: the only thing an engine compiles.

A resolved query holds paths and tokens (see ``mappings.normal``), no names a person typed and no dates to interpret:
:mod:`dicomlake.query.resolve` made it from the AST, after the view allowed every field. All nodes are frozen values.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Union


@dataclass(frozen=True, slots=True)
class Everything:
    """Matches every document."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Matches no document."""


@dataclass(frozen=True, slots=True)
class Has:
    """Some non-empty value is present at the path, of whatever type (binary and sequences too)."""

    path: str


@dataclass(frozen=True, slots=True)
class Match:
    """One of the tokens is among the path's tokens, to the letter."""

    path: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MatchFolded:
    """A text value of the path, folded, is ``folded`` (itself folded)."""

    path: str
    folded: str


@dataclass(frozen=True, slots=True)
class Between:
    """A token of the path lies between two tokens of one type letter; ``None`` leaves a side open within the type."""

    path: str
    letter: str
    low: str | None
    high: str | None
    include_low: bool = True
    include_high: bool = True


@dataclass(frozen=True, slots=True)
class Like:
    """A text value of the path, or its folded form, matches the pattern: ``*`` any run, ``?`` one character.

    The pattern is a tuple of folded literal strings and the wildcards ``"*"`` and ``"?"`` kept apart as one-character
    :class:`Wild` values, so that a literal star needs no escaping.
    """

    path: str
    pattern: tuple[Union[str, "Wild"], ...]


@dataclass(frozen=True, slots=True)
class Wild:
    """A wildcard inside a pattern: ``many`` for ``*``, else ``?``."""

    many: bool


@dataclass(frozen=True, slots=True)
class Words:
    """The folded words stand one after the other in a text value of the path; ``None``: of any text field."""

    path: str | None
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WordLike:
    """One folded word of a text value matches the pattern; ``None``: of any text field."""

    path: str | None
    pattern: tuple[str | Wild, ...]


@dataclass(frozen=True, slots=True)
class All:
    """Every part matches; no parts match everything."""

    parts: tuple["Resolved", ...]


@dataclass(frozen=True, slots=True)
class Any_:
    """Some part matches; no parts match nothing."""

    parts: tuple["Resolved", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not match."""

    part: "Resolved"


@dataclass(frozen=True, slots=True)
class InStudy:
    """Another series of the document's study matches the part. The part is asked of series at every level."""

    part: "Resolved"


Leaf = Everything | Nothing | Has | Match | MatchFolded | Between | Like | Words | WordLike
Resolved = Leaf | All | Any_ | Not | InStudy


def leaves(query: Resolved) -> Iterator[Resolved]:
    """The primitive conditions of a query, left to right."""
    if isinstance(query, All | Any_):
        for part in query.parts:
            yield from leaves(part)
    elif isinstance(query, Not | InStudy):
        yield from leaves(query.part)
    else:
        yield query

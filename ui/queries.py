"""Query texts as the page reads and writes them, over ``dicomlake.query``. Pure functions."""

import re
from functools import lru_cache
from typing import Any, Final

from dicomlake.query import ast
from dicomlake.query.explain import explain
from dicomlake.query.names import EXISTS, resolve_name
from dicomlake.query.permalink import QueryError
from dicomlake.query.render import to_text
from dicomlake.query.text import parse
from ui.client import Problem

_SIMPLE: Final = re.compile(r"[^\W_][\w.^]*|-?\d[\d.:T-]*")
_RESERVED: Final = ("AND", "OR", "NOT", "TO")
_LINKABLE: Final = ("date", "time", "datetime", "uid")
"""Kinds whose values identify only beside other data."""


@lru_cache(maxsize=256)
def fault(text: str) -> Problem | None:
    """What is wrong with a query text, as the API would say it; None where it can be asked."""
    try:
        explain(text)
    except QueryError as error:
        return Problem(error.problem())
    return None


def told(error: QueryError) -> str:
    """What is wrong with a query or a link, in the language in force."""
    return Problem(error.problem()).detail


def marked(text: str, problem: Problem) -> tuple[int, int] | None:
    """The characters at fault, from and to: the name or the word that begins there."""
    if problem.position is None:
        return None
    at = min(problem.position, len(text))
    if problem.field and text.startswith(problem.field, at):
        return at, at + len(problem.field)
    word = re.compile(r"\w+").match(text, at)
    return at, word.end() if word else min(at + 1, len(text))


def fixes(text: str, problem: Problem) -> list[tuple[str, str]]:
    """What was perhaps meant: a name, and the query text with it in the place of the one at fault."""
    place = marked(text, problem)
    if place is None or not problem.field or text[place[0] : place[1]] != problem.field:
        return []
    return [(name, text[: place[0]] + written_name(name) + text[place[1] :]) for name in problem.nearest[:3]]


def written_name(path: str) -> str:
    """A field as a query text names it."""
    return to_text(ast.Exists(path)).removeprefix(f"{EXISTS}:")


def valued(path: str, value: Any) -> ast.Term | ast.Phrase:
    """The condition that a field has this value, in quotation marks where the text would need backslashes."""
    text = str(value)
    return ast.Term(path, text) if _SIMPLE.fullmatch(text) and text not in _RESERVED else ast.Phrase(path, text)


def written(path: str, value: Any) -> str:
    """The query text for one value of a field."""
    return to_text(valued(path, value))


def parts(text: str) -> list[str]:
    """The conditions that a query text joins with AND, each as a text of its own; the text itself where it is one, or
    cannot be read."""
    try:
        query = parse(text)
    except QueryError:
        return [text]
    return [_alone(part) for part in query.parts] if isinstance(query, ast.And) else [text]


def _alone(part: ast.Query) -> str:
    return f"({to_text(part)})" if isinstance(part, ast.Or) else to_text(part)


def without(text: str, number: int) -> str:
    """A query text without one of its :func:`parts`."""
    rest = [part for index, part in enumerate(parts(text)) if index != number]
    if len(rest) != 1:
        return " AND ".join(rest)
    return to_text(parse(rest[0]))


def names_person(text: str) -> bool:
    """Whether a query may be about one person by a field that identifies people, or by one of unknown content.

    Dates and UIDs are not of this kind, words without a field neither: those of a researcher name what is looked for.
    """
    try:
        leaves = list(ast.leaves(parse(text)))
    except QueryError:
        return True
    return any(_personal(name) for leaf in leaves if (name := getattr(leaf, "field", None)) is not None)


def _personal(name: str) -> bool:
    try:
        field = resolve_name(name).field
    except QueryError:
        return True
    return field is None or (field.privacy == "phi" and field.kind not in _LINKABLE)

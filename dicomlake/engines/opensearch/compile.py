"""Resolved queries to OpenSearch's query language. Everything is opaque terms: nothing is analysed, nothing scored."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from dicomlake.engines.opensearch.schema import Layout, Place, path_key
from dicomlake.query.resolved import (
    All,
    Any_,
    Between,
    Everything,
    Has,
    InStudy,
    Like,
    Match,
    MatchFolded,
    Not,
    Nothing,
    Resolved,
    Wild,
    WordLike,
    Words,
)
from mappings.normal import text_token

Dsl: TypeAlias = dict[str, Any]

EVERYTHING: Dsl = {"match_all": {}}
NOTHING: Dsl = {"match_none": {}}

_FIRST, _BEHIND = "a", "{"
"""Before and behind the type letters of all tokens."""


class Compiler:
    """Compiles for one layout. ``in_study`` gives the documents that have another series in their study with this
    condition: it takes a search."""

    def __init__(self, layout: Layout, in_study: Callable[[Resolved], Dsl]) -> None:
        self._layout = layout
        self._in_study = in_study

    def asking(self, in_study: Callable[[Resolved], Dsl]) -> "Compiler":
        """The same compiler with another answer to ``in_study``."""
        return Compiler(self._layout, in_study)

    def compile(self, query: Resolved) -> Dsl:
        """The query with the same matches."""
        match query:
            case Everything():
                return EVERYTHING
            case Nothing():
                return NOTHING
            case Has(path):
                return term("e", path_key(path))
            case Match(path, tokens):
                field, before = self._layout.place(path)
                return terms(field, [before + token for token in tokens])
            case MatchFolded(path, folded):
                field, before = self._layout.place(path)
                token = text_token(folded)
                return either([term(field, before + token), term("f", path_key(path) + token)])
            case Between():
                return self._between(query)
            case Like(path, pattern):
                field, before = self._layout.place(path)
                wanted = "s" + wildcards(pattern)
                return either([wildcard(field, before + wanted), wildcard("f", path_key(path) + wanted)])
            case Words(None, words):
                return phrase("all", words)
            case Words(str(path), words):
                key = path_key(path)
                return phrase("w", [key + word for word in words])
            case WordLike(None, pattern):
                return wildcard("all", wildcards(pattern))
            case WordLike(str(path), pattern):
                return wildcard("w", path_key(path) + wildcards(pattern))
            case All(parts):
                return every([self.compile(part) for part in parts])
            case Any_(parts):
                return either([self.compile(part) for part in parts])
            case Not(part):
                return differs(self.compile(part))
            case InStudy(part):
                return self._in_study(part)
        raise TypeError(f"not a resolved query: {query!r}")

    def _between(self, query: Between) -> Dsl:
        place = self._layout.place(query.path)
        low = ("gte" if query.include_low else "gt", query.low) if query.low is not None else ("gte", query.letter)
        high = ("lte" if query.include_high else "lt", query.high)
        if query.high is None:
            high = ("lt", chr(ord(query.letter) + 1))
        return between(place, dict((low, high)))


def between(place: Place, bounds: dict[str, str | None]) -> Dsl:
    """Documents with a token of a path within bounds (``gt``, ``gte``, ``lt``, ``lte``); an open side ends with the
    tokens of the path."""
    low = {name: f"{place.before}{value}" for name, value in bounds.items()}
    if not {"gt", "gte"} & bounds.keys():
        low["gte"] = place.before + _FIRST
    if not {"lt", "lte"} & bounds.keys():
        low["lt"] = place.before + _BEHIND
    return {"range": {place.field: low}}


def term(field: str, value: str) -> Dsl:
    """Documents with exactly this term."""
    return {"term": {field: {"value": value}}}


def terms(field: str, values: Iterable[str]) -> Dsl:
    """Documents with any of these terms."""
    listed = list(values)
    if len(listed) == 1:
        return term(field, listed[0])
    return {"terms": {field: listed}} if listed else NOTHING


def wildcard(field: str, pattern: str) -> Dsl:
    """Documents with a term that fits the whole pattern."""
    return {"wildcard": {field: {"value": pattern, "rewrite": "constant_score"}}}


def phrase(field: str, words: Sequence[str]) -> Dsl:
    """Documents with these words one after the other in one value."""
    if not words:
        return NOTHING
    if len(words) == 1:
        return term(field, words[0])
    return {"match_phrase": {field: {"query": " ".join(words)}}}


def wildcards(pattern: Sequence[str | Wild]) -> str:
    """A pattern as OpenSearch writes it."""
    return "".join(
        part.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")
        if isinstance(part, str)
        else "*"
        if part.many
        else "?"
        for part in pattern
    )


def every(queries: Sequence[Dsl]) -> Dsl:
    """Documents that match all; no queries match everything."""
    wanted: list[Dsl] = []
    for query in queries:
        inner = query.get("bool", {})
        wanted += inner["filter"] if inner.keys() == {"filter"} else [query] if query != EVERYTHING else []
    if NOTHING in wanted:
        return NOTHING
    if len(wanted) == 1:
        return wanted[0]
    return {"bool": {"filter": wanted}} if wanted else EVERYTHING


def either(queries: Sequence[Dsl]) -> Dsl:
    """Documents that match any; no queries match nothing."""
    if EVERYTHING in queries:
        return EVERYTHING
    wanted = [query for query in queries if query != NOTHING]
    if len(wanted) == 1:
        return wanted[0]
    return {"bool": {"should": wanted, "minimum_should_match": 1}} if wanted else NOTHING


def differs(query: Dsl) -> Dsl:
    """Documents that do not match."""
    if query in (EVERYTHING, NOTHING):
        return NOTHING if query == EVERYTHING else EVERYTHING
    return {"bool": {"must_not": [query]}}

"""Resolved queries to Tantivy queries."""

import re
from collections.abc import Callable, Iterable, Sequence

import tantivy
from tantivy import Occur, Query

from dicomlake.engines.embedded.schema import Layout, encode_key
from dicomlake.errors import CostError
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

_REGEX_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$#&\-~])")


class Compiler:
    """Compiles for one index: the query parser, needed for string ranges, belongs to it.

    ``in_study`` gives the documents that have another series in their study with this condition: it takes a search.
    """

    def __init__(
        self, index: tantivy.Index, layout: Layout, in_study: Callable[[Resolved], Query] | None = None
    ) -> None:
        self._index = index
        self._layout = layout
        self._schema = layout.schema
        self._in_study = in_study

    def asking(self, in_study: Callable[[Resolved], Query]) -> "Compiler":
        """The same compiler with an answer to ``in_study``."""
        return Compiler(self._index, self._layout, in_study)

    def compile(self, query: Resolved) -> Query:
        """The Tantivy query with the same matches."""
        match query:
            case Everything():
                return Query.all_query()
            case Nothing():
                return Query.empty_query()
            case Has(path):
                return self.term("e", encode_key(path))
            case Match(path, tokens):
                return self.terms(self._layout.term_field(path), tokens)
            case MatchFolded(path, folded):
                token = text_token(folded)
                return either(
                    [
                        self.term(self._layout.term_field(path), token),
                        self.term("f." + encode_key(path), token),
                    ]
                )
            case Between():
                return self._between(query)
            case Like(path, pattern):
                expression = "s" + regex(pattern)
                return either([self._regex(path, expression), self._json_regex("f", path, expression)])
            case Words(path, words):
                return self._words("w." + encode_key(path) if path is not None else "all", words)
            case WordLike(None, pattern):
                return self._safe_regex("all", regex(pattern))
            case WordLike(str(path), pattern):
                return self._json_regex("w", path, regex(pattern))
            case All(parts):
                return every([self.compile(part) for part in parts])
            case Any_(parts):
                return either([self.compile(part) for part in parts])
            case Not(part):
                return differs(self.compile(part))
            case InStudy(part) if self._in_study is not None:
                return self._in_study(part)
        raise TypeError(f"not a resolved query: {query!r}")

    def term(self, field: str, value: str) -> Query:
        """Documents with exactly this term."""
        return Query.term_query(self._schema, field, value, "basic")

    def terms(self, field: str, values: Iterable[str]) -> Query:
        """Documents with any of these terms."""
        listed = list(values)
        if len(listed) == 1:
            return self.term(field, listed[0])
        return Query.term_set_query(self._schema, field, listed) if listed else Query.empty_query()

    def numbers(self, field: str, values: Iterable[int]) -> Query:
        """Documents with any of these unsigned numbers."""
        return Query.term_set_query(self._schema, field, list(values))

    def numbers_between(self, field: str, low: int, high: int) -> Query:
        """Documents whose unsigned number is from ``low`` to ``high``."""
        return Query.range_query(self._schema, field, tantivy.FieldType.Unsigned, low, high)

    def _between(self, query: Between) -> Query:
        # Tantivy offers ranges over strings through its query text only. Tokens of numbers and moments are letters
        # and digits, so nothing needs quoting; an open side ends at the type letter itself or the next one.
        opening = "[" if query.include_low and query.low is not None else "{"
        closing = "]" if query.include_high and query.high is not None else "}"
        low = query.low if query.low is not None else query.letter
        high = query.high if query.high is not None else chr(ord(query.letter) + 1)
        field = self._layout.text_field(query.path)
        return self._index.parse_query(f"{field}:{opening}{low} TO {high}{closing}", ["uid"])

    def _words(self, field: str, words: tuple[str, ...]) -> Query:
        if not words:
            return Query.empty_query()
        if len(words) == 1:
            return Query.term_query(self._schema, field, words[0], "basic")
        return Query.phrase_query(self._schema, field, list(words))

    def _regex(self, path: str, expression: str) -> Query:
        column = self._layout.columns.get(path)
        return self._safe_regex(column, expression) if column else self._json_regex("a", path, expression)

    def _json_regex(self, field: str, path: str, expression: str) -> Query:
        # A term of a JSON field is: key, NUL, the type letter "s", the text; only the whole field takes a regex.
        return self._safe_regex(field, _literal(encode_key(path)) + "\x00s" + expression)

    def _safe_regex(self, field: str, expression: str) -> Query:
        try:
            return Query.regex_query(self._schema, field, expression)
        except ValueError as error:
            raise CostError("this wildcard pattern is too complex; shorten it, or leave wildcards out") from error


def simple(query: Resolved) -> Resolved:
    """The same condition without parts that say nothing, so that equal questions are equal values."""
    match query:
        case All(parts):
            kept = _flat(All, parts, Everything())
            return (
                Nothing() if Nothing() in kept else kept[0] if len(kept) == 1 else All(kept) if kept else Everything()
            )
        case Any_(parts):
            kept = _flat(Any_, parts, Nothing())
            return (
                Everything()
                if Everything() in kept
                else kept[0]
                if len(kept) == 1
                else Any_(kept)
                if kept
                else Nothing()
            )
    return query


def _flat(kind: type[All] | type[Any_], parts: Iterable[Resolved], neutral: Resolved) -> tuple[Resolved, ...]:
    """The distinct parts, made simple, without the neutral one and without parts of their own kind."""
    made = [simple(part) for part in parts]
    flat = [inner for part in made for inner in (part.parts if isinstance(part, kind) else (part,))]
    return tuple(dict.fromkeys(part for part in flat if part != neutral))


def differs(query: Query) -> Query:
    """Documents that do not match; a bare must-not would match none."""
    return Query.boolean_query([(Occur.Must, Query.all_query()), (Occur.MustNot, query)])


def every(queries: Sequence[Query]) -> Query:
    """Documents that match all; no queries match everything."""
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Must, query) for query in queries]) if queries else Query.all_query()


def either(queries: Sequence[Query]) -> Query:
    """Documents that match any; no queries match nothing."""
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, query) for query in queries]) if queries else Query.empty_query()


def regex(pattern: Sequence[str | Wild]) -> str:
    """A wildcard pattern in Tantivy's regex dialect: anchored, no lazy quantifiers; the dot takes line breaks too."""
    return "".join(
        _literal(part) if isinstance(part, str) else "(?s:.*)" if part.many else "(?s:.)" for part in pattern
    )


def _literal(text: str) -> str:
    return _REGEX_SPECIAL.sub(r"\\\1", text)

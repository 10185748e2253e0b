"""Query text to AST: Lucene style, parsed by luqum's grammar over the tokens of our own pre-lexer.

Every value and name reaches luqum as a short placeholder, so nothing in it can be mistaken for syntax, and every error
points into the text as it was typed. ``parse`` ends in an AST or in QueryError, within the limits of the lexer.
"""

import re
import threading
from typing import Any, Final

from luqum import tree
from luqum.exceptions import ParseError
from luqum.parser import lexer as _luqum_lexer
from luqum.parser import parser as _luqum_parser

from dicomlake.errors import QueryError
from dicomlake.messages import Message
from dicomlake.query.ast import (
    Exists,
    InStudy,
    MatchAll,
    Not,
    Phrase,
    Query,
    Range,
    Term,
    Terms,
    Text,
    Wildcard,
    all_of,
    any_of,
)
from dicomlake.query.lexer import tokenise
from dicomlake.query.names import EXISTS
from dicomlake.query.tokens import MAX_CLAUSES, MAX_DEPTH, MAX_LENGTH, Token, shown

__all__ = ["MAX_CLAUSES", "MAX_DEPTH", "MAX_LENGTH", "parse"]

_LOCK: Final = threading.Lock()
"""luqum's parser is built by PLY, which keeps its state in module globals: one parse at a time in a process."""
_AT = re.compile(r"at position (\d+)!$")
_SYMBOLS: Final = {"and": "AND", "or": "OR", "not": "NOT", "to": "TO", "{": "{", "}": "}"}


def parse(text: str) -> Query:
    """The AST of a query text; empty text means everything. Raises QueryError with ``position`` (in characters)."""
    tokens = tokenise(text)
    if not tokens:
        return MatchAll()
    return _Reader(tokens).query(_grammar(tokens, len(text)), None)


def _grammar(tokens: list[Token], length: int) -> Any:
    """luqum's tree over placeholders: ``f3`` is the field of token 3, ``w4`` the value of token 4, ``s5`` the
    function of token 5, which luqum takes for a field as well."""
    pieces: list[str] = []
    starts: dict[int, int] = {}
    offset = 0
    for index, token in enumerate(tokens):
        if token.kind == "field":
            piece = f"f{index}:"
        elif token.kind == "in_study":
            piece = f"s{index}:"
        elif token.kind in ("word", "wildcard", "phrase", "all"):
            piece = f"w{index}"
        else:
            piece = _SYMBOLS.get(token.kind, token.text)
        starts[offset] = index
        pieces.append(piece)
        offset += len(piece) + 1
    try:
        with _LOCK:
            return _luqum_parser.parse(" ".join(pieces), lexer=_luqum_lexer)
    except ParseError as error:
        found = _AT.search(str(error))
        raise _misplaced(tokens, starts.get(int(found[1])) if found else None, length) from error


def _misplaced(tokens: list[Token], index: int | None, length: int) -> QueryError:
    """What is wrong at the token where the grammar stopped; ``None`` is the end of the text."""
    before = tokens[-1] if index is None else tokens[index - 1] if index else None
    position = length if index is None else tokens[index].position
    if before and before.kind == "field":
        return QueryError(
            Message(
                "a value is missing after the field {text}; write * for any value, "
                "and quote AND, OR and NOT where they are values",
                text=shown(before.text),
            ),
            position=position,
        )
    if before and before.kind in ("<", ">"):
        return QueryError(Message("a number or date is missing after {text}", text=before.text), position=position)
    if before and before.kind in ("and", "or", "not"):
        return QueryError(
            Message(
                'nothing stands behind {text}; complete it, or quote "{text}" to search for the word', text=before.text
            ),
            position=before.position,
        )
    if index is None:
        return QueryError("the query ends too early; complete or remove its last part", position=position)
    token = tokens[index]
    if token.kind == ")":
        return QueryError("nothing stands between the parentheses; remove them", position=position)
    if token.kind in ("and", "or"):
        return QueryError(
            Message(
                'nothing stands before {text}; remove it, or quote "{text}" to search for the word', text=token.text
            ),
            position=position,
        )
    return QueryError(
        Message("{text} cannot stand here; remove it, or quote it to search for it", text=shown(token.text)),
        position=position,
    )


class _Reader:
    """luqum's tree to ours."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens

    def query(self, node: Any, field: Token | None) -> Query:
        """The AST of a node; ``field`` is the field that the node's values belong to."""
        if isinstance(node, tree.SearchField):
            token = self._token(node.name)
            if token.kind == "in_study":
                return InStudy(self.query(node.expr, None), token.position)
            return self.query(node.expr, token)
        if isinstance(node, tree.BaseGroup):
            return self.query(node.expr, field)
        if isinstance(node, tree.Not | tree.Prohibit):
            return Not(self.query(node.a, field))
        if isinstance(node, tree.AndOperation | tree.UnknownOperation):
            return all_of(tuple(self.query(child, field) for child in node.children))
        if isinstance(node, tree.OrOperation):
            return _joined(tuple(self.query(child, field) for child in node.children), field)
        if isinstance(node, tree.Range):
            low, high = self._token(node.low.value), self._token(node.high.value)
            return self._range(low, high, node.include_low, node.include_high, field)
        if isinstance(node, tree.From):
            return self._range(self._token(node.a.value), None, node.include, True, field)
        if isinstance(node, tree.To):
            return self._range(None, self._token(node.a.value), True, node.include, field)
        return self._value(self._token(node.value), field)

    def _token(self, placeholder: str) -> Token:
        return self._tokens[int(placeholder[1:])]

    def _value(self, token: Token, field: Token | None) -> Query:
        at = token.position
        if field is None:
            if token.kind == "all" or (token.kind == "wildcard" and set(token.text) == {"*"}):
                return MatchAll()
            if token.kind == "wildcard":
                return Wildcard(None, token.text, at, at)
            return Phrase(None, token.text, at, at) if token.kind == "phrase" else Text(token.text, at, at)
        if field.text == EXISTS:
            if token.kind == "wildcard" or not token.text:
                raise QueryError(
                    Message("{exists}: takes the name of one field, without wildcards", exists=EXISTS), position=at
                )
            return Exists(token.text, field.position, at)
        if token.kind == "phrase":
            return Phrase(field.text, token.text, field.position, at)
        if token.kind == "wildcard":
            return Wildcard(field.text, token.text, field.position, at)
        return Term(field.text, token.text, field.position, at)

    def _range(
        self, low: Token | None, high: Token | None, include_low: bool, include_high: bool, field: Token | None
    ) -> Query:
        first = low or high
        assert first is not None  # the grammar has no range without bounds
        if field is None or field.text == EXISTS:
            raise QueryError("a range needs a field, as in SliceThickness:[0 TO 1.5]", position=first.position)
        bounds = [None if token is None or token.kind == "wildcard" else token.text for token in (low, high)]
        return Range(
            field.text,
            bounds[0],
            bounds[1],
            include_low or bounds[0] is None,
            include_high or bounds[1] is None,
            field.position,
            first.position,
            (high or first).position,
        )


def _joined(parts: tuple[Query, ...], field: Token | None) -> Query:
    """Alternatives; plain values of one field become one :class:`Terms`."""
    if field is None or not all(isinstance(part, Term | Terms) for part in parts):
        return any_of(parts)
    values: list[str] = []
    positions: list[int] = []
    for part in parts:
        if isinstance(part, Term):
            values.append(part.value)
            positions.append(part.value_position)
        elif isinstance(part, Terms):
            values.extend(part.values)
            positions.extend(part.value_positions)
    return Terms(field.text, tuple(values), field.position, tuple(positions))

"""The pre-lexer: query text to tokens with positions, so that luqum's grammar never sees what it would misread.

Private names, times, person names with carets and escaped characters become one token each; what the grammar has and
Dicomlake has not (fuzzy, boost, proximity, regular expressions) is refused here, with its position.
"""

import re
from typing import Final, Literal, NamedTuple

from dicomlake.errors import QueryError
from dicomlake.messages import Message
from dicomlake.query.names import EXISTS, HALF_CHARACTER, IN_STUDY, NAME, TAG_VALUE, one_line, spelled
from dicomlake.query.tokens import (
    MAX_ALL_WILDCARDS,
    MAX_CLAUSES,
    MAX_DEPTH,
    MAX_IN_STUDY,
    MAX_LENGTH,
    Kind,
    Token,
    Word,
    refuse_suffix,
    scan_word,
    shown,
)

_NAME_COLON = re.compile(r"[^\W\d]\w*(?:\.\w+)*:(?!//)")
_STARS = re.compile(r"\*+")
_SPACE = re.compile(r"\s*")

_OPERATORS: Final[dict[str, Kind]] = {"AND": "and", "OR": "or", "NOT": "not"}
_Context = Literal["bare", "values", "names"]


def tokenise(text: str) -> list[Token]:
    """The tokens of a query text. Raises QueryError with the position of what cannot be understood."""
    if len(text) > MAX_LENGTH:
        raise QueryError(
            Message(
                "the query has {length:,} characters, at most {most:,} are allowed; shorten it",
                length=len(text),
                most=MAX_LENGTH,
            ),
            position=MAX_LENGTH,
        )
    if surrogate := HALF_CHARACTER.search(text):
        raise QueryError(
            "the query holds half of a surrogate pair, which is no character; remove it", position=surrogate.start()
        )
    return _Lexer(text).run()


class _Group(NamedTuple):
    """An open parenthesis: what its content is, where it stands, how deep it is with the negations around it."""

    context: _Context
    position: int
    depth: int


class _Lexer:
    """One pass over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.tokens: list[Token] = []
        self.groups: list[_Group] = []
        self.field = ""
        self.negations = 0
        self.clauses = 0
        self.wildcards = 0
        self.functions = 0

    def run(self) -> list[Token]:
        while self._skip_space():
            self._next()
        if self.groups:
            raise QueryError(
                'a parenthesis is opened but not closed; add ")", or quote the text that holds it',
                position=self.groups[-1].position,
            )
        return self.tokens

    def _skip_space(self) -> bool:
        found = _SPACE.match(self.text, self.position)
        self.position = found.end() if found else self.position
        return self.position < len(self.text)

    @property
    def _valued(self) -> bool:
        """Whether the last token waits for its value: a field or a comparison."""
        return bool(self.tokens) and self.tokens[-1].kind in ("field", "<", ">")

    @property
    def _context(self) -> _Context:
        if self._valued:
            return "names" if self.field == EXISTS else "values"
        return self.groups[-1].context if self.groups else "bare"

    @property
    def _depth(self) -> int:
        return (self.groups[-1].depth if self.groups else 0) + self.negations

    def _add(self, kind: Kind, text: str, end: int) -> None:
        if kind in ("word", "wildcard", "phrase", "all"):
            self.clauses += 1
            if self.clauses > MAX_CLAUSES:
                raise QueryError(
                    Message(
                        "the query has more than {most} words and values; narrow it with a wildcard or a range",
                        most=MAX_CLAUSES,
                    ),
                    position=self.position,
                )
        if kind == "field":
            self.field = text
        self.negations = self.negations + 1 if kind == "not" else 0 if kind != "field" else self.negations
        if self._depth > MAX_DEPTH:
            raise QueryError(
                Message(
                    "parentheses and negations are nested more than {most} deep; flatten the query",
                    most=MAX_DEPTH,
                ),
                position=self.position,
            )
        self.tokens.append(Token(kind, text, self.position, end))
        self.position = end

    def _next(self) -> None:
        text, at, context = self.text, self.position, self._context
        character = text[at]
        if self._name(context):
            return
        if text.startswith(IN_STUDY + "(", at):
            self._in_study(context)
        elif character == "(":
            self._open(context)
        elif character == ")":
            if not self.groups:
                raise QueryError(
                    'this parenthesis closes nothing; remove it, or escape it as "\\)" to search for it', position=at
                )
            self.groups.pop()
            self._add(")", ")", at + 1)
            self._refuse_modifier(Message("a group"))
        elif character in "[{":
            self._range()
        elif character in "]}":
            raise QueryError(
                Message('this "{character}" closes nothing; a range is written [low TO high]', character=character),
                position=at,
            )
        elif character == '"':
            self._phrase()
        elif text.startswith(("&&", "||"), at):
            self._add("and" if character == "&" else "or", text[at : at + 2], at + 2)
        elif character in "<>" and context == "values":
            end = at + 1 + text.startswith("=", at + 1)
            self._add("<" if character == "<" else ">", text[at:end], end)
        elif character in "!+-" and not (character == "-" and context == "values" and self._is_number(at)):
            self._sign(character)
        elif character == "/":
            raise QueryError(
                "regular expressions are not supported; use the wildcards * and ?, or quote a text that begins with /",
                position=at,
            )
        elif character == ":":
            raise QueryError('a field name is missing before ":"; write it as in Modality:CT', position=at)
        elif text.startswith("*:*", at) and context == "bare":
            self._add("all", "*:*", at + 3)
        else:
            self._word(context)

    def _name(self, context: _Context) -> bool:
        """A field name before a colon, a name after ``_exists_:``, or a tag in parentheses as a value."""
        if context == "values":
            found = TAG_VALUE.match(self.text, self.position)
        elif self.text[self.position] not in '":*':
            found = NAME.match(self.text, self.position)
        else:
            return False
        if found is None:
            return False
        followed = self.text[found.end() : found.end() + 1]
        if context == "bare":
            if followed != ":":
                if '"' in found[0]:
                    raise QueryError(
                        one_line(
                            Message(
                                "a value is missing after {found}; write {found}:value, or {exists}:{found}",
                                found=found[0],
                                exists=EXISTS,
                            )
                        ),
                        position=self.position,
                    )
                return False
            self._add("field", spelled(found[0]), found.end() + 1)
            return True
        if found[0] in _OPERATORS or (followed and not followed.isspace() and followed != ")"):
            return False
        self._add("word", spelled(found[0]), found.end())
        return True

    def _in_study(self, context: _Context) -> None:
        if context != "bare":
            raise QueryError(
                Message(
                    "{in_study}(...) cannot be the value of a field; put it beside the field, or quote the text",
                    in_study=IN_STUDY,
                ),
                position=self.position,
            )
        self.functions += 1
        if self.functions > MAX_IN_STUDY:
            raise QueryError(
                Message(
                    "the query has more than {most} {in_study}(...); leave some out",
                    most=MAX_IN_STUDY,
                    in_study=IN_STUDY,
                ),
                position=self.position,
            )
        self._add("in_study", IN_STUDY, self.position + len(IN_STUDY))

    def _open(self, context: _Context) -> None:
        last = self.tokens[-1] if self.tokens else None
        if last and last.end == self.position and last.kind in ("word", "wildcard"):
            raise QueryError(
                Message(
                    "{text} is not a function; put a space before the parenthesis, or quote the text",
                    text=shown(last.text + "("),
                ),
                position=last.position,
            )
        self.groups.append(_Group(context, self.position, self._depth + 1))
        self._add("(", "(", self.position + 1)

    def _sign(self, sign: str) -> None:
        following = self.text[self.position + 1 : self.position + 2]
        if not following or following.isspace() or following in ")]}":
            raise QueryError(
                Message(
                    'a "{sign}" stands directly before what it applies to; quote it to search for text that holds it',
                    sign=sign,
                ),
                position=self.position,
            )
        if sign == "+":  # required, which everything is: the implicit operator is AND
            self.position += 1
        else:
            self._add("not", sign, self.position + 1)

    def _is_number(self, at: int) -> bool:
        following = self.text[at + 1 : at + 3].lstrip(".")
        return following[:1].isdecimal()

    def _range(self) -> None:
        start = self.position
        self._add("[" if self.text[start] == "[" else "{", self.text[start], start + 1)
        for expected in ("low", "to", "high"):
            if not self._skip_space() or self.text[self.position] in "()[]{}":
                raise self._bad_range(start)
            if expected == "to":
                end = self.position + 2
                if self.text[self.position : end] != "TO" or self.text[end : end + 1].strip():
                    raise self._bad_range(start)
                self._add("to", "TO", end)
            elif self.text[self.position] == '"':
                self._phrase()
            else:
                self._word("values", bound=True)
        if not self._skip_space() or self.text[self.position] not in "]}":
            raise self._bad_range(start)
        self._add("]" if self.text[self.position] == "]" else "}", self.text[self.position], self.position + 1)
        self._refuse_modifier(Message("a range"))

    def _bad_range(self, start: int) -> QueryError:
        return QueryError(
            "a range is written [low TO high], with * for an open side and {} instead of [] to leave a bound out",
            position=start,
        )

    def _phrase(self) -> None:
        start, at, content = self.position, self.position + 1, []
        while at < len(self.text) and self.text[at] != '"':
            if self.text[at] == "\\":
                at += 1
            content.append(self.text[at : at + 1])
            at += 1
        if at >= len(self.text):
            raise QueryError(
                'a quotation mark is opened but not closed; add one, or escape it as \\" to search for it',
                position=start,
            )
        self._add("phrase", "".join(content), at + 1)
        self._refuse_modifier(Message("a phrase"))

    def _refuse_modifier(self, what: Message) -> None:
        """Refuse ``~2`` and ``^2`` directly behind a phrase, group or range."""
        modifier = {"~": Message("~ (proximity)"), "^": Message("^ (boost)")}.get(
            self.text[self.position : self.position + 1]
        )
        if modifier:
            raise QueryError(
                Message("{what} followed by {modifier} is not supported; leave it out", what=what, modifier=modifier),
                position=self.position,
            )

    def _word(self, context: _Context, bound: bool = False) -> None:
        text, start = self.text, self.position
        if context != "bare" and not bound and (context == "names" or not self._valued):
            self._refuse_field()
        self._finish_word(context, bound, scan_word(text, start, context == "values" or text[start].isdigit()))

    def _count_wildcards(self, bare: str) -> None:
        self.wildcards += bare.count("?") + len(_STARS.findall(bare))
        if self.wildcards > MAX_ALL_WILDCARDS:
            raise QueryError(
                Message(
                    "the query has more than {most} wildcards; leave some out",
                    most=MAX_ALL_WILDCARDS,
                ),
                position=self.position,
            )

    def _refuse_field(self) -> None:
        if found := _NAME_COLON.match(self.text, self.position):
            raise QueryError(
                Message(
                    "{found} begins a field among the values of {field}; "
                    "close the parenthesis before it, or quote the value",
                    found=shown(found[0]),
                    field=shown(self.field),
                ),
                position=self.position,
            )

    def _finish_word(self, context: _Context, bound: bool, word: Word) -> None:
        bare, end = word.bare, word.end
        wild = "*" in bare or "?" in bare
        if self.text[end : end + 1] == ":" and context != "values":
            if wild:
                raise QueryError(
                    "a field name cannot hold wildcards; name one field, or leave the name out to search all text",
                    position=self.position,
                )
            self._add("field", word.plain, end + 1)
            return
        if bare in _OPERATORS and not bound:
            self._add(_OPERATORS[bare], bare, end)
            return
        refuse_suffix(bare, self.position)
        if bound:
            wild = bare == "*"
        elif wild:
            self._count_wildcards(bare)
        self._add("wildcard" if wild else "word", word.pattern if wild else word.plain, end)

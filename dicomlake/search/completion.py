"""Where somebody is typing in a query text, and what would go on there."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from dicomlake.query.names import EXISTS, IN_STUDY, NAME, spelled

Kind = Literal["field", "value", "none"]

KEYWORDS: Final = ("AND", "OR", "NOT", f"{EXISTS}:", f"{IN_STUDY}(")
"""What may stand where a field may."""

_SPACE: Final = re.compile(r"\s+")
_WORD: Final = re.compile(r'(?:\\.|[^\s()\[\]{}"\\])+', re.DOTALL)
_SIGNS: Final = "+-!"
_OPERATORS: Final = frozenset({"AND", "OR", "NOT", "&&", "||", "TO"})
_PARTIAL: Final = re.compile(r'\(\s*[0-9A-Fa-f]{0,4}(?:,(?:[0-9A-Fa-f]{0,4}|"[^"]*"?(?:,[0-9A-Fa-f]{0,2})?))?$')


@dataclass(frozen=True, slots=True)
class Place:
    """What is being typed: characters ``start`` to ``end`` of the text, of which ``typed`` stand before the cursor,
    begin a name (``field``), a value of ``field`` (``value``), or nothing that can be completed."""

    kind: Kind
    start: int
    end: int
    typed: str = ""
    field: str | None = None
    names_only: bool = False
    quoted: bool = False


def place(text: str, position: int) -> Place:
    """What is typed at a position of a query text, however incomplete it is."""
    position = max(0, min(position, len(text)))
    at = 0
    field: str | None = None  # that waits for its value
    groups: list[str | None] = []  # the fields that parentheses belong to
    in_range = False
    while at < position:
        character = text[at]
        if space := _SPACE.match(text, at):
            at = min(space.end(), position)
        elif character == '"':
            end = _closing(text, at)
            if end is None or end > position - 1:
                typed = text[at + 1 : position]
                of = field or (groups[-1] if groups else None)
                stop = len(text) if end is None else end + 1
                if of is None or of == EXISTS:
                    return Place("none", at, stop, typed)
                return Place("value", at, stop, typed, of, quoted=True)
            at, field = end + 1, None
        elif (found := NAME.match(text, at)) and text[found.end() : found.end() + 1] == ":" and found.end() < position:
            at, field = found.end() + 1, spelled(found[0])
        elif partial := _PARTIAL.match(text[:position], at):
            if field is None and not (groups and groups[-1]) and len(partial[0]) > 1:
                return Place("field", at, position, partial[0])
            groups.append(field)
            at, field = at + 1, None
        elif character == "(":
            groups.append(field)
            at, field = at + 1, None
        elif character == ")":
            if groups:
                groups.pop()
            at, field = at + 1, None
        elif character in "[{":
            in_range, at = True, at + 1
        elif character in "]}":
            in_range, field, at = False, None, at + 1
        elif character in _SIGNS + "<>=" and (field is None or character in "<>="):
            at += 1
        else:
            word = _WORD.match(text, at)
            end = at + 1 if word is None else word.end()
            if end >= position:
                return _at_word(text, at, end, position, field or (groups[-1] if groups else None))
            if not in_range and text[at:end] not in _OPERATORS:
                field = None
            at = end
    of = field or (groups[-1] if groups else None)
    if of == EXISTS:
        return Place("field", position, position, "", names_only=True)
    if of is None:
        return Place("field", position, position)
    return Place("value", position, _value_end(text, position), "", of)


def _at_word(text: str, start: int, end: int, position: int, field: str | None) -> Place:
    typed = text[start:position]
    if field == EXISTS:
        return Place("field", start, end, typed, names_only=True)
    if field is not None:
        return Place("value", start, end, re.sub(r"\\(.)", r"\1", typed), field)
    colon = text.find(":", position, end + 1)
    if colon >= 0:  # the name of a field that has its colon already
        return Place("field", start, colon + 1, typed)
    return Place("field", start, end, typed)


def _value_end(text: str, start: int) -> int:
    """Where the value ends that begins directly at a position."""
    if text[start : start + 1] == '"':
        closing = _closing(text, start)
        return len(text) if closing is None else closing + 1
    word = _WORD.match(text, start)
    return start if word is None else word.end()


def _closing(text: str, opening: int) -> int | None:
    at = opening + 1
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == '"':
            return at
        at += 1
    return None

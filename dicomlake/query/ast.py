"""The query as a person typed it: a frozen tree without any client, engine or registry in it.

Every leaf knows where it stands in the text: ``position`` of its first character (the field's name if it has one),
``value_position`` of its value. Positions do not take part in comparisons.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as attribute


@dataclass(frozen=True, slots=True)
class MatchAll:
    """Everything: the empty text, ``*`` or ``*:*``."""


@dataclass(frozen=True, slots=True)
class And:
    """Every part matches. Written with two parts or more, none of them an ``And``."""

    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Some part matches. Written with two parts or more, none of them an ``Or``."""

    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not match."""

    part: "Query"


@dataclass(frozen=True, slots=True)
class InStudy:
    """``in_study(Modality:PT)``: another series of the same study matches the part, as a whole series."""

    part: "Query"
    position: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Term:
    """``Modality:CT``: an unquoted value of a field."""

    field: str
    value: str
    position: int = attribute(default=0, compare=False)
    value_position: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Terms:
    """``Modality:(CT OR MR)``: one of several unquoted values of a field, two or more."""

    field: str
    values: tuple[str, ...]
    position: int = attribute(default=0, compare=False)
    value_positions: tuple[int, ...] = attribute(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Range:
    """``SliceThickness:[0 TO 1.5}``: bounds as typed, ``None`` for an open side (which is then inclusive)."""

    field: str
    low: str | None
    high: str | None
    include_low: bool = True
    include_high: bool = True
    position: int = attribute(default=0, compare=False)
    value_position: int = attribute(default=0, compare=False)
    high_position: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Exists:
    """``_exists_:ContrastBolusAgent``: the field has a value."""

    field: str
    position: int = attribute(default=0, compare=False)
    value_position: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``Manufacturer:GE*``, or ``embol*`` without field: ``*`` is any run of characters, ``?`` one character.

    In ``pattern`` a backslash stands before a star, question mark or backslash that is meant literally, nowhere else.
    """

    field: str | None
    pattern: str
    position: int = attribute(default=0, compare=False)
    value_position: int = attribute(default=0, compare=False)

    def pieces(self) -> tuple[tuple[str, bool], ...]:
        """The pattern as runs: (literal text, False) and (``"*"`` or ``"?"``, True)."""
        pieces: list[tuple[str, bool]] = []
        characters = iter(self.pattern)
        for character in characters:
            wild = character in "*?"
            literal = next(characters, "\\") if character == "\\" else character
            if not wild and pieces and not pieces[-1][1]:
                pieces[-1] = (pieces[-1][0] + literal, False)
            else:
                pieces.append((literal, wild))
        return tuple(pieces)


@dataclass(frozen=True, slots=True)
class Phrase:
    """``"pulmonary embolism"``, alone or as the value of a field; nothing in it is a wildcard."""

    field: str | None
    text: str
    position: int = attribute(default=0, compare=False)
    value_position: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """``embolism``: a word without field, searched in every text field."""

    text: str
    position: int = attribute(default=0, compare=False)
    value_position: int = attribute(default=0, compare=False)


Leaf = MatchAll | Term | Terms | Range | Exists | Wildcard | Phrase | Text
Query = And | Or | Not | InStudy | Leaf


def leaves(query: Query) -> Iterator[Leaf]:
    """The leaves of a query, left to right."""
    if isinstance(query, And | Or):
        for part in query.parts:
            yield from leaves(part)
    elif isinstance(query, Not | InStudy):
        yield from leaves(query.part)
    else:
        yield query


def all_of(parts: tuple[Query, ...]) -> Query:
    """Every part, in normal form: nested ``And`` flattened, a single part itself, none :class:`MatchAll`."""
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,)))
    return flat[0] if len(flat) == 1 else And(flat) if flat else MatchAll()


def any_of(parts: tuple[Query, ...]) -> Query:
    """Some part, in normal form: nested ``Or`` flattened, a single part itself. Raises ValueError for no parts."""
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,)))
    if not flat:
        raise ValueError("an alternative needs a part")
    return flat[0] if len(flat) == 1 else Or(flat)

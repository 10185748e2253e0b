"""A whole search as the parameters of a URL and back: readable, versioned, and strict about what it does not know.

``?v=1&q=lung&level=series&f=Modality:CT&f=Modality:MR&f=BodyPartExamined:&sort=-StudyDate&hit=1.2.3&col=Modality``:
``f`` is one value of a filter (nothing behind the colon: missing), repeated within a field and over fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from dicomlake.errors import QueryError
from dicomlake.query.names import HALF_CHARACTER, NAME
from dicomlake.query.tokens import MAX_CLAUSES, MAX_LENGTH

VERSION: Final = "1"

Level = Literal["instance", "series", "study", "patient"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
DEFAULT_LEVEL: Final[Level] = "series"


@dataclass(frozen=True, slots=True)
class SearchState:
    """What a page shows. ``filters`` maps a field to its selected values in DICOM form, ``None`` for missing; numbers
    are written out, since the field's kind says what a value is. ``hit`` is the UID of the open hit."""

    q: str = ""
    level: Level = DEFAULT_LEVEL
    filters: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    sort: tuple[str, ...] = ()
    hit: str | None = None
    columns: tuple[str, ...] = ()


def encode(state: SearchState) -> dict[str, list[str]]:
    """The parameters of a state; what is as by default is left out. Raises QueryError for what no URL can hold."""
    parameters = {"v": [VERSION]}
    if state.q:
        parameters["q"] = [state.q]
    if state.level != DEFAULT_LEVEL:
        parameters["level"] = [state.level]
    filters = [f"{name}:{value or ''}" for name, values in state.filters.items() for value in values]
    for name, values in (("f", filters), ("sort", list(state.sort)), ("col", list(state.columns))):
        if values:
            parameters[name] = values
    if state.hit:
        parameters["hit"] = [state.hit]
    decode(parameters)  # what would not come back is refused here, where it can still be told
    return parameters


def decode(parameters: Mapping[str, str | Sequence[str]]) -> SearchState:
    """The state of URL parameters (percent-decoded). Raises QueryError for unknown and broken ones."""
    given = {name: [values] if isinstance(values, str) else list(values) for name, values in parameters.items()}
    unknown = sorted(given.keys() - {"v", "q", "level", "f", "sort", "hit", "col"})
    if unknown:
        raise QueryError(f"the link has a parameter {_shown(unknown[0])} that is not known; remove it")
    for name, values in given.items():
        if len(values) > MAX_CLAUSES:
            raise QueryError(f"the link repeats {name} more than {MAX_CLAUSES} times; select fewer values")
        if any(len(value) > MAX_LENGTH or HALF_CHARACTER.search(value) for value in values):
            raise QueryError(f"the link's {name} is longer than {MAX_LENGTH:,} characters or no text; shorten it")
    version = _single(given, "v", VERSION)
    if version != VERSION:
        raise QueryError(f"the link has version {_shown(version)}, this page reads version {VERSION}; search anew")
    level = _single(given, "level", DEFAULT_LEVEL)
    if level not in LEVELS:
        raise QueryError(f"the link has level {_shown(level)}; one of {', '.join(LEVELS)} is expected")
    hit = _single(given, "hit", "")
    if len(hit) > 64 or hit.strip("0123456789."):
        raise QueryError(f"the link's hit {_shown(hit)} is no UID; remove it")
    filters: dict[str, tuple[str | None, ...]] = {}
    for item in given.get("f", []):
        name, value = _filter(item)
        if value not in (chosen := filters.get(name, ())):
            filters[name] = (*chosen, value)
    return SearchState(
        _single(given, "q", ""), level, filters, _names(given, "sort"), hit or None, _names(given, "col")
    )


def _single(given: Mapping[str, list[str]], name: str, default: str) -> str:
    values = given.get(name) or [default]
    if len(values) > 1:
        raise QueryError(f"the link has {name} {len(values)} times; once is expected")
    return values[0]


def _names(given: Mapping[str, list[str]], parameter: str) -> tuple[str, ...]:
    names = tuple(given.get(parameter, ()))
    for name in names:
        if not NAME.fullmatch(name.removeprefix("-") if parameter == "sort" else name):
            raise QueryError(f"the link's {parameter} {_shown(name)} is no field name; remove it")
    return names


def _filter(item: str) -> tuple[str, str | None]:
    found = NAME.match(item)
    if found is None or item[found.end() : found.end() + 1] != ":":
        raise QueryError(f"the link's f {_shown(item)} is no filter; a field, a colon and a value are expected")
    return found[0], item[found.end() + 1 :] or None


def _shown(text: str) -> str:
    return f'"{text}"' if len(text) <= 40 else f'"{text[:40]}…"'

"""A whole search as the parameters of a URL and back: readable, versioned, and strict about what it does not know.

``?v=1&q=lung&level=study&f=Modality:CT&f=Modality:MR&f=BodyPartExamined:&sort=-StudyDate&page=2&open=series:1.2.3``:
``f`` is one value of a filter (nothing behind the colon: missing), repeated within a field and over fields; ``x`` in
the same form one value that is excluded; ``r=SliceThickness:0..1.5`` a range (:mod:`dicomlake.query.bounds`), an
alternative to the field's chosen values and other ranges.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args
from urllib.parse import parse_qs, urlencode

from dicomlake.errors import LinkVersionError, QueryError
from dicomlake.messages import Message
from dicomlake.query.bounds import Bounds, Ranges, parse_range
from dicomlake.query.names import HALF_CHARACTER, NAME, spelled
from dicomlake.query.tokens import MAX_CLAUSES, MAX_LENGTH, shown
from dicomlake.query.values import Value

__all__ = [
    "LEVELS",
    "Bounds",
    "Level",
    "OpenHit",
    "QueryError",
    "SearchState",
    "as_text",
    "decode",
    "encode",
    "from_text",
    "parse_filter",
    "parse_range",
]

VERSION: Final = "1"

Level = Literal["instance", "series", "study", "patient"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
DEFAULT_LEVEL: Final[Level] = "series"
_PAGE = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class OpenHit:
    """The hit whose detail is shown: ``open=series:1.2.3``. A patient's ``uid`` is the patient key."""

    level: Level
    uid: str


@dataclass(frozen=True, slots=True)
class SearchState:
    """What a page shows. ``filters`` and ``exclude`` map a field to its selected and its excluded values in DICOM form,
    ``None`` for missing, ``ranges`` a field to its ranges; they come back as text, since the field's kind says what a
    value is. ``page`` counts from 1, ``columns`` empty are the default ones."""

    q: str = ""
    level: Level = DEFAULT_LEVEL
    filters: Mapping[str, Sequence[Value | None]] = field(default_factory=dict)
    sort: tuple[str, ...] = ()
    page: int = 1
    open: OpenHit | None = None
    columns: tuple[str, ...] = ()
    exclude: Mapping[str, Sequence[Value | None]] = field(default_factory=dict)
    ranges: Ranges = field(default_factory=dict)


def encode(state: SearchState) -> dict[str, list[str]]:
    """The parameters of a state; what is as by default is left out. Raises QueryError for what no URL can hold."""
    parameters = {"v": [VERSION]}
    if state.q:
        parameters["q"] = [state.q]
    if state.level != DEFAULT_LEVEL:
        parameters["level"] = [state.level]
    chosen, excluded = (_items(values) for values in (state.filters, state.exclude))
    ranges = [f"{name}:{bounds}" for name, listed in state.ranges.items() for bounds in listed]
    lists = {"f": chosen, "x": excluded, "r": ranges, "sort": list(state.sort), "col": list(state.columns)}
    parameters |= {name: values for name, values in lists.items() if values}
    if state.page != 1:
        parameters["page"] = [str(state.page)]
    if state.open:
        parameters["open"] = [f"{state.open.level}:{state.open.uid}"]
    decode(parameters)  # what would not come back is refused here, where it can still be told
    return parameters


def decode(parameters: Mapping[str, str | Sequence[str]]) -> SearchState:
    """The state of URL parameters (percent-decoded). Raises LinkVersionError for another version,
    QueryError for unknown parameters and broken ones."""
    given = {name: [values] if isinstance(values, str) else list(values) for name, values in parameters.items()}
    # The version first: what else is unknown may be known to the version that wrote the link.
    version = _single(given, "v", VERSION)
    if version != VERSION:
        raise LinkVersionError(
            Message(
                "the link has version {version}, this page reads version {readable}; search anew",
                version=shown(version),
                readable=VERSION,
            ),
            version=version[:40],
            readable=[VERSION],
        )
    unknown = sorted(given.keys() - {"v", "q", "level", "f", "x", "r", "sort", "page", "open", "col"})
    if unknown:
        raise QueryError(
            Message("the link has a parameter {unknown} that is not known; remove it", unknown=shown(unknown[0]))
        )
    for name, values in given.items():
        if len(values) > MAX_CLAUSES:
            raise QueryError(
                Message(
                    "the link repeats {name} more than {most} times; select fewer values",
                    name=name,
                    most=MAX_CLAUSES,
                )
            )
        if any(len(value) > MAX_LENGTH or HALF_CHARACTER.search(value) for value in values):
            raise QueryError(
                Message(
                    "the link's {name} is longer than {most:,} characters or no text; shorten it",
                    name=name,
                    most=MAX_LENGTH,
                )
            )
    page = _single(given, "page", "1")
    if not _PAGE.fullmatch(page):
        raise QueryError(Message("the link's page {page} is no page number; remove it", page=shown(page)))
    return SearchState(
        _single(given, "q", ""),
        _level(_single(given, "level", DEFAULT_LEVEL)),
        _values(given.get("f", [])),
        _names(given, "sort"),
        int(page),
        _open(_single(given, "open", "")),
        _names(given, "col"),
        _values(given.get("x", [])),
        _ranges(given.get("r", [])),
    )


def as_text(state: SearchState) -> str:
    """The query string of a state, without the ``?``. Raises as :func:`encode`."""
    return urlencode(encode(state), doseq=True)


def from_text(text: str) -> SearchState:
    """The state of a query string, with or without the ``?``. Raises as :func:`decode`."""
    try:
        given = parse_qs(
            text.removeprefix("?"), keep_blank_values=True, errors="strict", max_num_fields=10 * MAX_CLAUSES
        )
    except ValueError as error:  # bytes that are no UTF-8, or too many parameters
        raise QueryError("the link is not the query string of a search; copy it whole") from error
    return decode(given)


def _items(values: Mapping[str, Sequence[Value | None]]) -> list[str]:
    return [f"{name}:{'' if value is None else value}" for name, listed in values.items() for value in listed]


def _values(items: Sequence[str]) -> dict[str, tuple[Value | None, ...]]:
    """Values by field, each once."""
    found: dict[str, tuple[Value | None, ...]] = {}
    for name, value in map(parse_filter, items):
        if value not in (listed := found.get(name, ())):
            found[name] = (*listed, value)
    return found


def _ranges(items: Sequence[str]) -> dict[str, tuple[Bounds, ...]]:
    """Ranges by field, each once."""
    found: dict[str, tuple[Bounds, ...]] = {}
    for name, bounds in map(parse_range, items):
        if bounds not in (listed := found.get(name, ())):
            found[name] = (*listed, bounds)
    return found


def _level(text: str) -> Level:
    for level in LEVELS:
        if text == level:
            return level
    raise QueryError(
        Message("the link has level {text}; one of {levels} is expected", text=shown(text), levels=", ".join(LEVELS))
    )


def _open(text: str) -> OpenHit | None:
    level, _, uid = text.partition(":")
    if not text:
        return None
    if not uid:
        raise QueryError(
            Message(
                "the link opens {text}; a level, a colon and a UID are expected, as in series:1.2.3", text=shown(text)
            )
        )
    return OpenHit(_level(level), uid)


def _single(given: Mapping[str, list[str]], name: str, default: str) -> str:
    values = given.get(name) or [default]
    if len(values) > 1:
        raise QueryError(Message("the link has {name} {times} times; once is expected", name=name, times=len(values)))
    return values[0]


def _names(given: Mapping[str, list[str]], parameter: str) -> tuple[str, ...]:
    names = tuple(given.get(parameter, ()))
    for name in names:
        if not NAME.fullmatch(name.removeprefix("-") if parameter == "sort" else name):
            raise QueryError(
                Message(
                    "the link's {parameter} {name} is no field name; remove it", parameter=parameter, name=shown(name)
                )
            )
    return names


def parse_filter(item: str) -> tuple[str, str | None]:
    """Field and value of ``Field:value``; ``Field:`` is missing. Raises QueryError."""
    found = NAME.match(item)
    if found is None or item[found.end() : found.end() + 1] != ":":
        raise QueryError(
            Message(
                "the filter {item} is not understood; a field, a colon and a value are expected, as in Modality:CT",
                item=shown(item),
            )
        )
    return spelled(found[0]), item[found.end() + 1 :] or None

"""Instance document to what engines index: tokens, words and present paths, in the normal form of ``mappings``."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from mappings import moments, registry
from mappings.field import OFFSET
from mappings.normal import moment_token, number_token, text_token, words

NOT_INDEXED = frozenset({"vr", "lifted", "variants", "patientKey"})
"""Own keys that describe the document rather than the study."""

_PLAIN = (str, int, float)


@dataclass(slots=True)
class Leaves:
    """Distinct tokens and word tuples by path, and the paths that have a value. What is added is united with it."""

    tokens: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    words: dict[str, set[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(set))
    present: set[str] = field(default_factory=set)

    def add(self, attributes: Mapping[str, Any], vrs: Mapping[str, str]) -> None:
        """Take in a document or a part of one; ``vrs`` is the whole document's ``vr``."""
        for key, value in attributes.items():
            if key not in NOT_INDEXED:
                _add(self, key, value, vrs)

    def add_columns(self, columns: Mapping[str, Sequence[Any]], vrs: Mapping[str, str]) -> None:
        """Take in the values that several documents of the same ``vr`` have for each attribute."""
        for key, values in columns.items():
            if key in NOT_INDEXED:
                continue
            plain = {value for value in values if isinstance(value, _PLAIN)}
            if plain:
                _add_values(self, key, plain, vrs)
            if len(plain) < len(values):
                for value in values:
                    if not isinstance(value, _PLAIN):
                        _add(self, key, value, vrs)


def leaves(attributes: Mapping[str, Any], vrs: Mapping[str, str]) -> Leaves:
    """The leaves of a document or a part of one; ``vrs`` is the whole document's ``vr``."""
    found = Leaves()
    found.add(attributes, vrs)
    return found


def _add(found: Leaves, path: str, value: Any, vrs: Mapping[str, str]) -> None:
    if isinstance(value, _PLAIN):
        _add_values(found, path, (value,), vrs)
        return
    if value is None or value == []:
        return
    if path == "quality":
        found.present.add(path)
        found.tokens[path].update(text_token(issue["code"]) for issue in value)
        return
    if isinstance(value, dict):  # binary, or an element of very many values
        found.present.add(path)
        if "first" in value:
            _add_values(found, path, value["first"], vrs)
        return
    if isinstance(value[0], dict):
        found.present.add(path)
        for item in value:
            for key, inner in item.items():
                _add(found, f"{path}.{key}", inner, vrs)
        return
    _add_values(found, path, value, vrs)


def _add_values(found: Leaves, path: str, values: Collection[Any], vrs: Mapping[str, str]) -> None:
    to_token, is_text = _reading(path, vrs.get(path) if vrs else None)
    tokens = found.tokens[path]
    for value in values:
        if isinstance(value, str):
            if not value:
                continue
            tokens.add(to_token(value))
            if is_text and (run := tuple(words(value))):
                found.words[path].add(run)
        elif value is not None:
            tokens.add(number_token(value))
    if tokens:
        found.present.add(path)
        if to_token is _TOKENS["DT"]:
            _add_offsets(found, f"{path}.{OFFSET}", values)


def _add_offsets(found: Leaves, path: str, values: Collection[Any]) -> None:
    for value in values:
        if isinstance(value, str) and (offset := _offset(value)):
            found.tokens[path].add(text_token(offset))
            found.present.add(path)


@lru_cache(maxsize=16_384)
def _reading(path: str, vr: str | None) -> tuple[Callable[[str], str], bool]:
    """What makes the token of a text at a path, whose VR the file says where it is not the dictionary's; and whether
    its words are searched."""
    usual, is_text = _typing(path)
    return _TOKENS.get(vr or usual, text_token), is_text


@lru_cache(maxsize=8_192)
def _typing(path: str) -> tuple[str, bool]:
    """VR of a path ("" where it differs from file to file), and whether its words are searched."""
    try:
        resolved = registry.resolve(path)
    except registry.UnknownName:  # an element that neither dictionary nor registry knows keeps its tag as name
        return "", False
    return resolved.vr or "", resolved.kind == "text"


def _moment(letter: str, parse: Callable[[str], int]) -> Callable[[str], str]:
    @lru_cache(maxsize=4_096)
    def token(value: str) -> str:
        try:
            return moment_token(letter, parse(value))
        except ValueError:  # bad data is data: the text is kept, and its quality issue says why
            return text_token(value)

    return token


@lru_cache(maxsize=4_096)
def _offset(value: str) -> str:
    """The offset from UTC that a date and time says; "" without one, or where it is none."""
    try:
        minutes = moments.datetime_micros(value)[1]
    except ValueError:
        return ""
    return "" if minutes is None else moments.offset_text(minutes)


_TOKENS: dict[str, Callable[[str], str]] = {
    "DA": _moment("d", moments.date_micros),
    "TM": _moment("t", moments.time_micros),
    "DT": _moment("m", lambda value: moments.datetime_micros(value)[0]),
}

"""What a query text means, as a value: how it was read, what every name stands for, which conditions engines get.

Everything :meth:`Explanation.plain` gives is JSON: objects, lists, texts, numbers, true, false and null. A node of
either tree is an object with ``node`` (its kind) and the parts that :mod:`dicomlake.query.ast` and
:mod:`dicomlake.query.resolved` give it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dicomlake.query import ast, resolved
from dicomlake.query.names import FieldNames, resolve_name
from dicomlake.query.render import to_text
from dicomlake.query.resolve import resolve
from dicomlake.query.resolved import Resolved
from dicomlake.query.text import parse
from dicomlake.query.values import Value, token_display
from mappings import registry
from mappings.field import ResolvedField

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NameMeaning:
    """What a name of the query stands for, and the characters it stands at (of every use, in order)."""

    name: str
    field: ResolvedField
    positions: tuple[int, ...]

    def plain(self) -> Plain:
        """``path``, ``kind`` and ``vr`` (null where files differ or there is none) are those of the documents;
        ``canonical`` is the path of the normalised values if there are any, ``companion`` says that the name is one of
        those itself, ``registered`` that the registry of fields has it, ``private`` that some step is private."""
        field, entry = self.field, self.field.field
        return {
            "name": self.name,
            "path": field.path,
            "kind": field.kind,
            "vr": field.vr,
            "label": field.label,
            "registered": entry is not None,
            "private": ',"' in field.path,
            "canonical": f"{entry.keyword}.canonical" if entry and entry.canonical else None,
            "companion": field.companion,
            "positions": list(self.positions),
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """A query text, read and resolved. ``normal`` is the text that every way of writing the same query shares."""

    text: str
    normal: str
    query: ast.Query
    resolved: Resolved
    names: tuple[NameMeaning, ...]

    def plain(self) -> Plain:
        """The explanation as JSON."""
        return {
            "q": self.text,
            "normal": self.normal,
            "names": [name.plain() for name in self.names],
            "query": plain_query(self.query),
            "conditions": plain_conditions(self.resolved),
        }


def explain(text: str, names: FieldNames = registry) -> Explanation:
    """What a query text means. Raises QueryError and its kin, as the search itself does."""
    query = parse(text)
    conditions = resolve(query, names)
    positions: dict[str, dict[int, None]] = {}
    for name, position in _named(query):
        positions.setdefault(name, {})[position] = None  # the values of one group share their field
    meanings = (NameMeaning(name, resolve_name(name, names), tuple(at)) for name, at in positions.items())
    return Explanation(text, to_text(query), query, conditions, tuple(meanings))


def _named(query: ast.Query) -> Iterator[tuple[str, int]]:
    """Every name in the query and where it stands."""
    for leaf in ast.leaves(query):
        match leaf:
            case ast.Exists(name):
                yield name, leaf.value_position
            case ast.Term(name) | ast.Terms(name) | ast.Range(name) | ast.Wildcard(str(name)) | ast.Phrase(str(name)):
                yield name, leaf.position


def plain_query(query: ast.Query) -> Plain:
    """A query as it was read. Positions are characters of the text; null stands for an open side, and no field."""
    match query:
        case ast.MatchAll():
            return {"node": "all"}
        case ast.And(parts):
            return {"node": "and", "parts": [plain_query(part) for part in parts]}
        case ast.Or(parts):
            return {"node": "or", "parts": [plain_query(part) for part in parts]}
        case ast.Not(part):
            return {"node": "not", "part": plain_query(part)}
        case ast.InStudy(part):
            return {"node": "in_study", "part": plain_query(part), "position": query.position}
        case ast.Exists(name):
            return {"node": "exists", "field": name, "position": query.position}
        case ast.Term(name, value):
            return {"node": "term", "field": name, "value": value, **_positions(query)}
        case ast.Terms(name, values):
            at = {"position": query.position, "value_positions": list(query.value_positions)}
            return {"node": "terms", "field": name, "values": list(values), **at}
        case ast.Wildcard(field, pattern):
            return {"node": "wildcard", "field": field, "pattern": pattern, **_positions(query)}
        case ast.Phrase(field, text):
            return {"node": "phrase", "field": field, "text": text, **_positions(query)}
        case ast.Text(text):
            return {"node": "text", "text": text, "position": query.position}
        case ast.Range(name, low, high, include_low, include_high):
            bounds = {"low": low, "high": high, "include_low": include_low, "include_high": include_high}
            return {"node": "range", "field": name, **bounds, **_positions(query)}


def _positions(leaf: ast.Term | ast.Wildcard | ast.Phrase | ast.Range) -> Plain:
    return {"position": leaf.position, "value_position": leaf.value_position}


def plain_conditions(query: Resolved) -> Plain:
    """Conditions as engines get them. A token comes with the value it stands for, in DICOM form; a pattern as text,
    with a backslash before what is no wildcard in it."""
    match query:
        case resolved.Everything():
            return {"node": "everything"}
        case resolved.Nothing():
            return {"node": "nothing"}
        case resolved.All(parts):
            return {"node": "all", "parts": [plain_conditions(part) for part in parts]}
        case resolved.Any_(parts):
            return {"node": "any", "parts": [plain_conditions(part) for part in parts]}
        case resolved.Not(part):
            return {"node": "not", "part": plain_conditions(part)}
        case resolved.InStudy(part):
            return {"node": "in_study", "part": plain_conditions(part)}
        case resolved.Has(path):
            return {"node": "has", "path": path}
        case resolved.Match(path, tokens):
            return {"node": "match", "path": path, "tokens": [_token(token) for token in tokens]}
        case resolved.MatchFolded(path, folded):
            return {"node": "match_folded", "path": path, "folded": folded}
        case resolved.Like(path, pattern):
            return {"node": "like", "path": path, "pattern": _pattern(pattern)}
        case resolved.WordLike(within, pattern):
            return {"node": "word_like", "path": within, "pattern": _pattern(pattern)}
        case resolved.Words(within, words):
            return {"node": "words", "path": within, "words": list(words)}
        case resolved.Between(path, letter, low, high, include_low, include_high):
            bounds = {"low": low and _token(low), "high": high and _token(high)}
            included = {"include_low": include_low, "include_high": include_high}
            return {"node": "between", "path": path, "type": letter, **bounds, **included}
    raise TypeError(f"not a resolved query: {query!r}")


def _token(token: str) -> Plain:
    return {"token": token, "value": _shown(token)}


def _shown(token: str) -> Value | None:
    try:
        return token_display(token)
    except ValueError:  # the end of the last day of the calendar, or of the day
        return None


def _pattern(pattern: tuple[str | resolved.Wild, ...]) -> str:
    return "".join(_escaped(part) if isinstance(part, str) else "*" if part.many else "?" for part in pattern)


def _escaped(text: str) -> str:
    return "".join("\\" + character if character in "*?\\" else character for character in text)

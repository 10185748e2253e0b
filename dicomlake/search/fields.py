"""Fields as people look for them: by name, label or description; what can be asked of each, and how many have it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from dicomlake.query.names import spelled
from mappings import dictionary, registry
from mappings.field import COMPANIONS, OFFSET, Kind, ResolvedField
from mappings.normal import fold, words

OPERATORS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "string": ("value", "values", "wildcard", "exists"),
    "text": ("value", "values", "phrase", "wildcard", "exists"),
    "uid": ("value", "values", "wildcard", "exists"),
    "integer": ("value", "values", "range", "exists"),
    "float": ("value", "values", "range", "exists"),
    "date": ("value", "values", "range", "exists"),
    "time": ("value", "values", "range", "exists"),
    "datetime": ("value", "values", "range", "exists"),
    "any": ("value", "values", "range", "wildcard", "exists"),
    "binary": ("exists",),
    "sequence": ("exists",),
}
"""What a query may ask of a field of each kind (:mod:`dicomlake.query.resolve`)."""

_EXAMPLES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "string": ("{}:GE*",),
    "text": ("{}:thorax", '{}:"low dose"'),
    "uid": ("{}:1.2.840.*",),
    "integer": ("{}:[1 TO 20]", "{}:>=5"),
    "float": ("{}:[0 TO 1.5]", "{}:>=5"),
    "date": ("{}:2019", "{}:[2018 TO 2019-06]"),
    "time": ("{}:10", "{}:[10:00 TO 11:00}}"),
    "datetime": ("{}:2019-02-14", "{}:[2018 TO 2019-06]"),
    "any": ("{}:5",),
    "binary": (),
    "sequence": (),
}
_CAMEL: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PRIVATE: Final = re.compile(r'\(([0-9A-F]{4}),"(.*?)",([0-9A-F]{2}|[0-9A-F]{4})\)')


@dataclass(frozen=True, slots=True)
class Candidate:
    """A field that may be meant: ``names`` are its folded ways to be called, ``starts`` their words, ``about`` all that
    is said of it. ``series`` is how many of the lake's have it."""

    path: str
    label: str
    names: tuple[str, ...]
    starts: str
    about: str
    registered: bool
    series: int


class FieldCatalog:
    """The fields of the registry, of the data dictionary, and those that are present in a lake (by path, the number of
    series and of instances that have them)."""

    def __init__(self, series: Mapping[str, int], instances: Mapping[str, int]) -> None:
        self._series = series
        self._instances = instances
        self._candidates = tuple(self._all())

    def _all(self) -> Iterator[Candidate]:
        met: set[str] = set()
        for path in (*_registered(), *self._series, *self._instances, *dictionary.keywords()):
            if path not in met:
                met.add(path)
                with suppress(LookupError):  # a lake may hold what a later dictionary has dropped
                    yield _candidate(registry.resolve(path), self._series.get(path, 0))

    def find(self, text: str, limit: int, *, starting: bool = False) -> list[Candidate]:
        """The fields that are called like this, the likeliest first: those that the lake has, then by how well the name
        fits. ``starting``: some word of a name begins so, as when it is being typed."""
        wanted = fold(text.strip())
        if not wanted:  # the registry's order, those first that the lake has
            return sorted(self._candidates, key=lambda one: not one.series)[:limit]
        parts = wanted.split()
        found = []
        for one in self._candidates:
            if all(part in one.about for part in parts):
                place = _place(one, wanted)
                if place < (4 if starting else 6):
                    found.append(((not one.series, place, not one.registered, -one.series, len(one.path)), one))
        found.sort(key=lambda each: (each[0], each[1].path))
        return [one for _, one in found[:limit]]

    def counts(self, path: str) -> dict[str, int]:
        """How many series and instances of the lake have the field."""
        return {"series": self._series.get(path, 0), "instances": self._instances.get(path, 0)}


def entry(field: ResolvedField) -> dict[str, Any]:
    """A field as data: what the registry says where it has it, else what follows from the dictionaries."""
    if field.field is not None and field.companion is None:
        return asdict(field.field) | {"registered": True, "private": False}
    of = field.field
    return {
        "keyword": field.path,
        "tag": _tag(field.path) if of is None else None,
        "vr": field.vr or _private_vr(field.path),
        "label": _label(field),
        "label_es": of and f"{of.label_es} ({field.companion})",
        "description": _said(field),
        "group": of and of.group,
        "level": of and of.level,
        "kind": field.kind,
        "privacy": of and of.privacy,
        "unit": None,
        "canonical": None,
        "companions": {},
        "facet": False,
        "histogram": False,
        "column": False,
        "text": field.kind == "text",
        "identity": False,
        "own": of is not None,
        "registered": of is not None,
        "private": ',"' in field.path,
    }


def asking(field: ResolvedField, values: Iterable[Any]) -> dict[str, Any]:
    """What may be asked of a field, with queries that do; ``values`` are some that it has."""
    forms = [form.format(field.path) for form in _EXAMPLES[field.kind]]
    own = [written(field, value) for value in values][:2]
    exists = f"_exists_:{field.path}"
    operators = list(OPERATORS[field.kind])
    if field.vr == "AS":
        operators.insert(2, "range")
    return {"operators": operators, "examples": [*own, *forms, exists]}


def written(field: ResolvedField, value: Any) -> str:
    """A query for one value of a field, as a person would write it."""
    return f"{field.path}:{quoted(str(value))}"


def quoted(value: str) -> str:
    """A value as query text has it, in quotation marks where it needs them."""
    if re.fullmatch(r"[^\W_][\w.^]*", value) and value not in ("AND", "OR", "NOT", "TO"):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _registered() -> Iterator[str]:
    for field in registry.load().fields:
        yield field.keyword
        canonical = COMPANIONS if field.canonical else ()
        beside = (*canonical, *field.companions, *((OFFSET,) if field.kind == "datetime" else ()))
        yield from (f"{field.keyword}.{name}" for name in beside)


def _candidate(field: ResolvedField, series: int) -> Candidate:
    label = _label(field)
    spanish = field.field.label_es if field.field and field.companion is None else ""
    last = field.path.rpartition(".")[2] if field.companion is None and not field.path.startswith("(") else field.path
    names = tuple(filter(None, dict.fromkeys(map(fold, (field.path, last, label, spanish)))))
    starts = " ".join(_CAMEL.findall(last))
    spoken = f" {' '.join(words(f'{starts} {label} {spanish}'))}"
    tag = _tag(field.path) or ""
    said = field.field.description if field.field and field.companion is None else ""
    about = "\n".join((*names, spoken, tag, tag.strip("()").replace(",", ""), fold(said)))
    return Candidate(field.path, label, names, spoken, about, field.field is not None, series)


def _place(one: Candidate, wanted: str) -> int:
    if wanted in one.names:
        return 0
    if one.names[0].startswith(wanted):
        return 1
    if any(name.startswith(wanted) for name in one.names):
        return 2
    if f" {wanted}" in one.starts:
        return 3
    return 4 if any(wanted in name for name in one.names) else 5


def _label(field: ResolvedField) -> str:
    """The label, of a private element the name that the private dictionary has for it."""
    found = _private(field.path)
    return field.label if found is None or not found.name else f"{found.name} ({field.path})"


def _said(field: ResolvedField) -> str:
    if field.field is not None:
        return f"{field.companion} of {field.field.label}"
    if found := _private(field.path):
        return f"Private element. {found.name}".strip()
    return "Private element" if ',"' in field.path else "Attribute of the data dictionary"


def _private(path: str) -> dictionary.PrivateEntry | None:
    found = _PRIVATE.search(path) if path.endswith(")") else None
    steps = list(_PRIVATE.finditer(path)) if found else []
    if not steps or steps[-1].end() != len(path):
        return None
    group, creator, element = steps[-1].groups()
    return dictionary.private(creator, int(group, 16), int(element, 16))


def _private_vr(path: str) -> str | None:
    found = _private(path)
    return found.vr if found else None


def _tag(path: str) -> str | None:
    """The tag of the last attribute of a path, as ``(gggg,eeee)``; None for private ones, whose block varies."""
    if path.endswith(")"):
        return path[-11:] if re.fullmatch(r"\([0-9A-F]{4},[0-9A-F]{4}\)", path[-11:]) else None
    tag = dictionary.tag_of(spelled(path.rpartition(".")[2]))
    return None if tag is None else f"({tag >> 16:04X},{tag & 0xFFFF:04X})"

"""Read ``mappings/fields/*.yml``, strictly: what is not understood, contradicts the data dictionary or is written
twice is an error of one line that names file and field."""

from pathlib import Path
from typing import Any, Final

import yaml

from mappings import dictionary
from mappings.field import COMPANIONS, KINDS, LEVELS, PRIVACY, Field, Kind, kind_of_vr
from mappings.generate.privacy import STRICTNESS, least

_FILE_KEYS: Final[dict[str, type]] = {"group": str, "order": int, "own": bool, "fields": list}
_REQUIRED: Final = ("keyword", "label", "label_es", "description", "level", "privacy")
_OPTIONAL: Final = ("unit", "canonical", "companions", "flags")
_FLAGS: Final = ("facet", "histogram", "column", "text", "identity")
_TEXT_VRS: Final = frozenset({"LT", "ST", "UT", "PN"})
_MEASURED: Final = frozenset({"integer", "float", "date", "time", "datetime"})


class SourceError(ValueError):
    """A file of fields or rules that cannot be used; the message names file and entry."""


def read_fields(folder: Path, tables: frozenset[str]) -> tuple[Field, ...]:
    """All fields, groups in their ``order``, fields as written. ``tables`` are the canonicalisation tables there are.

    Raises SourceError.
    """
    files = [(path.name, _file(path)) for path in sorted(folder.glob("*.yml"))]
    if not files:
        raise SourceError(f"{folder}: no field files")
    groups = {content["group"]: name for name, content in files}
    orders = {content["order"]: name for name, content in files}
    if len(groups) < len(files) or len(orders) < len(files):
        raise SourceError(f"{folder.name}: two files have the same group or the same order")
    fields: dict[str, Field] = {}
    folded: set[str] = set()
    for name, content in sorted(files, key=lambda file: file[1]["order"]):
        for entry in content["fields"]:
            field = _field(name, content["group"], content.get("own", False), entry, tables)
            if field.keyword.casefold() in folded:
                raise SourceError(f"{name}: {field.keyword}: a field of this name is there already")
            folded.add(field.keyword.casefold())
            fields[field.keyword] = field
    return tuple(fields.values())


def load_yaml(path: Path) -> dict[str, Any]:
    """A YAML file that is one mapping, without duplicate keys. Raises SourceError."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SourceError(f"{path.name}: no valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise SourceError(f"{path.name}: a mapping is expected at the top")
    return content


class _UniqueKeys(yaml.SafeLoader):
    """YAML lets the last of two equal keys win; here the second is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _file(path: Path) -> dict[str, Any]:
    content = load_yaml(path)
    for key, value in content.items():
        if key not in _FILE_KEYS:
            raise SourceError(f"{path.name}: unknown key {key}")
        if type(value) is not _FILE_KEYS[key]:
            raise SourceError(f"{path.name}: {key}: {_FILE_KEYS[key].__name__} expected")
    for key in ("group", "order", "fields"):
        if key not in content:
            raise SourceError(f"{path.name}: {key} is missing")
    return content


def _field(file: str, group: str, own: bool, entry: Any, tables: frozenset[str]) -> Field:
    if not isinstance(entry, dict) or not isinstance(entry.get("keyword"), str):
        raise SourceError(f"{file}: every entry of fields is a mapping with a keyword")
    where = f"{file}: {entry['keyword']}"
    required = (*_REQUIRED, "kind") if own else (*_REQUIRED, "tag", "vr")
    for key in required:
        if key not in entry:
            raise SourceError(f"{where}: {key} is missing")
    for key, value in entry.items():
        if key not in (*required, *_OPTIONAL):
            raise SourceError(f"{where}: unknown key {key}")
        if key not in ("flags", "companions") and (not isinstance(value, str) or not value.strip()):
            raise SourceError(f"{where}: {key}: text expected, quote it if it looks like a number or a date")
    _one_of(where, "level", entry["level"], LEVELS)
    _one_of(where, "privacy", entry["privacy"], PRIVACY)
    if "canonical" in entry:
        _one_of(where, "canonical", entry["canonical"], tuple(sorted(tables)))
    companions = _companions(where, entry.get("companions", {}), tables)
    flags = _flags(where, entry.get("flags", []))
    kind = _own_kind(where, entry) if own else _dictionary_kind(where, entry)
    if "text" in flags:
        if kind not in ("string", "text"):
            raise SourceError(f"{where}: flags: text does not fit kind {kind}")
        kind = "text"
    elif kind == "text":
        raise SourceError(f"{where}: flags: VR {entry['vr']} is text, so the flag text belongs there")
    if "histogram" in flags and kind not in _MEASURED:
        raise SourceError(f"{where}: flags: histogram does not fit kind {kind}")
    if ("facet" in flags or "column" in flags) and kind in ("binary", "sequence", "any"):
        raise SourceError(f"{where}: flags: facet and column do not fit kind {kind}")
    return Field(
        keyword=entry["keyword"],
        tag=entry.get("tag"),
        vr=entry.get("vr"),
        label=entry["label"],
        label_es=entry["label_es"],
        description=entry["description"],
        group=group,
        level=entry["level"],
        kind=kind,
        privacy=entry["privacy"],
        unit=entry.get("unit"),
        canonical=entry.get("canonical"),
        companions=companions,
        own=own,
        **{flag: flag in flags for flag in _FLAGS},
    )


def _one_of(where: str, key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SourceError(f"{where}: {key}: {value} is not one of {', '.join(allowed)}")


def _companions(where: str, companions: Any, tables: frozenset[str]) -> dict[str, str]:
    if not isinstance(companions, dict) or not all(isinstance(name, str) for name in companions):
        raise SourceError(f"{where}: companions: a mapping from names to tables expected")
    for name, table in companions.items():
        if name in COMPANIONS or not name.isidentifier() or not name.islower():
            raise SourceError(
                f"{where}: companions: {name} is no name for one: lower case, not {', '.join(COMPANIONS)}"
            )
        _one_of(where, "companions", table, tuple(sorted(tables)))
    return companions


def _flags(where: str, flags: Any) -> list[str]:
    if not isinstance(flags, list) or len(set(map(str, flags))) < len(flags):
        raise SourceError(f"{where}: flags: a list without repetition expected")
    for flag in flags:
        _one_of(where, "flags", flag, _FLAGS)
    return flags


def _own_kind(where: str, entry: dict[str, str]) -> Kind:
    _one_of(where, "kind", entry["kind"], KINDS)
    keyword = entry["keyword"]
    if not keyword.isidentifier() or not keyword[0].islower() or dictionary.tag_of(keyword) is not None:
        raise SourceError(f"{where}: an own field is named in lower camel case")
    kind: Kind = entry["kind"]  # type: ignore[assignment]  # checked above
    return kind


def _dictionary_kind(where: str, entry: dict[str, str]) -> Kind:
    """Kind of an attribute; its tag and VR must be those of the data dictionary, all steps to it sequences."""
    *above, last = entry["keyword"].split(".")
    for step in above:
        tag = dictionary.tag_of(step)
        found = None if tag is None else dictionary.lookup(tag)
        if found is None or found.vr != "SQ":
            raise SourceError(f"{where}: {step} is no sequence of the data dictionary")
    tag = dictionary.tag_of(last)
    if tag is None:
        raise SourceError(f"{where}: {last} is no keyword of the data dictionary")
    expected = dictionary.lookup(tag)
    assert expected is not None
    shown = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    if entry["tag"] != shown:
        raise SourceError(f"{where}: tag: {entry['tag']} should be {shown}")
    if entry["vr"] != expected.vr:
        raise SourceError(f"{where}: vr: {entry['vr']} should be {expected.vr}")
    if STRICTNESS.index(entry["privacy"]) < STRICTNESS.index(least(entry["keyword"])):
        raise SourceError(f"{where}: privacy: PS3.15 Table E.1-1 makes it at least {least(entry['keyword'])}")
    return kind_of_vr(entry["vr"])

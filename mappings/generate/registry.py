"""The generated form of the registry and of the canonicalisation tables, and the hash that ties an index to them."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from mappings import dictionary
from mappings.field import Field, kind_of_vr
from mappings.generate.fields import read_fields
from mappings.generate.paths import ROOT
from mappings.generate.rules import compile_table, read_tables

FORMAT: Final = 3
"""Raised when the same fields and rules are to be indexed in another way."""


def read(root: Path = ROOT) -> tuple[tuple[Field, ...], dict[str, dict[str, Any]]]:
    """The fields and the canonicalisation tables as people wrote them. Raises SourceError."""
    tables = read_tables(root / "canonical")
    return read_fields(root / "fields", frozenset(tables)), tables


def canonical_json(tables: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """``canonical.json``. Raises SourceError."""
    return {"tables": {name: compile_table(f"{name}.yml", table) for name, table in tables.items()}}


def registry_json(fields: Iterable[Field], canonical: Mapping[str, Any]) -> dict[str, Any]:
    """``registry.json``: the hash and the fields, without what is false or None."""
    fields = tuple(fields)
    entries = [{key: value for key, value in asdict(f).items() if value not in (None, False, {})} for f in fields]
    return {"hash": _hash(fields, canonical), "fields": entries}


def _hash(fields: Iterable[Field], canonical: Mapping[str, Any]) -> str:
    """SHA-256 of everything that decides how a document is indexed: paths, kinds, columns, rules, dictionary."""
    indexed = {
        "format": FORMAT,
        "fields": sorted([f.keyword, f.kind, f.canonical or "", f.companions, is_column(f)] for f in fields),
        "canonical": canonical,
        "dictionary": sorted(_dictionary()),
    }
    return hashlib.sha256(json.dumps(indexed, sort_keys=True).encode()).hexdigest()


def is_column(field: Field) -> bool:
    """Whether a field is counted, sorted or shown often enough for an explicit field of its own in every engine."""
    return field.facet or field.histogram or field.column or field.identity


def _dictionary() -> Iterable[tuple[str, str]]:
    for keyword in dictionary.keywords():
        tag = dictionary.tag_of(keyword)
        entry = None if tag is None else dictionary.lookup(tag)
        if entry is not None:
            yield keyword, kind_of_vr(entry.vr)

"""What engines are told of the registry: the embedded engine's columns and the OpenSearch component template."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from mappings.field import Field
from mappings.generate.registry import is_column
from mappings.schemas import SLOTS, field_name, folded_name, slot_name, words_name

_WORDS: Final = {
    "type": "text",
    "analyzer": "whitespace",
    "index_options": "positions",
    "norms": False,
    "position_increment_gap": 1_000,
}
"""Words come folded and split by ``mappings.normal``; a phrase must not run from one value into the next."""

_FOLDED_KINDS: Final = frozenset({"string", "text"})


def columns(fields: Iterable[Field]) -> Iterator[tuple[str, Field]]:
    """Paths that get an explicit field of their own, companions behind the field they accompany."""
    for field in fields:
        if is_column(field):
            yield field.keyword, field
            if field.canonical:
                yield f"{field.keyword}.canonical", field
            for name in field.companions:
                yield f"{field.keyword}.{name}", field


def embedded_json(fields: Iterable[Field], registry_hash: str) -> dict[str, Any]:
    """``embedded_schema.json``."""
    return {"hash": registry_hash, "columns": [path for path, _ in columns(fields)]}


def opensearch_json(fields: Iterable[Field], registry_hash: str) -> dict[str, Any]:
    """``opensearch_template.json``: a component template whose size does not depend on the data.

    Tokens (see ``mappings.normal``) of columns are in keyword fields of their own, those of all other paths in slots.
    """
    fields = tuple(fields)
    properties: dict[str, Any] = {
        "level": {"type": "keyword"},
        "uid": {"type": "keyword"},
        "series": {"type": "keyword", "eager_global_ordinals": True},
        "study": {"type": "keyword", "eager_global_ordinals": True},
        "patient": {"type": "keyword", "eager_global_ordinals": True},
        "instances": {"type": "long"},
        "size": {"type": "long"},
        "present": {"type": "keyword", "doc_values": False},
        "shown": {"type": "binary"},
        "kept": {"type": "binary"},
        "words": _WORDS,
    }
    for path, field in columns(fields):
        properties[field_name(path)] = {"type": "keyword", **({"eager_global_ordinals": True} if field.facet else {})}
        if field.kind in _FOLDED_KINDS:
            properties[folded_name(path)] = {"type": "keyword", "doc_values": False}
    for field in fields:
        if field.text:
            properties[words_name(field.keyword)] = _WORDS
    for slot in range(SLOTS):
        properties[slot_name(slot)] = {"type": "keyword"}
    return {
        "_meta": {"registry": registry_hash, "slots": SLOTS},
        "template": {"mappings": {"dynamic": "strict", "date_detection": False, "properties": properties}},
    }

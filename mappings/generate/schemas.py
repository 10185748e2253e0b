"""What engines are told of the registry: the embedded engine's columns and the OpenSearch component template."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from mappings.field import Field
from mappings.generate.registry import is_column
from mappings.schemas import BETWEEN, SLOTS, field_name, slot_name

_WORDS: Final = {
    "type": "text",
    "analyzer": "words",
    "index_options": "positions",
    "norms": False,
    "position_increment_gap": 1,
}
"""Words come folded and split by ``mappings.normal``; a phrase must not run from one value into the next."""

_TERMS: Final = {"type": "text", "index_options": "docs", "norms": False}
"""Many terms in one text: as keywords, each would be a field of Lucene's document of its own."""

_KEY: Final = {"type": "keyword", "eager_global_ordinals": True}

_WRITTEN: Final = {"refresh_interval": "-1", "gc_deletes": "10m"}
"""Only a commit refreshes. Deletions are remembered for longer than a writer tries to bring what it sent before."""

_INDEX: Final = {
    **_WRITTEN,
    "sort.field": "uid",
    "max_terms_count": 10_000_000,
    "max_regex_length": 100_000,
    "search.concurrent_segment_search.mode": "none",
}
"""Documents are stored in order of uid, so the first hits are the first that match. A condition may have any number of
values. Counts are exact where every segment of a shard is counted together."""

_ANALYSIS: Final = {
    "analyzer": {name: {"type": "custom", "tokenizer": name} for name in ("words", "folded")},
    "tokenizer": {
        "words": {"type": "whitespace", "max_token_length": 2_000},
        "folded": {"type": "char_group", "tokenize_on_chars": [BETWEEN], "max_token_length": 30_000},
    },
}
"""Words come joined by spaces, folded texts by a small letter, since folding leaves none; the server's own limit of 255
would cut a word behind the key of its path."""


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
    """``opensearch_templates.json``: component templates whose size does not depend on the data.

    Tokens (see ``mappings.normal``) of columns are in keyword fields of their own, those of all other paths in slots.
    What each field holds: ``dicomlake/engines/opensearch/schema.py``.
    """
    properties: dict[str, Any] = {
        "uid": {"type": "keyword", "index": False},
        "series": _KEY,
        "study": _KEY,
        "patient": _KEY,
        "series_hash": {"type": "long"},
        "study_hash": {"type": "long"},
        "patient_hash": {"type": "long", "index": False},
        "instances": {"type": "long", "index": False},
        "size": {"type": "long", "index": False},
        "e": {**_TERMS, "analyzer": "words"},
        "f": {**_TERMS, "analyzer": "folded"},
        "w": _WORDS,
        "all": _WORDS,
        "shown": {"type": "binary", "store": True},
    }
    for path, field in columns(fields):
        properties[field_name(path)] = _KEY if field.facet else {"type": "keyword"}
    for slot in range(SLOTS):
        properties[slot_name(slot)] = {"type": "keyword"}
    kept = {"kept": {"type": "binary", "store": True}}
    templates = {
        "documents": _component(properties, {**_INDEX, "analysis": _ANALYSIS}),
        "kept": _component(kept, _WRITTEN),
    }
    return {"hash": registry_hash, "slots": SLOTS, "templates": templates}


def _component(properties: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    mappings = {"dynamic": "strict", "date_detection": False, "_source": {"enabled": False}, "properties": properties}
    return {"template": {"settings": {"index": settings}, "mappings": mappings}}

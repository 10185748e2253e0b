"""The Tantivy schema, and where a path's tokens live in it.

=========== ======================================================================================================
field       what it holds
=========== ======================================================================================================
``id``      level letter, colon, uid: the key for replacing and deleting
``c_*``     tokens of the paths the registry makes columns (explicit fields: quick to write, sort and count)
``a``       tokens of every other path, one JSON object with encoded keys
``f``       folded text, only where it differs from the text itself
``w``       folded words by path, for phrases and words of one field
``all``     folded words of every text field, for free text
``e``       the paths that are present
``shown``   what comes back with a hit; ``kept`` is in a document of its own, so that hits never read it
=========== ======================================================================================================
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import tantivy

from dicomlake.engines.base import Record
from mappings.normal import fold

LEVEL_LETTERS = {"instance": "i", "series": "s", "kept": "k"}

_UNSAFE = re.compile(r"[^0-9A-Za-z_]")


@lru_cache(maxsize=65_536)
def encode_key(path: str) -> str:
    """A path as JSON key: Tantivy reads dots, backslashes, NUL and 0x01 in keys as structure, so they are encoded."""
    return _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), path)


def escape_key(key: str) -> str:
    """An encoded key inside query text or an aggregation, where every sign needs a backslash."""
    return _UNSAFE.sub(lambda match: "\\" + match[0], key)


@dataclass(frozen=True)
class Layout:
    """The schema for a set of columns, and the way from a path to its field."""

    columns: dict[str, str]
    schema: tantivy.Schema

    @classmethod
    def of(cls, columns: Iterable[str]) -> "Layout":
        """The layout with an explicit field for each of these paths."""
        names = {path: "c_" + _UNSAFE.sub("_", path) for path in columns}
        if len(set(names.values())) != len(names):
            raise ValueError("two columns have the same field name")
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
        builder.add_text_field("level", tokenizer_name="raw", index_option="basic")
        builder.add_text_field("e", tokenizer_name="raw", index_option="basic")
        for name in ("uid", "series", "study", "patient"):
            builder.add_text_field(name, stored=True, fast=True, tokenizer_name="raw", index_option="basic")
        for name in ("series_hash", "study_hash", "patient_hash", "instances", "size"):
            builder.add_unsigned_field(name, fast=True)
        for name in names.values():
            builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
        builder.add_json_field("a", fast=True, tokenizer_name="raw", index_option="basic")
        builder.add_json_field("f", tokenizer_name="raw", index_option="basic")
        builder.add_json_field("w", tokenizer_name="words", index_option="position")
        builder.add_text_field("all", tokenizer_name="words", index_option="position")
        builder.add_bytes_field("shown", stored=True)
        builder.add_bytes_field("kept", stored=True)
        return cls(names, builder.build())

    def term_field(self, path: str) -> str:
        """The field for exact terms and aggregations by API (no escaping)."""
        return self.columns.get(path) or "a." + encode_key(path)

    def text_field(self, path: str) -> str:
        """The field as it is written in query text and aggregations."""
        return self.columns.get(path) or "a." + escape_key(encode_key(path))


def register_tokenizers(index: tantivy.Index) -> None:
    """Words come ready from the service, joined by spaces: the index only splits them."""
    index.register_tokenizer("words", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())


def document(layout: Layout, record: Record, hashed: tuple[int, int, int]) -> tantivy.Document:
    """The Tantivy document of a record; ``hashed`` are the 64-bit hashes of its series, study and patient."""
    fields: dict[str, object] = {
        "id": f"{LEVEL_LETTERS[record.level]}:{record.uid}",
        "level": record.level,
        "uid": record.uid,
        "series": record.series,
        "study": record.study,
        "patient": record.patient,
        "series_hash": hashed[0],
        "study_hash": hashed[1],
        "patient_hash": hashed[2],
        "instances": record.instances,
        "size": record.size,
        "e": sorted(record.present),
        "shown": record.shown,
    }
    others: dict[str, tuple[str, ...]] = {}
    folded: dict[str, tuple[str, ...]] = {}
    for path, tokens in record.tokens.items():
        if not tokens:
            continue
        column = layout.columns.get(path)
        if column:
            fields[column] = list(tokens)
        else:
            others[encode_key(path)] = tokens
        if differing := _folded(tokens):
            folded[encode_key(path)] = differing
    result = tantivy.Document.from_dict({k: v for k, v in fields.items() if v != []}, layout.schema)
    if others:
        result.add_json("a", {key: list(tokens) for key, tokens in others.items()})
    if folded:
        result.add_json("f", {key: list(texts) for key, texts in folded.items()})
    if record.words:
        texts = {encode_key(path): [" ".join(w) for w in values] for path, values in record.words.items()}
        result.add_json("w", texts)
        for values in texts.values():
            for text in values:
                result.add_text("all", text)
    return result


@lru_cache(maxsize=65_536)
def _folded(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Folded forms of the texts among the tokens, where they differ. The same tokens come with every instance."""
    return tuple(sorted({"s" + fold(token[1:]) for token in tokens if token[0] == "s"}.difference(tokens)))


def kept_document(layout: Layout, series: str, kept: bytes) -> tantivy.Document:
    """The document that holds a series' kept bytes and nothing to search by."""
    return tantivy.Document.from_dict(
        {"id": f"k:{series}", "level": "kept", "uid": series, "kept": kept}, layout.schema
    )

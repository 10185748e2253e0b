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
``e``       the paths that are present, as words: one text is read much faster than a list of hundreds
``shown``   what comes back with a hit; ``kept`` is in a document of its own, so that hits never read it
=========== ======================================================================================================
"""

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote

import orjson
import tantivy

from dicomlake.engines.base import Encoded, Encoder, Record
from mappings.normal import fold, text_token

LEVEL_LETTERS = {"instance": "i", "series": "s", "kept": "k"}

_UNSAFE = re.compile(r"[^0-9A-Za-z_]")


@lru_cache(maxsize=8_192)
def encode_key(path: str) -> str:
    """A path as JSON key: Tantivy reads dots, backslashes, NUL and 0x01 in keys as structure, so they are encoded."""
    return _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), path)


def decode_key(key: str) -> str:
    """The path that an encoded key stands for."""
    return unquote(key)


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
        builder.add_text_field("e", tokenizer_name="words", index_option="basic")
        for name in ("uid", "series", "study", "patient"):
            builder.add_text_field(name, stored=True, fast=True, tokenizer_name="raw", index_option="basic")
        for name in ("series_hash", "study_hash"):
            builder.add_unsigned_field(name, fast=True, indexed=True)
        for name in ("patient_hash", "instances", "size"):
            builder.add_unsigned_field(name, fast=True)
        for name in names.values():
            builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
        builder.add_json_field("a", fast=True, tokenizer_name="raw", index_option="basic")
        builder.add_json_field("f", tokenizer_name="raw", index_option="basic")
        builder.add_json_field("w", tokenizer_name="words", index_option="position")
        builder.add_text_field("all", tokenizer_name="words", index_option="position")
        builder.add_bytes_field("shown", stored=True)
        builder.add_bytes_field("kept", stored=True)
        return cls(names, _without_norms(builder.build()))

    def term_field(self, path: str) -> str:
        """The field for exact terms and aggregations by API (no escaping)."""
        return self.columns.get(path) or "a." + encode_key(path)

    def text_field(self, path: str) -> str:
        """The field as it is written in query text and aggregations."""
        return self.columns.get(path) or "a." + escape_key(encode_key(path))


def _without_norms(schema: tantivy.Schema) -> tantivy.Schema:
    """The schema without norms, a byte for each field of each document that only scores are made of: nothing here is
    ranked. Tantivy's builder has no word for it, but what it builds can be taken apart and put together (pickle)."""
    rebuild, (described,) = cast("tuple[Any, tuple[Any]]", schema.__reduce__())
    for field in described["inner"]:
        for options in (field["options"], field["options"].get("indexing")):
            if isinstance(options, dict) and "fieldnorms" in options:
                options["fieldnorms"] = False
    return cast("tantivy.Schema", rebuild(described))


def register_tokenizers(index: tantivy.Index) -> None:
    """Words come ready from the service, joined by spaces: the index only splits them."""
    index.register_tokenizer("words", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())


class TantivyEncoder(Encoder):
    """Parts as JSON text: the inside of the document and of its fields ``a``, ``f``, ``w``, ``all`` and ``e``."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = dict(columns)

    def encode(
        self,
        tokens: Mapping[str, Collection[str]],
        words: Mapping[str, Collection[tuple[str, ...]]],
        present: Collection[str],
    ) -> Encoded:
        fields: dict[str, str | Sequence[str]] = {}
        others: dict[str, str | Sequence[str]] = {}
        folded: dict[str, str | Sequence[str]] = {}
        for path, values in tokens.items():
            if values:
                column = self._columns.get(path)
                if column:
                    fields[column] = _few(values)
                else:
                    others[encode_key(path)] = _few(values)
                if differing := _folded(values):
                    folded[encode_key(path)] = _few(differing)
        joined = {encode_key(path): [" ".join(run) for run in sorted(runs)] for path, runs in words.items() if runs}
        texts = {key: _few(runs) for key, runs in joined.items()}
        everything = [text for runs in joined.values() for text in runs]
        paths = " ".join(map(encode_key, sorted(present)))
        return (*map(_inside, (fields, others, folded, texts)), _inside(everything), paths)


_OBJECT, _ARRAY, _TEXT = ("{", ",", "}"), ("[", ",", "]"), ('"', " ", '"')
_ENCLOSED = {"a": _OBJECT, "f": _OBJECT, "w": _OBJECT, "all": _ARRAY, "e": _TEXT}
"""How a field's parts become its JSON: what opens it, what is between two parts, what closes it."""


def _inside(value: Mapping[str, object] | Sequence[str]) -> str:
    """A JSON object or array without what encloses it, in ASCII: a text with other signs takes twice the memory and
    more, and Python would make another one of it for Tantivy."""
    if not value:
        return ""
    text = orjson.dumps(value)[1:-1].decode()
    return text if text.isascii() else json.dumps(value, separators=(",", ":"))[1:-1]


def _few(values: Collection[str]) -> str | Sequence[str]:
    """One value by itself, since Tantivy reads that faster; several in order."""
    return sorted(values) if len(values) > 1 else next(iter(values))


def _folded(tokens: Iterable[str]) -> set[str]:
    """Folded forms of the texts among the tokens, where they differ. Folding can make a text longer than the limit."""
    found = set()
    for token in tokens:
        if token[0] == "s":
            text = token[1:]
            folded = fold(text)
            if folded != text:
                found.add(text_token(folded))
    return found.difference(tokens) if found else found


def document(record: Record, hashed: tuple[int, int, int], encoder: TantivyEncoder) -> str:
    """The Tantivy document of a record, as JSON; ``hashed`` are the 64-bit hashes of its series, study and patient."""
    own = {
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
        "shown": b64encode(record.shown).decode(),
    }
    parts = record.encoded
    if record.tokens or record.words or record.present:
        parts = (*parts, encoder.encode(record.tokens, record.words, record.present))
    fields = [_inside(own), *(part[0] for part in parts if part[0])]
    for index, (name, (opening, between, closing)) in enumerate(_ENCLOSED.items(), 1):
        inside = between.join([part[index] for part in parts if part[index]])
        if inside:
            fields.append(f'"{name}":{opening}{inside}{closing}')
    return "{" + ",".join(fields) + "}"


def kept_document(layout: Layout, series: str, kept: bytes) -> tantivy.Document:
    """The document that holds a series' kept bytes and nothing to search by."""
    return tantivy.Document.from_dict(
        {"id": f"k:{series}", "level": "kept", "uid": series, "kept": kept}, layout.schema
    )


def key_hash(key: str) -> int:
    """64 bits that stand for a key when distinct ones are counted; two of 10 million meet with odds of 1 in 370,000."""
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest())

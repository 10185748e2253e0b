"""What a document of the OpenSearch indices holds, and where a path's tokens live in it.

============== ===================================================================================================
field          what it holds
============== ===================================================================================================
``_id, uid``   the uid: the key for replacing and deleting, and the order of hits
``c_*``        tokens of the paths the registry makes columns
``a_00..a_63`` tokens of every other path, each behind the key of its path; the path's hash says which slot
``*_hash``     numbers that stand for the series, study and patient where distinct or other ones are meant
``f``          folded text behind the key of its path, only where it differs from the text itself; see ``BETWEEN``
``w``          folded words, each behind the key of its path, for phrases and words of one field
``all``        folded words of every text field, for free text
``e``          keys of the paths that are present
``shown``      what comes back with a hit; ``kept`` is in an index of its own
============== ===================================================================================================

The *key* of a path is a hash of fixed length: the mapping does not grow with the names in the data, terms stay short
however deep a path is, and no sign in it means anything to the server. Two of 50,000 paths meet with odds of 1 in 10
billion.

Each value of a field becomes a field of Lucene's document. So those that are only searched (``f``, ``e``) are one text
for each part of a record, that the server splits: see docs/decisions/0037.
"""

import hashlib
from base64 import b32hexencode, b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import orjson

from dicomlake.engines.base import Encoded, Encoder, Record
from mappings.normal import fold, text_token
from mappings.schemas import BETWEEN, SLOTS, field_name, slot_name

KEY_LENGTH: Final = 13

SLOT_NAMES: Final = tuple(map(slot_name, range(SLOTS)))

_LISTS: Final = ("f", "w", "all", "e", *SLOT_NAMES)
"""Fields that several parts of a record may add to, in the order of an encoded part."""


_BEGUN: Final = tuple(f'"{name}":[' for name in _LISTS)


class Place(NamedTuple):
    """Where the tokens of a path are: the field, and what stands before each token there."""

    field: str
    before: str


@lru_cache(maxsize=65_536)
def path_key(path: str) -> str:
    """The key of a path: 13 letters and digits."""
    return b32hexencode(_digest(path)[:8]).decode()[:KEY_LENGTH]


@lru_cache(maxsize=65_536)
def slot_place(path: str) -> Place:
    """Where the tokens of a path are that is no column."""
    return Place(SLOT_NAMES[_digest(path)[8] % SLOTS], path_key(path))


def _digest(path: str) -> bytes:
    return hashlib.blake2b(path.encode("utf-8", "surrogatepass"), digest_size=9).digest()


class Layout:
    """The way from a path to its field. ``columns``: paths with a field of their own."""

    def __init__(self, columns: Iterable[str]) -> None:
        self.columns = {path: field_name(path) for path in columns}
        if len(set(self.columns.values())) != len(self.columns):
            raise ValueError("two columns have the same field name")
        self._places = {path: Place(name, "") for path, name in self.columns.items()}

    def place(self, path: str) -> Place:
        """Where the tokens of a path are."""
        return self._places.get(path) or slot_place(path)


class OpenSearchEncoder(Encoder):
    """Parts as JSON text: the names of the paths, the columns, then the inside of each list of :data:`_LISTS`."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._layout = Layout(columns)

    def encode(
        self,
        tokens: Mapping[str, Collection[str]],
        words: Mapping[str, Collection[tuple[str, ...]]],
        present: Collection[str],
    ) -> Encoded:
        columns: dict[str, list[str]] = {}
        slots: dict[str, list[str]] = {}
        folds: list[str] = []
        for path, values in tokens.items():
            if not values:
                continue
            field, before = self._layout.place(path)
            if before:
                slots.setdefault(field, []).extend([before + value for value in values])
            else:
                columns[field] = list(values)
            for differing in _folded(values):
                folds.append(path_key(path) + differing)
        own: list[str] = []
        every: list[str] = []
        for path, runs in words.items():
            key = path_key(path)
            own += [" ".join([key + word for word in run]) for run in runs if run]
            every += [" ".join(run) for run in runs if run]
        paths = sorted(present)
        folded, keys = BETWEEN.join(folds), " ".join(map(path_key, paths))
        lists = ([folded] if folds else [], own, every, [keys] if paths else [], *map(slots.get, SLOT_NAMES))
        return (orjson.dumps(paths).decode() if paths else "", _inside(columns), *map(_inside, lists))


def _inside(value: object) -> str:
    """A JSON object or array without what encloses it."""
    return orjson.dumps(value)[1:-1].decode() if value else ""


def _folded(tokens: Iterable[str]) -> set[str]:
    """Folded forms of the texts among the tokens, where they differ. Folding can make a text longer than the limit."""
    found = set()
    for token in tokens:
        if token[0] == "s":
            folded = fold(token[1:])
            if folded != token[1:]:
                found.add(text_token(folded))
    return found.difference(tokens) if found else found


@lru_cache(maxsize=4_096)
def name_hash(name: str) -> int:
    """64 bits with a sign that stand for a series, study or patient when distinct ones are counted; two of 10 million
    meet with odds of 1 in 370,000."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def parts_of(record: Record, encoder: OpenSearchEncoder) -> Sequence[Encoded]:
    """All encoded parts of a record."""
    if record.tokens or record.words or record.present:
        return (*record.encoded, encoder.encode(record.tokens, record.words, record.present))
    return record.encoded


def document(record: Record, parts: Sequence[Encoded]) -> str:
    """The document of a record, as JSON."""
    own = {
        "uid": record.uid,
        "series": record.series,
        "study": record.study,
        "patient": record.patient,
        "series_hash": name_hash(record.series),
        "study_hash": name_hash(record.study),
        "patient_hash": name_hash(record.patient),
        "instances": record.instances,
        "size": record.size,
        "shown": b64encode(record.shown).decode(),
    }
    fields = [_inside(own), *[part[1] for part in parts if part[1]]]
    lists: Sequence[str] = parts[0][2:] if parts else ()
    for part in parts[1:]:
        lists = [
            f"{one},{other}" if one and other else one or other for one, other in zip(lists, part[2:], strict=True)
        ]
    fields += [begun + inside + "]" for begun, inside in zip(_BEGUN, lists, strict=False) if inside]
    return "{" + ",".join(fields) + "}"

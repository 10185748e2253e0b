"""What tables are made of, as Tantivy tells it: one Python object for each document, so it takes a while."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import tantivy
from numpy.typing import NDArray

from dicomlake.engines.base import RecordLevel
from dicomlake.engines.embedded.columns import Codes, InOrder, Numbers, Small, smallest_kind
from dicomlake.engines.embedded.fetch import CHUNK, fetched, places
from dicomlake.engines.embedded.schema import key_hash
from dicomlake.query.resolved import Everything, Has, Match, Not, Resolved

if TYPE_CHECKING:
    from dicomlake.engines.embedded.snapshot import Snapshot

MOST_VALUES = 200_000
"""Values of paths that tables have; each takes a search."""

IDENTITIES = ("series", "study", "patient")


@dataclass(frozen=True, slots=True)
class Base:
    """Of each document of a level where it is, its instances and bytes, and the numbers of its series, study and
    patient in order of the ``hashes`` of their keys."""

    places: NDArray[np.int64]
    instances: Small
    size: Small
    numbers: dict[str, Numbers]
    hashes: dict[str, NDArray[np.uint64]]


def base(snapshot: "Snapshot", level: RecordLevel, documents: int) -> Base:
    """Read what every table needs; there are so many ``documents``."""
    columns: dict[str, list[NDArray[np.uint64]]] = {f"{name}_hash": [] for name in IDENTITIES}
    columns |= {"instances": [], "size": []}
    found: list[NDArray[np.int64]] = []
    for addresses in fetched(snapshot, snapshot.at_level(Everything(), level), documents):
        found.append(places(addresses))
        for name, parts in columns.items():
            parts.append(np.array(snapshot.searcher.fast_field_values(name, addresses), np.uint64))
    where = np.concatenate(found) if found else np.zeros(0, np.int64)
    order = np.argsort(where)
    numbers: dict[str, Numbers] = {}
    hashes: dict[str, NDArray[np.uint64]] = {}
    for name in IDENTITIES:
        distinct, number = np.unique(_whole(columns.pop(f"{name}_hash"), order), return_inverse=True)
        numbers[name], hashes[name] = number.astype(np.int32), distinct
    amounts = {name: _smallest(_whole(parts, order)) for name, parts in columns.items()}
    return Base(where[order], amounts["instances"], amounts["size"], numbers, hashes)


def _whole(parts: list[NDArray[np.uint64]], order: NDArray[np.intp]) -> NDArray[np.uint64]:
    return np.concatenate(parts)[order] if parts else np.zeros(0, np.uint64)


def _smallest(values: NDArray[np.uint64]) -> Small:
    highest = int(values.max(initial=0))
    return values.astype(smallest_kind(highest)) if highest < 1 << 32 else values


def tokens(snapshot: "Snapshot", level: RecordLevel, path: str) -> list[tuple[str, int]] | None:
    """The tokens of a path in order, each with its documents; None when they are too many."""
    counts = snapshot.whole(level, path).counts
    if counts is not None:
        return sorted(counts.items())
    column = snapshot.layout.columns.get(path)
    if column is None:
        return None
    within = snapshot.compiler.term("level", level)
    found: list[tuple[str, int]] = snapshot.searcher.terms_with_prefix(column, "", within, MOST_VALUES + 1)
    return sorted(found) if len(found) <= MOST_VALUES else None


def in_order(
    snapshot: "Snapshot", level: RecordLevel, path: str, counts: list[tuple[str, int]], where: NDArray[np.int64]
) -> InOrder:
    """The documents of a path in order of these tokens; ``where``: the places of all documents."""
    ids: list[Numbers] = []
    addresses: list[tantivy.DocAddress] = []
    for token, number in counts:
        addresses += snapshot.addresses(snapshot.at_level(Match(path, (token,)), level), number)
        if len(addresses) > CHUNK // 4:
            ids.append(numbered(where, addresses))
            addresses = []
    ids.append(numbered(where, addresses))
    ends = np.cumsum([number for _, number in counts], dtype=np.int64)
    return InOrder([token for token, _ in counts], ends, np.concatenate(ids))


def alone(snapshot: "Snapshot", level: RecordLevel, path: str, where: NDArray[np.int64]) -> Codes | None:
    """The values of a path of which no document has two: those of most documents are what the others leave, and need
    not be fetched. None where it may be otherwise."""
    whole = snapshot.whole(level, path)
    documents = len(where)
    if whole.counts is None or not whole.told or sum(whole.counts.values()) + whole.missing != documents:
        return None
    counts = [whole.missing, *(number for _, number in sorted(whole.counts.items()))]
    known = sorted(whole.counts)
    most = max(range(len(counts)), key=counts.__getitem__)
    codes = np.full(documents, most, smallest_kind(len(known)))
    queries: list[Resolved] = [Not(Has(path)), *(Match(path, (token,)) for token in known)]
    for code, (query, number) in enumerate(zip(queries, counts, strict=True)):
        if code != most and number:
            codes[numbered(where, snapshot.addresses(snapshot.at_level(query, level), number))] = code
    empty = np.zeros(0, np.int32)
    return Codes(known, codes, codes[:0], empty, np.array(counts, np.intp), told=True)


def numbered(where: NDArray[np.int64], addresses: list[tantivy.DocAddress]) -> Numbers:
    """The numbers of documents, by their addresses."""
    return np.searchsorted(where, places(addresses)).astype(np.int32)


def key_order(snapshot: "Snapshot", field: str, hashes: NDArray[np.uint64]) -> Numbers | None:
    """For each of the sorted hashes of a field's keys at series level the place of its key among them all; None when
    two keys have one hash, or the field has other keys. Only through the hashes is it known which documents a key of
    the dictionary is of."""
    within = snapshot.compiler.term("level", "series")
    keys = sorted(key for key, _ in snapshot.searcher.terms_with_prefix(field, "", within))
    found = np.fromiter(map(key_hash, keys), np.uint64, len(keys))
    order = np.argsort(found)
    return order.astype(np.int32) if np.array_equal(found[order], hashes) else None

"""Matching documents as Tantivy hands them out: addresses, in parts, and as numbers."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Query

from dicomlake.engines.embedded.compile import every

if TYPE_CHECKING:
    from dicomlake.engines.embedded.snapshot import Snapshot

CHUNK = 400_000
"""Documents that are fetched at once: while they are made into objects no other thread runs."""


_SEGMENT, _DOC = attrgetter("segment_ord"), attrgetter("doc")


def first_by_uid(snapshot: "Snapshot", query: Query, limit: int) -> list[tuple[str, tantivy.DocAddress]]:
    """The first matching documents in order of their uid."""
    found = snapshot.searcher.search(query, limit=limit, count=False, order_by_field="uid", order=tantivy.Order.Asc)
    return [(str(uid), address) for uid, address in found.hits]


def fetched(snapshot: "Snapshot", query: Query, number: int) -> Iterator[list[tantivy.DocAddress]]:
    """The matching documents, of which there are so many, in parts that have no study in common."""
    parts = -(-number // CHUNK)
    if parts <= 1:
        if number:
            yield snapshot.addresses(query, number)
        return
    for lower, upper in _slices(parts):
        within = every([query, snapshot.compiler.numbers_between("study_hash", lower, upper)])
        yield snapshot.addresses(within, snapshot.count(within))


def places(addresses: list[tantivy.DocAddress]) -> NDArray[np.int64]:
    """Addresses as numbers in the same order."""
    number = len(addresses)
    segments = np.fromiter(map(_SEGMENT, addresses), np.int64, number)
    return (segments << 32) | np.fromiter(map(_DOC, addresses), np.int64, number)


def address(place: int) -> tantivy.DocAddress:
    """The address of a number."""
    return tantivy.DocAddress(place >> 32, place & 0xFFFFFFFF)


def _slices(parts: int) -> Iterable[tuple[int, int]]:
    """Inclusive bounds that part the 64-bit numbers evenly."""
    edges = [2**64 * part // parts for part in range(parts + 1)]
    return [(lower, upper - 1) for lower, upper in pairwise(edges)]

"""Documents in order: as the server sorts them, or a few tokens of a slot at a time.

The server sorts a column by itself. Of a slot it can be told the key of a document by a script only, which takes half
a second for a million of them. So where many match, the next tokens are asked for, with how many documents have each,
and only the documents behind those are sorted; those of one token have nothing left to be sorted by but other keys.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from dicomlake.engines.opensearch.compile import Dsl, every
from dicomlake.engines.opensearch.composite import Count, following
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.lines import Answer, Job, Line, counting, total
from dicomlake.engines.opensearch.order import Key, Place

PAGE: Final = 10_000
"""Documents of one answer; the server gives no more."""

FETCHED: Final[Mapping[str, Any]] = {"stored_fields": ["shown"], "docvalue_fields": ["series", "study", "patient"]}
"""What a member is made of, besides its id."""

SCRIPTED: Final = 10_000
"""Documents that a script may sort."""

TOKENS: Final = 100
"""Tokens of a slot that are asked for at a time, at least."""

Placed = list[tuple[Place, dict[str, Any]]]
"""Documents as the server gives them, each behind its place."""


def searched(query: Dsl, size: int, sort: Sequence[Any], **more: Any) -> dict[str, Any]:
    """The body of a search for documents."""
    return {"query": query, "size": size, "sort": list(sort), "track_total_hits": False, **more}


def found(answer: Answer) -> list[dict[str, Any]]:
    """The documents of an answer."""
    hits: list[dict[str, Any]] = answer["hits"]["hits"]
    return hits


def ordered(kind: Kind, query: Dsl, keys: Sequence[Key], after: Place | None, wanted: int) -> Job[Placed]:
    """The first so many documents behind a place, sorted by keys, then by uid."""
    if keys and keys[0].scripted:
        (answer,) = yield [Line(kind, counting(query))]
        if total(answer) > SCRIPTED:
            return (yield from _by_token(kind, query, keys, after, wanted))
    return (yield from _by_server(kind, query, keys, after, wanted))


def _by_server(kind: Kind, query: Dsl, keys: Sequence[Key], after: Place | None, wanted: int) -> Job[Placed]:
    sort = [*(key.body for key in keys), {"uid": "asc"}]
    behind: dict[str, Any] = {}
    if after is not None:
        sent = [key.sent(token) for key, token in zip(keys, after, strict=False)]
        behind = {"search_after": [*sent, after[-1]]}
    listed: list[dict[str, Any]] = []
    while True:
        size = min(PAGE, wanted - len(listed))
        # Told where to go on alone, the server looks at all documents before; by a condition on what they are stored in
        # the order of it finds the place at once.
        within = query if keys or not behind else every([query, {"range": {"uid": {"gt": behind["search_after"][-1]}}}])
        (answer,) = yield [Line(kind, searched(within, size, sort, **FETCHED, **behind))]
        listed += found(answer)
        if len(found(answer)) < size or len(listed) == wanted:
            break
        behind = {"search_after": listed[-1]["sort"]}
    return [(_place(keys, hit), hit) for hit in listed]


def _place(keys: Sequence[Key], hit: Mapping[str, Any]) -> Place:
    return (*(key.value(token) for key, token in zip(keys, hit["sort"], strict=False)), hit["_id"])


def _by_token(kind: Kind, query: Dsl, keys: Sequence[Key], after: Place | None, wanted: int) -> Job[Placed]:
    first, others = keys[0], keys[1:]
    place = first.snapshot.place(first.sort.path)
    listed: Placed = []

    def of(token: str | None, behind: Place | None) -> Job[None]:
        """Take the documents whose first key is this token."""
        within = every([query, first.at(token)])
        part = yield from ordered(kind, within, others, behind, wanted - len(listed))
        listed.extend(((token, *rest), hit) for rest, hit in part)

    token: str | None = None
    if after is not None:
        token = after[0]
        yield from of(token, after[1:])
        if token is None:
            return listed
    more = True
    while more and len(listed) < wanted:
        size = max(TOKENS, wanted)
        counts = yield from following(kind, query, place, first.sort, token, size)
        for part in _parts(counts):
            if len(part) == 1:
                yield from of(part[0], None)
            else:
                among = every([query, first.within(part[0], part[-1])])
                listed += yield from _by_server(kind, among, keys, None, wanted - len(listed))
            if len(listed) == wanted:
                return listed
        more = len(counts) == size
        token = counts[-1][0] if counts else None
    if len(listed) < wanted:
        yield from of(None, None)
    return listed


def _parts(counts: Sequence[Count]) -> Iterator[list[str]]:
    """Tokens in order, as many at a time as a script may sort the documents of."""
    part: list[str] = []
    number = 0
    for token, documents in counts:
        if part and number + documents > SCRIPTED:
            yield part
            part, number = [], 0
        part.append(token)
        number += documents
    if part:
        yield part

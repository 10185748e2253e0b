"""The hits of a search, page by page: documents as the server sorts them, or the first of each study or patient."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dicomlake.engines import budget
from dicomlake.engines.base import Hit, Member, Plan
from dicomlake.engines.opensearch.compile import Dsl, every, terms
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.lines import Job, Line
from dicomlake.engines.opensearch.order import Key, Place, behind, keyed
from dicomlake.engines.opensearch.ordered import FETCHED, PAGE, found, ordered, searched
from dicomlake.engines.opensearch.snapshot import Snapshot

BARE: Final[Mapping[str, Any]] = {"stored_fields": "_none_"}
"""Of documents whose place is all that is asked for."""

Page = tuple[tuple[Hit, ...], Place | None]
"""Hits, and the place of the last one if there are more."""


def member(hit: Mapping[str, Any]) -> Member:
    """The contract's view of a document that was found."""
    fields = hit["fields"]
    shown = b64decode(fields["shown"][0]) if "shown" in fields else b""
    budget.take(len(shown))
    return Member(hit["_id"], fields["series"][0], fields["study"][0], fields["patient"][0], shown)


def page(snapshot: Snapshot, kind: Kind, plan: Plan) -> Job[Page]:
    """The next hits."""
    query = snapshot.compile(plan.query)
    keys = yield from keyed(snapshot, kind, plan.sort)
    if plan.level in ("study", "patient"):
        return (yield from _groups(kind, query, keys, plan))
    return (yield from _documents(kind, query, keys, plan))


def _documents(kind: Kind, query: Dsl, keys: Sequence[Key], plan: Plan) -> Job[Page]:
    listed = yield from ordered(kind, query, keys, plan.after, plan.limit + 1)
    hits = []
    for place, hit in listed[: plan.limit]:
        who = member(hit)
        hits.append(Hit(who.uid, (who,), place))
    return tuple(hits), (hits[-1].place if hits and len(listed) > plan.limit else None)


def _groups(kind: Kind, query: Dsl, keys: Sequence[Key], plan: Plan) -> Job[Page]:
    """Groups are met at every place that one of their documents has behind the last page; only a group's first place
    is a hit."""
    group = plan.level
    sort = [*(key.body for key in keys), {group: "asc"}]
    collapsed = {"collapse": {"field": group}, **BARE}
    wanted = plan.limit + 1
    after = plan.after
    places: list[Place] = []
    size = wanted
    while len(places) < wanted:
        within = every([query, behind(keys, group, after)]) if after is not None else query
        (answer,) = yield [Line(kind, searched(within, size, sort, **collapsed))]
        candidates = [place_of(keys, hit) for hit in found(answer)]
        if plan.after is not None and keys and candidates:
            among = every([query, terms(group, [str(place[-1]) for place in candidates])])
            (firsts,) = yield [Line(kind, searched(among, len(candidates), sort, **collapsed))]
            first = {place_of(keys, hit) for hit in found(firsts)}
            places += [place for place in candidates if place in first]
        else:
            places += candidates
        if len(candidates) < size:
            break
        after = candidates[-1]
        size = min(PAGE, 4 * size)  # far behind most groups have been met
    listed = places[: plan.limit]
    members = yield from _members(kind, query, group, [str(place[-1]) for place in listed])
    hits = tuple(Hit(str(place[-1]), members[str(place[-1])], place) for place in listed)
    return hits, (listed[-1] if listed and len(places) > plan.limit else None)


def place_of(keys: Sequence[Key], hit: Mapping[str, Any]) -> Place:
    """The place of a document or group that the server has put in order."""
    *tokens, group = hit["sort"]
    return (*(key.value(token) for key, token in zip(keys, tokens, strict=True)), str(group))


def _members(kind: Kind, query: Dsl, group: str, names: Sequence[str]) -> Job[dict[str, tuple[Member, ...]]]:
    """All matching documents of groups."""
    listed: dict[str, list[Member]] = {name: [] for name in names}
    after: dict[str, Any] = {}
    while names:
        among = every([query, terms(group, names)])
        (answer,) = yield [Line(kind, searched(among, PAGE, [{"uid": "asc"}], **FETCHED, **after))]
        for hit in found(answer):
            who = member(hit)
            listed[getattr(who, group)].append(who)
        if len(found(answer)) < PAGE:
            break
        after = {"search_after": found(answer)[-1]["sort"]}
    return {name: tuple(members) for name, members in listed.items()}


def by_id(kind: Kind, uids: Sequence[str], **fields: Any) -> Job[list[dict[str, Any]]]:
    """Documents by their uids."""
    listed: list[dict[str, Any]] = []
    for start in range(0, len(uids), PAGE):
        ids = {"ids": {"values": uids[start : start + PAGE]}}
        (answer,) = yield [Line(kind, searched(ids, PAGE, ["_doc"], **fields))]
        listed += found(answer)
    return listed

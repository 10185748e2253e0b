"""The hits of a search, page by page: from an order of the tables where there is one, else by walking an aggregation.

Both give the same hits, places and cursors (docs/decisions/0003), so a page may come from one and the next from the
other.
"""

from collections.abc import Sequence

from tantivy import Query

from dicomlake.engines.base import Hit, Member, Plan
from dicomlake.engines.embedded.compile import every
from dicomlake.engines.embedded.fetch import first_by_uid
from dicomlake.engines.embedded.many import Place
from dicomlake.engines.embedded.matching import Matching
from dicomlake.engines.embedded.members import member
from dicomlake.engines.embedded.order import Order
from dicomlake.engines.embedded.rough import RoughOrder
from dicomlake.engines.embedded.snapshot import Snapshot
from dicomlake.engines.embedded.walk import GROUP_FIELDS, Walk

Page = tuple[tuple[Hit, ...], Place | None]
"""Hits, and the place of the last one if there are more."""


class Pages:
    """Pages of hits on a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._searcher = snapshot.searcher
        self._compiler = snapshot.compiler

    def page(self, query: Query, plan: Plan, known: Matching | None, order: Order | RoughOrder | None) -> Page:
        """The next hits; ``known`` and ``order`` are what tables have of the query and its order."""
        if known is not None and order is not None:
            return self._from_order(plan, known, order)
        if GROUP_FIELDS[plan.level] == "uid" and not plan.sort and plan.after is None:
            return self._first_page(query, plan.limit, known)
        return self._walked(query, plan)

    def _from_order(self, plan: Plan, known: Matching, order: Order | RoughOrder) -> Page:
        first = order.page(known.chosen, known.ids, plan.after, plan.limit + 1)
        shown = first[: plan.limit]
        if order.single:
            documents = (self._searcher.doc(address) for address in known.tables.addresses(shown))
            members: list[tuple[Member, ...]] = [(member(found),) for found in documents]
        else:
            members = self._grouped(known, order, shown)
        keys = [str(getattr(of[0], GROUP_FIELDS[plan.level])) for of in members]
        hits = tuple(
            Hit(key, of, (*order.tokens(document), key)) for key, of, document in zip(keys, members, shown, strict=True)
        )
        return hits, (hits[-1].place if len(first) > plan.limit else None)

    def _grouped(self, known: Matching, order: Order | RoughOrder, shown: Sequence[int]) -> list[tuple[Member, ...]]:
        """The matching documents of the groups that these belong to."""
        found: dict[int, list[Member]] = {int(order.groups.numbers[document]): [] for document in shown}
        ids = order.among(known.ids, list(found))
        for document, address in zip(ids.tolist(), known.tables.addresses(ids), strict=True):
            found[int(order.groups.numbers[document])].append(member(self._searcher.doc(address)))
        return [tuple(sorted(members, key=lambda one: one.uid)) for members in found.values()]

    def _walked(self, query: Query, plan: Plan) -> Page:
        places = Walk(self._snapshot, query, plan).places(plan.limit + 1)
        listed = list(places.items())[: plan.limit]
        members = self._members(query, plan, [group for group, _ in listed])
        hits = tuple(Hit(group, members[group], place) for group, place in listed)
        return hits, (listed[-1][1] if len(places) > plan.limit else None)

    def place(self, query: Query, plan: Plan, skip: int) -> Place | None:
        """The place of the last of the next ``skip`` hits; None where no hit lies behind it."""
        places = list(Walk(self._snapshot, query, plan).places(skip + 1).values())
        return places[skip - 1] if len(places) > skip else None

    def _first_page(self, query: Query, limit: int, known: Matching | None) -> Page:
        """The first hits in order of uid, each a document."""
        first = (known.first(limit + 1) if known is not None else None) or first_by_uid(
            self._snapshot, query, limit + 1
        )
        documents = [(uid, member(self._searcher.doc(address))) for uid, address in first[:limit]]
        hits = tuple(Hit(uid, (one,), (uid,)) for uid, one in documents)
        return hits, (hits[-1].place if len(first) > limit else None)

    def _members(self, query: Query, plan: Plan, groups: Sequence[str]) -> dict[str, tuple[Member, ...]]:
        if not groups:
            return {}
        within = every([query, self._compiler.terms(GROUP_FIELDS[plan.level], groups)])
        total = len(groups) if GROUP_FIELDS[plan.level] == "uid" else max(1, self._snapshot.count(within))
        found: dict[str, list[Member]] = {group: [] for group in groups}
        for _, address in self._searcher.search(within, limit=total, count=False).hits:
            one = member(self._searcher.doc(address))
            found[getattr(one, GROUP_FIELDS[plan.level])].append(one)
        return {group: tuple(sorted(members, key=lambda m: m.uid)) for group, members in found.items()}

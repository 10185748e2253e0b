"""One search on one snapshot of a Tantivy index: hits in order, facets, totals; exact unless estimates will do."""

import time
from collections.abc import Iterable, Sequence
from functools import cache, partial

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Query

from dicomlake.engines import budget
from dicomlake.engines.base import EXACT_UP_TO, Found, Hit, Member, Plan, RecordLevel, Totals
from dicomlake.engines.embedded.compile import every, simple
from dicomlake.engines.embedded.cost import refuse_costly
from dicomlake.engines.embedded.facets import Facets, Job, at_once
from dicomlake.engines.embedded.histograms import Histograms
from dicomlake.engines.embedded.many import TERMS_LIMIT
from dicomlake.engines.embedded.snapshot import Place, Snapshot, Sums
from dicomlake.engines.embedded.tables import Matching, fetched, first_by_uid
from dicomlake.query.resolved import Everything, Resolved

PREPARED = 5_000
"""Matching documents from which on what a search asks for is made ready for the next one."""

SLOW = 0.003
"""Seconds for the conditions alone from which on the same is done, however few documents match."""

PART = 128
"""Studies or patients of one part of an estimate: Tantivy's sketch of so few is all but exact."""

MOST_PARTS = 16_384

GROUP_FIELDS = {"instance": "uid", "series": "uid", "study": "study", "patient": "patient"}


def member(found: tantivy.Document) -> Member:
    """The contract's view of a stored document."""
    text = {name: str(found.get_first(name) or "") for name in ("uid", "series", "study", "patient")}
    shown = bytes(found.get_first("shown") or b"")
    budget.take(len(shown))
    return Member(**text, shown=shown)


class Search:
    """Answers one plan on a snapshot: nothing that is committed meanwhile can change an answer."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._searcher = snapshot.searcher
        self._compiler = snapshot.compiler
        self._layout = snapshot.layout

    def run(self, plan: Plan) -> Found:
        """Answer the plan."""
        budget.check()
        asked = [plan.query, *(one.query for one in plan.facets), *(one.query for one in plan.histograms)]
        for one in dict.fromkeys(asked):
            refuse_costly(self._searcher, self._layout, one)
        level: RecordLevel = "instance" if plan.level == "instance" else "series"
        condition = simple(plan.query)
        query = self._snapshot.at_level(condition, level)
        shelf = self._snapshot.shelves[level]
        known = self._known(level, condition)
        started = time.thread_time()
        sums = self._sums(query, known) if plan.totals else None
        slow = time.thread_time() - started > SLOW
        if sums is not None and (sums.documents > PREPARED or slow):
            if plan.fast:
                paths = [*(one.path for one in plan.facets), *(one.path for one in plan.histograms)]
                shelf.prepare(condition, paths)
            elif known is None and sums.documents > EXACT_UP_TO:
                known = shelf.matching(condition, wait=True)
        numbers = {condition: sums.documents} if sums else {}
        facets = Facets(self._snapshot, level, plan.facets, numbers, cache(partial(self._known, level)))
        histograms = Histograms(self._snapshot, level, plan.histograms, cache(partial(self._known, level)))
        jobs: list[Job] = [*facets.jobs(), *histograms.jobs()]
        if plan.limit:
            jobs.append(partial(self._page, query, plan, known))
        if sums is not None:
            jobs.append(partial(self._totals, condition, level, sums, known, plan.fast))
        done = at_once(jobs) if jobs else []
        totals, approximate = done.pop() if sums is not None else (None, ())
        hits, after = done.pop() if plan.limit else ((), None)
        return Found(
            hits, facets.results(), histograms.results(), totals, after, self._snapshot.generation, approximate
        )

    def _known(self, level: RecordLevel, condition: Resolved) -> Matching | None:
        return self._snapshot.shelves[level].matching(condition, wait=False)

    def placed(self, studies: Iterable[str]) -> dict[str, dict[str, set[str]]]:
        """Study to series to patients, of instances and series alike."""
        found: dict[str, dict[str, set[str]]] = {}
        sources = [(name, False) for name in ("study", "series", "patient")]
        within = self._compiler.terms("study", studies)
        for (study, series, patient), _ in self._snapshot.composite(within, sources, None, TERMS_LIMIT):
            found.setdefault(str(study), {}).setdefault(str(series), set()).add(str(patient))
        return found

    # Totals

    def _sums(self, query: Query, known: Matching | None) -> Sums:
        if known is not None:
            return Sums(len(known.ids), known.instances, known.size)
        return self._snapshot.sums(query)

    def _totals(
        self, condition: Resolved, level: RecordLevel, sums: Sums, known: Matching | None, fast: bool
    ) -> tuple[Totals, tuple[str, ...]]:
        """The totals, and which of them are estimates."""
        if condition == Everything() and (remembered := self._snapshot.totals.get(level)):
            return remembered, ()
        query = self._snapshot.at_level(condition, level)
        estimated = known is None and fast and sums.documents > EXACT_UP_TO
        names = [] if estimated else ["patient", "study"]
        if level == "instance":
            names.append("series")
        if known is not None:
            distinct = {name: known.distinct(name) for name in names}
        else:
            distinct = self._distinct(query, sums.documents, names)
        if estimated:
            distinct |= {name: self._estimated(query, name, sums.documents) for name in ("patient", "study")}
        series = distinct.get("series", sums.documents)
        totals = Totals(distinct["patient"], distinct["study"], series, sums.instances, sums.size)
        if estimated:
            return totals, ("patients", "studies")
        if condition == Everything():
            self._snapshot.totals[level] = totals
        return totals, ()

    def _distinct(self, query: Query, number: int, names: Sequence[str]) -> dict[str, int]:
        """How many different ones of each the matching documents have, by 64-bit hashes."""
        if not names or not number:
            return dict.fromkeys(names, 0)
        found: dict[str, list[NDArray[np.uint64]]] = {name: [] for name in names}
        for addresses in fetched(self._snapshot, query, number):
            for name, parts in found.items():
                parts.append(np.array(self._searcher.fast_field_values(f"{name}_hash", addresses), np.uint64))
        return {name: len(np.unique(np.concatenate(parts))) for name, parts in found.items()}

    def _estimated(self, query: Query, name: str, number: int) -> int:
        """About how many different ones there are: the sum over parts of the hashes' range. Tantivy's sketch of a part
        is off by less than one in a thousand, where one sketch of them all is off by a fortieth."""
        parts = min(MOST_PARTS, max(1, number // PART))
        field = f"{name}_hash"
        sketch = {"x": {"cardinality": {"field": field}}}
        wanted = {"histogram": {"field": field, "interval": 2.0**64 / parts, "min_doc_count": 1}, "aggs": sketch}
        buckets = self._snapshot.aggregate(query, {"x": wanted})["x"]["buckets"]
        return round(sum(float(bucket["x"]["value"]) for bucket in buckets))

    # Hits

    def _page(self, query: Query, plan: Plan, known: Matching | None) -> tuple[tuple[Hit, ...], Place | None]:
        """The next hits. Groups are met at every place their documents have; only a group's first place is a hit."""
        if GROUP_FIELDS[plan.level] == "uid" and not plan.sort and plan.after is None:
            return self._first_page(query, plan.limit, known)
        places: dict[str, Place] = {}
        wanted = plan.limit + 1
        met: set[str] = set()
        candidates: list[Place] = []
        for key, _ in self._snapshot.composite(query, self._order(plan), plan.after, min(wanted, TERMS_LIMIT)):
            group = str(key[-1])
            if group in met:
                continue
            met.add(group)
            candidates.append(key)
            if len(candidates) >= wanted - len(places):
                places.update(self._first_places(query, plan, candidates))
                candidates = []
                if len(places) >= wanted:
                    break
        places.update(self._first_places(query, plan, candidates))
        listed = list(places.items())[: plan.limit]
        members = self._members(query, plan, [group for group, _ in listed])
        hits = tuple(Hit(group, members[group], place) for group, place in listed)
        return hits, (listed[-1][1] if len(places) > plan.limit else None)

    def _first_page(self, query: Query, limit: int, known: Matching | None) -> tuple[tuple[Hit, ...], Place | None]:
        """The first hits in order of uid, each a document."""
        first = (known.first(limit + 1) if known is not None else None) or first_by_uid(
            self._snapshot, query, limit + 1
        )
        documents = [(uid, member(self._searcher.doc(address))) for uid, address in first[:limit]]
        hits = tuple(Hit(uid, (one,), (uid,)) for uid, one in documents)
        return hits, (hits[-1].place if len(first) > limit else None)

    def _order(self, plan: Plan) -> list[tuple[str, bool]]:
        sources = [(self._layout.text_field(sort.path), sort.descending) for sort in plan.sort]
        return [*sources, (GROUP_FIELDS[plan.level], False)]

    def _first_places(self, query: Query, plan: Plan, candidates: Sequence[Place]) -> dict[str, Place]:
        """Those candidates that stand at their group's first place, by group."""
        if plan.after is None or not plan.sort:
            return {str(place[-1]): place for place in candidates}
        groups = [str(place[-1]) for place in candidates]
        if not groups:
            return {}
        *sorts, group_source = self._order(plan)
        within = every([query, self._compiler.terms(GROUP_FIELDS[plan.level], groups)])
        first: dict[str, Place] = {}
        for key, _ in self._snapshot.composite(within, [group_source, *sorts], None, TERMS_LIMIT):
            first.setdefault(str(key[0]), key[1:])
        return {str(place[-1]): place for place in candidates if first.get(str(place[-1])) == place[:-1]}

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

"""One search on one snapshot of a Tantivy index: hits in order, facets, totals; exact unless estimates will do."""

import time
from collections.abc import Sequence
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from tantivy import Query

from dicomlake.engines import budget
from dicomlake.engines.base import EXACT_UP_TO, Found, Plan, RecordLevel, Totals, refuse_walk
from dicomlake.engines.embedded.compile import simple
from dicomlake.engines.embedded.cost import refuse_costly
from dicomlake.engines.embedded.facets import Facets, Job, at_once
from dicomlake.engines.embedded.fetch import fetched
from dicomlake.engines.embedded.histograms import Histograms
from dicomlake.engines.embedded.hits import Pages
from dicomlake.engines.embedded.many import Place
from dicomlake.engines.embedded.matching import Matching
from dicomlake.engines.embedded.order import Ordering
from dicomlake.engines.embedded.snapshot import Snapshot
from dicomlake.engines.embedded.whole import Sums
from dicomlake.query.resolved import Everything, Resolved

PREPARED = 5_000
"""Matching documents from which on what a search asks for is made ready for the next one."""

WAITED = 100_000
"""Matching documents from which on a page may wait for its order, rather than walk over them."""

SLOW = 0.003
"""Seconds for the conditions alone from which on the same is done, however few documents match."""

PART = 128
"""Studies or patients of one part of an estimate: Tantivy's sketch of so few is all but exact."""

MOST_PARTS = 16_384


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
        ordering = Ordering(plan.level, plan.sort) if plan.limit else None
        order = shelf.order(ordering) if ordering is not None else None
        started = time.thread_time()
        sums = self._sums(query, known) if plan.totals else None
        slow = time.thread_time() - started > SLOW
        number = sums.documents if sums is not None else self._snapshot.everything(level).documents
        in_order = _in_order(plan)
        if order is None and ordering is not None and in_order and number > WAITED and shelf.awaited(ordering):
            order = shelf.order(ordering, wait=True)
        if number > PREPARED or slow:
            if plan.fast or in_order:
                counted = [*(one.path for one in plan.facets), *(one.path for one in plan.histograms)]
                shelf.prepare(condition, counted if plan.fast else [], ordering)
            if known is None and in_order and order is not None:
                known = shelf.fetched(condition)
            elif known is None and sums is not None and not plan.fast and number > EXACT_UP_TO:
                known = shelf.matching(condition, wait=True)
        numbers = {condition: sums.documents} if sums else {}
        facets = Facets(self._snapshot, level, plan.facets, numbers, cache(partial(self._known, level)))
        histograms = Histograms(self._snapshot, level, plan.histograms, cache(partial(self._known, level)))
        jobs: list[Job] = [*facets.jobs(), *histograms.jobs()]
        if plan.limit:
            jobs.append(partial(Pages(self._snapshot).page, query, plan, known, order))
        if sums is not None:
            jobs.append(partial(self._totals, condition, level, sums, known, plan.fast))
        done = at_once(jobs) if jobs else []
        totals, approximate = done.pop() if sums is not None else (None, ())
        hits, after = done.pop() if plan.limit else ((), None)
        return Found(
            hits, facets.results(), histograms.results(), totals, after, self._snapshot.generation, approximate
        )

    def place(self, plan: Plan, skip: int) -> Place | None:
        """Where the last of the next ``skip`` hits stands; None where no hit lies behind it. Raises CostError for more
        than are walked over, where tables cannot have the order."""
        level: RecordLevel = "instance" if plan.level == "instance" else "series"
        refuse_costly(self._searcher, self._layout, plan.query)
        condition, shelf = simple(plan.query), self._snapshot.shelves[level]
        some = self._snapshot.everything(level).documents > PREPARED
        order = shelf.order(Ordering(plan.level, plan.sort), wait=some)
        known = shelf.fetched(condition) if order is not None else None
        if known is None or order is None:
            refuse_walk(skip)
            return Pages(self._snapshot).place(self._snapshot.at_level(condition, level), plan, skip)
        return order.skipped(known.chosen, known.ids, plan.after, skip)

    def _known(self, level: RecordLevel, condition: Resolved) -> Matching | None:
        return self._snapshot.shelves[level].matching(condition, wait=False)

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


def _in_order(plan: Plan) -> bool:
    """Whether hits come in an order that Tantivy finds only by walking all of them."""
    return bool(plan.limit and (plan.sort or plan.after or plan.level in ("study", "patient")))

"""Facet counts: what is asked of the same documents is asked at once, and of the fewer documents.

Counts over everything are remembered for a commit. So of a query that matches most documents the others are counted,
and what they have is taken away.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial
from typing import Any

from dicomlake.engines import budget
from dicomlake.engines.base import Facet, FacetCount, FacetPlan, RecordLevel
from dicomlake.engines.embedded.columns import CodeCounts
from dicomlake.engines.embedded.compile import every, simple
from dicomlake.engines.embedded.many import TERMS_LIMIT
from dicomlake.engines.embedded.matching import Matching
from dicomlake.engines.embedded.snapshot import Counted, Snapshot
from dicomlake.query.resolved import Everything, Has, Not, Resolved

MOST = 0.6
"""Share of the documents above which counting the others is quicker; a negation costs something by itself."""

Job = Callable[[], Any]


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="search")


def at_once(jobs: Sequence[Job]) -> list[Any]:
    """The results of all jobs, the first one done by this thread: Tantivy leaves the interpreter to others."""
    first, *others = jobs
    futures = [_threads().submit(copy_context().run, job) for job in others]  # the limits of the search hold there too
    return [first(), *(future.result() for future in futures)]


class Facets:
    """The facets of one search. ``numbers``: how many documents match, for queries of which that is known;
    ``matching``: the documents themselves, where they are at hand."""

    def __init__(
        self,
        snapshot: Snapshot,
        level: RecordLevel,
        plans: Iterable[FacetPlan],
        numbers: Mapping[Resolved, int],
        matching: Callable[[Resolved], Matching | None],
    ) -> None:
        self._snapshot = snapshot
        self._level = level
        self._plans = [(simple(plan.query), plan) for plan in plans]
        self._numbers = dict(numbers)
        self._matching = matching
        self._counted: dict[tuple[Resolved, str], Counted | CodeCounts] = {}

    def jobs(self) -> Iterator[Job]:
        """What has to be done, in parts that may run beside each other."""
        paths: dict[Resolved, dict[str, float]] = defaultdict(dict)
        for query, plan in self._plans:
            budget.check()
            if self._at_hand(query, plan.path):
                continue
            whole = self._snapshot.whole(self._level, plan.path)
            if query == Everything() and whole.counts is not None:
                self._counted[query, plan.path] = Counted(whole.counts, whole.missing)
            else:
                paths[query][plan.path] = whole.cost
        for query, costs in paths.items():
            for part in _shared(costs, os.cpu_count() or 1):
                yield partial(self._count_all, query, part)

    def results(self) -> tuple[Facet, ...]:
        """The facets, when all jobs are done."""
        return tuple(_facet(plan, self._counted[query, plan.path]) for query, plan in self._plans)

    def _at_hand(self, query: Resolved, path: str) -> bool:
        """Count what tables know."""
        matching = self._matching(query)
        if matching is None:
            return False
        self._numbers[query] = len(matching.ids)
        counted = matching.tables.counted(matching, path)
        if counted is not None:
            self._counted[query, path] = counted
        return counted is not None

    def _count_all(self, query: Resolved, paths: Sequence[str]) -> None:
        """Count the paths in as few aggregations as may hold them: Tantivy limits the buckets of all together."""
        part: list[str] = []
        buckets = 0
        for path in paths:
            size = self._snapshot.whole(self._level, path).size
            if part and buckets + size > TERMS_LIMIT:
                self._count(query, part)
                part, buckets = [], 0
            part.append(path)
            buckets += size
        self._count(query, part)

    def _count(self, query: Resolved, paths: Sequence[str]) -> None:
        number = self._numbers.get(query)
        wholes = {path: self._snapshot.whole(self._level, path) for path in paths}
        most = number is not None and number > MOST * self._snapshot.everything(self._level).documents
        others = most and query != Everything() and None not in [whole.counts for whole in wholes.values()]
        of = self._snapshot.at_level(simple(Not(query)) if others else query, self._level)
        # Names of aggregations are not paths, whose signs could mean something to Tantivy.
        wanted = {
            str(place): self._snapshot.terms(path, whole.size) for place, (path, whole) in enumerate(wholes.items())
        }
        answers = self._snapshot.aggregate(of, wanted)
        for place, (path, whole) in enumerate(wholes.items()):
            found = self._snapshot.counted(of, path, answers[str(place)], whole.size)
            missing = found.without if whole.told else self._snapshot.count(every([of, self._lacking(path)]))
            counts = found.tokens
            if others and whole.counts is not None:
                left = {token: n - counts.get(token, 0) for token, n in whole.counts.items()}
                counts, missing = {token: n for token, n in left.items() if n}, whole.missing - missing
            self._counted[query, path] = Counted(counts, missing)

    def _lacking(self, path: str) -> Any:
        return self._snapshot.compiler.compile(Not(Has(path)))


def _shared(costs: Mapping[str, float], parts: int) -> list[list[str]]:
    """The paths in up to so many parts of about the same cost."""
    shares: list[tuple[float, list[str]]] = [(0.0, []) for _ in range(parts)]
    for path, cost in sorted(costs.items(), key=lambda item: -item[1]):
        shares.sort(key=lambda share: share[0])
        spent, paths = shares[0]
        shares[0] = (spent + cost, [*paths, path])
    return [paths for _, paths in shares if paths]


def _facet(plan: FacetPlan, counted: Counted | CodeCounts) -> Facet:
    ranked, distinct = counted.ranked(plan.limit)
    ordered: list[tuple[str | None, int]] = [*ranked]
    missing = counted.without
    if missing:
        at = next((place for place, (_, number) in enumerate(ordered) if number < missing), len(ordered))
        ordered.insert(at, (None, missing))
    shown = ordered[: plan.limit]
    listed = {token for token, _ in shown} if plan.selected else set()
    for token in plan.selected:
        if token not in listed:
            shown.append((token, missing if token is None else counted.of(token)))
            listed.add(token)
    return Facet(plan.path, tuple(FacetCount(*item) for item in shown), more=distinct + bool(missing) > plan.limit)

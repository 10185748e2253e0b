"""Histograms of one search: from the values that tables have, else from Tantivy.

Tables have the token of each document as a number in the order of the tokens, so that a bin is a range of numbers and
all bins together are one count. Tantivy counts by token where these are few, and else bin by bin.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from tantivy import Query

from dicomlake.engines.base import Histogram, HistogramPlan, RecordLevel
from dicomlake.engines.embedded.columns import Codes
from dicomlake.engines.embedded.compile import every, simple
from dicomlake.engines.embedded.facets import Job
from dicomlake.engines.embedded.matching import Matching
from dicomlake.engines.embedded.snapshot import Snapshot
from dicomlake.query.resolved import Between, Has, Not, Resolved

BINNED_TERMS = 10_000
"""Distinct values up to which Tantivy makes a histogram of their counts."""

BINNED_DAYS = 40_000
"""The same of dates: the days of a century, which are few among a million documents."""


class Histograms:
    """The histograms of one search; ``matching``: the documents of a condition, where they are at hand."""

    def __init__(
        self,
        snapshot: Snapshot,
        level: RecordLevel,
        plans: Iterable[HistogramPlan],
        matching: Callable[[Resolved], Matching | None],
    ) -> None:
        self._snapshot = snapshot
        self._level: RecordLevel = level
        self._plans = list(plans)
        self._matching = matching
        self._made: dict[int, Histogram] = {}

    def jobs(self) -> Iterator[Job]:
        """What has to be done, in parts that may run beside each other."""
        for place in range(len(self._plans)):
            yield partial(self._make, place)

    def results(self) -> tuple[Histogram, ...]:
        """The histograms, when all jobs are done."""
        return tuple(self._made[place] for place in range(len(self._plans)))

    def _make(self, place: int) -> None:
        plan = self._plans[place]
        matching = self._matching(simple(plan.query))
        codes = matching.tables.values(plan.path) if matching is not None else None
        if matching is not None and codes is not None:
            self._made[place] = _from_codes(plan, matching, codes)
        else:
            self._made[place] = self._from_tantivy(plan)

    def _from_tantivy(self, plan: HistogramPlan) -> Histogram:
        query = self._snapshot.at_level(plan.query, self._level)
        compiled = self._snapshot.compiler.compile
        valued = self._snapshot.count(every([query, compiled(Between(plan.path, plan.letter, None, None))]))
        missing = self._snapshot.count(every([query, compiled(Not(Has(plan.path)))]))
        matching = self._snapshot.count(query)
        if not valued:
            return Histogram(plan.path, (0,) * (len(plan.edges) - 1), None, None, matching, 0, missing)
        values = self._few_values(query, plan)
        if values is None:
            low, high = (self._bound(query, plan, descending) for descending in (False, True))
        else:
            low, high = min(values), max(values)
        if values is not None and sum(values.values()) == valued:  # every document has one value
            counts = _binned(plan.edges, values)
        else:
            counts = tuple(self._count_between(query, plan, *edges) for edges in pairwise(plan.edges))
        return Histogram(plan.path, counts, low, high, matching, valued, missing)

    def _few_values(self, query: Query, plan: HistogramPlan) -> dict[str, int] | None:
        """Tokens of the letter with their counts, unless the field has very many."""
        field = self._snapshot.layout.text_field(plan.path)
        most = BINNED_DAYS if plan.letter == "d" else BINNED_TERMS
        wanted = {"terms": {"field": field, "size": most, "segment_size": most}}
        terms = self._snapshot.aggregate(query, {"x": wanted})["x"]["buckets"]
        if len(terms) == most:
            return None
        return {term["key"]: term["doc_count"] for term in terms if term["key"][0] == plan.letter}

    def _bound(self, query: Query, plan: HistogramPlan, descending: bool) -> str | None:
        """The first token of the letter from one end: letters stand in order, so it follows or precedes the letter."""
        start = chr(ord(plan.letter) + 1) if descending else plan.letter
        source = (self._snapshot.layout.text_field(plan.path), descending)
        key, _ = next(self._snapshot.composite(query, [source], (start,), 1))
        return key[0]

    def _count_between(self, query: Query, plan: HistogramPlan, low: str, high: str) -> int:
        between = Between(plan.path, plan.letter, low, high, include_high=False)
        return self._snapshot.count(every([query, self._snapshot.compiler.compile(between)]))


def _binned(edges: Sequence[str], values: Mapping[str, int]) -> tuple[int, ...]:
    counts = [0] * max(0, len(edges) - 1)
    for token, matching in values.items():
        place = bisect_right(edges, token) - 1
        if 0 <= place < len(counts):
            counts[place] += matching
    return tuple(counts)


def _from_codes(plan: HistogramPlan, matching: Matching, codes: Codes) -> Histogram:
    """Tokens are numbered from 1 in their order, so those of a bin follow one another."""
    numbers = codes.numbers(matching)
    first, behind = (bisect_left(codes.tokens, letter) + 1 for letter in (plan.letter, chr(ord(plan.letter) + 1)))
    of_letter = np.flatnonzero(numbers[first:behind]) + first
    low, high = (
        ((codes.tokens[int(one) - 1]) for one in (of_letter[0], of_letter[-1])) if len(of_letter) else (None, None)
    )
    starts = np.array([bisect_left(codes.tokens, edge) + 1 for edge in plan.edges], np.int64)
    valued, *_ = _within(codes, matching, numbers, np.array([first, behind], np.int64))
    counts = _within(codes, matching, numbers, starts)
    return Histogram(plan.path, tuple(counts), low, high, len(matching.ids), valued, int(numbers[0]))


def _within(codes: Codes, matching: Matching, numbers: NDArray[np.intp], starts: NDArray[np.int64]) -> list[int]:
    """Documents with a token in each of the ranges of codes that begin at ``starts`` and end where the next begins."""
    if len(starts) < 2:
        return []
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(numbers, dtype=np.int64)])
    counts: NDArray[np.int64] = np.diff(sums[starts])
    if not len(codes.more):
        return [int(one) for one in counts]
    # A document with several tokens in one range was counted for each of them: once is enough.
    among = matching.chosen.take(codes.more_ids)
    ids = codes.more_ids[among].astype(np.int64)
    ranges = len(starts) + 1
    other = np.searchsorted(starts, codes.more[among].astype(np.int64), side="right")
    own = np.searchsorted(starts, codes.codes.take(ids).astype(np.int64), side="right")
    keys, times = np.unique(np.concatenate([ids * ranges + other, np.unique(ids * ranges + own)]), return_counts=True)
    again = np.bincount(keys % ranges, weights=times - 1, minlength=ranges).astype(np.int64)
    return [int(one) for one in counts - again[1 : len(starts)]]

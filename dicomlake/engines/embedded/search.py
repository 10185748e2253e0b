"""One search on one snapshot of a Tantivy index: hits in order, facets, totals, all exact."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

import tantivy
from tantivy import Query

from dicomlake.engines import budget
from dicomlake.engines.base import (
    Facet,
    FacetCount,
    FacetPlan,
    Found,
    Histogram,
    HistogramPlan,
    Hit,
    Member,
    Plan,
    Totals,
)
from dicomlake.engines.embedded.compile import Compiler, differs, every
from dicomlake.engines.embedded.cost import refuse_costly
from dicomlake.engines.embedded.many import TERMS_LIMIT, many_counts
from dicomlake.engines.embedded.schema import Layout
from dicomlake.query.resolved import Between, Has, Not, Resolved

BINNED_TERMS = 10_000
"""Distinct values up to which a histogram is made of their counts."""

GROUP_FIELDS = {"instance": "uid", "series": "uid", "study": "study", "patient": "patient"}

Place = tuple[str | None, ...]


def member(found: tantivy.Document) -> Member:
    """The contract's view of a stored document."""
    text = {name: str(found.get_first(name) or "") for name in ("uid", "series", "study", "patient")}
    shown = bytes(found.get_first("shown") or b"")
    budget.take(len(shown))
    return Member(**text, shown=shown)


def count(searcher: tantivy.Searcher, query: Query) -> int:
    """How many documents match."""
    budget.check()
    result: Any = searcher.search(query, limit=1, count=True)  # the binding's stub leaves ``count`` out
    return int(result.count)


class Search:
    """Runs plans on one searcher, which is a snapshot: nothing that is committed meanwhile can change an answer."""

    def __init__(self, searcher: tantivy.Searcher, compiler: Compiler, layout: Layout, generation: str) -> None:
        self._searcher = searcher
        self._compiler = compiler.asking(self._beside)
        self._known_beside: dict[Resolved, Query] = {}
        self._layout = layout
        self._generation = generation

    def run(self, plan: Plan) -> Found:
        """Answer the plan."""
        asked = [plan.query, *(one.query for one in plan.facets), *(one.query for one in plan.histograms)]
        for one in dict.fromkeys(asked):
            refuse_costly(self._searcher, self._layout, one)
        level = "instance" if plan.level == "instance" else "series"
        query = self._at_level(plan.query, level)
        hits, after = self._page(query, plan) if plan.limit else ((), None)
        facets = tuple(self._facet(facet, level) for facet in plan.facets)
        totals = self._totals(query, level) if plan.totals else None
        histograms = tuple(self._histogram(histogram, level) for histogram in plan.histograms)
        return Found(hits, facets, histograms, totals, after, self._generation)

    def placed(self, studies: Iterable[str]) -> dict[str, dict[str, set[str]]]:
        """Study to series to patients, of instances and series alike."""
        found: dict[str, dict[str, set[str]]] = {}
        sources = [(name, False) for name in ("study", "series", "patient")]
        within = self._compiler.terms("study", studies)
        for (study, series, patient), _ in self._composite(within, sources, None, TERMS_LIMIT):
            found.setdefault(str(study), {}).setdefault(str(series), set()).add(str(patient))
        return found

    def _at_level(self, query: Resolved, level: str) -> Query:
        return every([self._compiler.term("level", level), self._compiler.compile(query)])

    def _beside(self, part: Resolved) -> Query:
        """The documents with another series in their study that matches: those of the studies of all matching series,
        but for the one series of a study that alone does."""
        known = self._known_beside.get(part)
        if known is None:
            alone: dict[int, int] = {}
            studies: set[int] = set()
            for study, series in self._studies(self._at_level(part, "series")):
                if study not in studies:
                    studies.add(study)
                    alone[study] = series
                else:
                    alone.pop(study, None)
            among = self._compiler.numbers("study_hash", studies)
            known = every([among, differs(self._compiler.numbers("series_hash", alone.values()))])
            self._known_beside[part] = known
        return known

    def _studies(self, query: Query) -> Iterator[tuple[int, int]]:
        """Study and series, as their hashes, of every document that matches."""
        matching = self._count(query)
        if matching:
            addresses = [address for _, address in self._searcher.search(query, limit=matching, count=False).hits]
            columns = (self._searcher.fast_field_values(name, addresses) for name in ("study_hash", "series_hash"))
            yield from zip(*columns, strict=True)

    def _count(self, query: Query) -> int:
        return count(self._searcher, query)

    # Facets

    def _facet(self, plan: FacetPlan, level: str) -> Facet:
        query = self._at_level(plan.query, level)
        counted = dict(self._term_counts(query, self._layout.text_field(plan.path)))
        missing = self._count(every([query, self._compiler.compile(Not(Has(plan.path)))]))
        ordered: list[tuple[str | None, int]] = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        if missing:
            at = next((i for i, (_, n) in enumerate(ordered) if n < missing), len(ordered))
            ordered.insert(at, (None, missing))
        shown = ordered[: plan.limit]
        listed = {token for token, _ in shown}
        for token in plan.selected:
            if token not in listed:
                shown.append((token, missing if token is None else counted.get(token, 0)))
                listed.add(token)
        return Facet(plan.path, tuple(FacetCount(*item) for item in shown), more=len(ordered) > plan.limit)

    def _term_counts(self, query: Query, field: str) -> Iterator[tuple[str, int]]:
        wanted = {"terms": {"field": field, "size": TERMS_LIMIT, "segment_size": TERMS_LIMIT}}
        terms = self._aggregate(query, wanted)
        if len(terms["buckets"]) < TERMS_LIMIT:
            yield from ((bucket["key"], bucket["doc_count"]) for bucket in terms["buckets"])
            return
        with suppress(OverflowError):
            yield from many_counts(self._aggregate, self._compiler, query, field, self._count(query)).items()
            return
        for key, matching in self._composite(query, [(field, False)], None, TERMS_LIMIT):
            if key[0] is not None:
                yield key[0], matching

    # Histograms

    def _histogram(self, plan: HistogramPlan, level: str) -> Histogram:
        query = self._at_level(plan.query, level)
        valued = self._count(every([query, self._compiler.compile(Between(plan.path, plan.letter, None, None))]))
        missing = self._count(every([query, self._compiler.compile(Not(Has(plan.path)))]))
        matching = self._count(query)
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
        field = self._layout.text_field(plan.path)
        wanted = {"terms": {"field": field, "size": BINNED_TERMS, "segment_size": BINNED_TERMS}}
        terms = self._aggregate(query, wanted)["buckets"]
        if len(terms) == BINNED_TERMS:
            return None
        return {term["key"]: term["doc_count"] for term in terms if term["key"][0] == plan.letter}

    def _bound(self, query: Query, plan: HistogramPlan, descending: bool) -> str | None:
        """The first token of the letter from one end: letters stand in order, so it follows or precedes the letter."""
        start = chr(ord(plan.letter) + 1) if descending else plan.letter
        source = (self._layout.text_field(plan.path), descending)
        key, _ = next(self._composite(query, [source], (start,), 1))
        return key[0]

    def _count_between(self, query: Query, plan: HistogramPlan, low: str, high: str) -> int:
        between = Between(plan.path, plan.letter, low, high, include_high=False)
        return self._count(every([query, self._compiler.compile(between)]))

    # Totals

    def _totals(self, query: Query, level: str) -> Totals:
        matching = self._count(query)
        if not matching:
            return Totals()
        addresses = [address for _, address in self._searcher.search(query, limit=matching, count=False).hits]

        def distinct(field: str) -> int:
            return len(set(self._searcher.fast_field_values(field, addresses)))

        def total(field: str) -> int:
            return int(self._aggregate(query, {"sum": {"field": field}})["value"])

        return Totals(
            patients=distinct("patient_hash"),
            studies=distinct("study_hash"),
            series=matching if level == "series" else distinct("series_hash"),
            instances=total("instances"),
            bytes=total("size"),
        )

    # Hits

    def _page(self, query: Query, plan: Plan) -> tuple[tuple[Hit, ...], Place | None]:
        """The next hits. Groups are met at every place their documents have; only a group's first place is a hit."""
        places: dict[str, Place] = {}
        wanted = plan.limit + 1
        met: set[str] = set()
        candidates: list[Place] = []
        for key, _ in self._composite(query, self._order(plan), plan.after, min(wanted, TERMS_LIMIT)):
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
        for key, _ in self._composite(within, [group_source, *sorts], None, TERMS_LIMIT):
            first.setdefault(str(key[0]), key[1:])
        return {str(place[-1]): place for place in candidates if first.get(str(place[-1])) == place[:-1]}

    def _members(self, query: Query, plan: Plan, groups: Sequence[str]) -> dict[str, tuple[Member, ...]]:
        if not groups:
            return {}
        within = every([query, self._compiler.terms(GROUP_FIELDS[plan.level], groups)])
        total = len(groups) if GROUP_FIELDS[plan.level] == "uid" else max(1, self._count(within))
        found: dict[str, list[Member]] = {group: [] for group in groups}
        for _, address in self._searcher.search(within, limit=total, count=False).hits:
            one = member(self._searcher.doc(address))
            found[getattr(one, GROUP_FIELDS[plan.level])].append(one)
        return {group: tuple(sorted(members, key=lambda m: m.uid)) for group, members in found.items()}

    # Aggregations

    def _aggregate(self, query: Query, wanted: dict[str, Any]) -> dict[str, Any]:
        budget.check()
        answer: dict[str, Any] = self._searcher.aggregate(query, {"x": wanted})["x"]
        return answer

    def _composite(
        self, query: Query, sources: Sequence[tuple[str, bool]], after: Place | None, size: int
    ) -> Iterator[tuple[Place, int]]:
        """Distinct value tuples in order with their counts, missing last, from behind ``after`` on, page by page."""
        names = [f"s{i:02}" for i in range(len(sources))]
        wanted: dict[str, Any] = {
            "size": size,
            "sources": [
                {
                    name: {
                        "terms": {
                            "field": field,
                            "order": "desc" if descending else "asc",
                            "missing_bucket": True,
                            "missing_order": "last",
                        }
                    }
                }
                for name, (field, descending) in zip(names, sources, strict=True)
            ],
        }
        if after is not None:
            # Tantivy's own form of a key: its type, a colon, the text.
            wanted["after"] = {
                name: "null:" if value is None else f"str:{value}" for name, value in zip(names, after, strict=True)
            }
        while True:
            answer = self._aggregate(query, {"composite": wanted})
            for bucket in answer["buckets"]:
                yield tuple(bucket["key"][name] for name in names), bucket["doc_count"]
            if len(answer["buckets"]) < size or "after_key" not in answer:
                return
            wanted["after"] = answer["after_key"]


def _binned(edges: Sequence[str], values: Mapping[str, int]) -> tuple[int, ...]:
    counts = [0] * max(0, len(edges) - 1)
    for token, matching in values.items():
        place = bisect_right(edges, token) - 1
        if 0 <= place < len(counts):
            counts[place] += matching
    return tuple(counts)

"""One commit of a Tantivy index, how it is asked, and what is remembered of it until the next."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import tantivy
from tantivy import Query

from dicomlake.engines import budget
from dicomlake.engines.base import RecordLevel, Totals
from dicomlake.engines.embedded.compile import Compiler, differs, every
from dicomlake.engines.embedded.many import TERMS_LIMIT, Place, composite, many_counts
from dicomlake.engines.embedded.schema import Layout
from dicomlake.engines.embedded.shelf import Shelf
from dicomlake.engines.embedded.store import Store
from dicomlake.engines.embedded.whole import SUMS, Sums
from dicomlake.query.resolved import Any_, Between, Everything, Has, Resolved
from mappings.normal import LETTERS

_BESIDE = 16
"""Conditions of ``in_study`` whose answers are remembered."""

_PATHS = 256
"""Paths whose counts over everything are remembered."""

_WITHOUT = "-"
"""The bucket of documents without a token, which begin with letters."""

_ADDRESS = itemgetter(1)


@dataclass(frozen=True, slots=True)
class Counted:
    """Documents by token, and those with no token."""

    tokens: Mapping[str, int]
    without: int

    def ranked(self, limit: int) -> tuple[list[tuple[str, int]], int]:
        """The most frequent tokens, ties in order of the tokens, and how many tokens there are."""
        pairs = [(-number, token) for token, number in self.tokens.items()]
        pairs.sort()
        return [(token, -negative) for negative, token in pairs[:limit]], len(pairs)

    def of(self, token: str) -> int:
        """Documents with this token."""
        return self.tokens.get(token, 0)


@dataclass(frozen=True, slots=True)
class Whole:
    """What all documents of a level have of a path: documents by token, and documents where it is missing. ``counts``
    is None when there are more tokens than one aggregation holds.

    ``told``: those without a token are those where the path is missing, so that one aggregation counts both. It is not
    so for what has no tokens (sequences, binary values). ``cost``: what counting it takes, beside other paths.
    """

    counts: Mapping[str, int] | None
    missing: int
    told: bool
    cost: float

    @property
    def size(self) -> int:
        """Buckets that hold every token and those without."""
        return TERMS_LIMIT if self.counts is None else min(len(self.counts) + 2, TERMS_LIMIT)


LEVELS: tuple[RecordLevel, ...] = ("instance", "series")


class Snapshot:
    """A searcher with what belongs to it. Nothing that is committed later can change an answer; any thread may ask."""

    def __init__(
        self,
        searcher: tantivy.Searcher,
        compiler: Compiler,
        layout: Layout,
        generation: str,
        store: Store | None = None,
        warming: Callable[[], bool] = bool,
        tables: int = 0,
    ) -> None:
        self.searcher = searcher
        self.layout = layout
        self.generation = generation
        self.store = store
        self.tables = tables
        """Bytes that the tables of a level may take."""
        self.warming = warming
        """Whether tables are being made elsewhere."""
        self.compiler = compiler.asking(lru_cache(_BESIDE)(self._beside))
        self.whole = lru_cache(_PATHS)(self._whole)
        self.everything = lru_cache(2)(self._everything)
        self.mixed = lru_cache(_PATHS)(self._mixed)
        self.totals: dict[str, Totals] = {}
        """Of everything, by level, once they have been counted."""
        self.shelves = {level: Shelf(self, level) for level in LEVELS}

    def stop(self) -> None:
        """Prepare nothing more: another commit is looked at now."""
        for shelf in self.shelves.values():
            shelf.stop()

    def prepared(self) -> None:
        """Wait until nothing is being prepared."""
        for shelf in self.shelves.values():
            shelf.rest()

    def at_level(self, query: Resolved, level: str) -> Query:
        """Documents of a level that match."""
        term = self.compiler.term("level", level)
        return term if query == Everything() else every([term, self.compiler.compile(query)])

    def aggregate(self, query: Query, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Several aggregations over the same documents."""
        budget.check()
        answer: dict[str, Any] = self.searcher.aggregate(query, dict(wanted))
        return answer

    def count(self, query: Query) -> int:
        """How many instances and series match. The aggregation needs no scores, unlike a search that counts."""
        return int(self.aggregate(query, {"x": SUMS["documents"]})["x"]["value"])

    def sums(self, query: Query) -> Sums:
        """How many match, and their instances and bytes."""
        return Sums.of(self.aggregate, query)

    def addresses(self, query: Query, number: int) -> list[tantivy.DocAddress]:
        """Where the matching documents are, of which there are so many."""
        if not number:
            return []
        return list(map(_ADDRESS, self.searcher.search(query, limit=number, count=False).hits))

    def terms(self, path: str, size: int = TERMS_LIMIT) -> dict[str, Any]:
        """The aggregation that counts by token; ``size``: more than there can be, or :data:`TERMS_LIMIT`."""
        field = self.layout.text_field(path)
        return {"terms": {"field": field, "size": size, "segment_size": size, "missing": _WITHOUT}}

    def counted(self, query: Query, path: str, answer: Mapping[str, Any], size: int) -> Counted:
        """All counts, from the answer to that aggregation. Fewer buckets than were asked for are all there are: a
        segment that had to leave some out would alone have filled the answer. Else :attr:`Counted.without` is not
        counted."""
        buckets = answer["buckets"]
        if len(buckets) < size:
            counts = {bucket["key"]: bucket["doc_count"] for bucket in buckets}
            return Counted(counts, counts.pop(_WITHOUT, 0))
        field = self.layout.text_field(path)
        with suppress(OverflowError):
            return Counted(many_counts(self._aggregate, self.compiler, query, field, self.count(query)), 0)
        found = self.composite(query, [(field, False)], None, TERMS_LIMIT)
        return Counted({key[0]: number for key, number in found if key[0] is not None}, 0)

    def _aggregate(self, query: Query, wanted: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.aggregate(query, {"x": wanted})["x"]
        return found

    def composite(
        self, query: Query, sources: Sequence[tuple[str, bool]], after: Place | None, size: int
    ) -> Iterator[tuple[Place, int]]:
        """As :func:`~dicomlake.engines.embedded.many.composite`."""
        return composite(self._aggregate, query, sources, after, size)

    def _everything(self, level: RecordLevel) -> Sums:
        return self.sums(self.at_level(Everything(), level))

    def _whole(self, level: RecordLevel, path: str) -> Whole:
        query = self.at_level(Everything(), level)
        documents = self.everything(level).documents
        missing = documents - self.count(self.at_level(Has(path), level))
        buckets = self._aggregate(query, self.terms(path))["buckets"]
        if len(buckets) >= TERMS_LIMIT:
            return Whole(None, missing, told=False, cost=4.0)
        counts = {bucket["key"]: bucket["doc_count"] for bucket in buckets}
        without = counts.pop(_WITHOUT, 0)
        several = sum(counts.values()) > documents - without
        # Measured: Tantivy counts a column with gaps twice as slowly as one without, and one of lists four times.
        cost = 4.0 if several else 2.0 if without else 1.0
        return Whole(counts, missing, told=without == missing, cost=cost)

    def _mixed(self, level: RecordLevel, path: str, letter: str) -> bool:
        """Whether a document has a token of a path that is of another type than this one."""
        others = Any_(tuple(Between(path, other, other, None) for other in LETTERS if other != letter))
        return self.count(self.at_level(others, level)) > 0

    def _beside(self, part: Resolved) -> Query:
        """The documents with another series in their study that matches: those of the studies of all matching series,
        but for the one series of a study that alone does."""
        alone: dict[int, int] = {}
        studies: set[int] = set()
        query = self.at_level(part, "series")
        addresses = self.addresses(query, self.count(query))
        columns = (self.searcher.fast_field_values(name, addresses) for name in ("study_hash", "series_hash"))
        for study, series in zip(*columns, strict=True) if addresses else ():
            if study not in studies:
                studies.add(study)
                alone[study] = series
            else:
                alone.pop(study, None)
        among = self.compiler.numbers("study_hash", studies)
        return every([among, differs(self.compiler.numbers("series_hash", alone.values()))])

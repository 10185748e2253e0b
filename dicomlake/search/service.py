"""Search over a lake: request to plan to engine to answer. The CLI and the API give the same answer through here."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import chain
from typing import Any

import orjson

from dicomlake.documents.declared import DECLARED
from dicomlake.documents.instance import InstanceDocument
from dicomlake.engines.base import Found, Hit, Level, Plan, RecordLevel, Sort
from dicomlake.engines.budget import Limits, limited, take
from dicomlake.errors import BadValueError, QueryError
from dicomlake.lake import Lake
from dicomlake.messages import Message
from dicomlake.query.explain import explain, plain_conditions
from dicomlake.query.names import NAME, resolve_name
from dicomlake.query.permalink import parse_filter
from dicomlake.query.resolved import All, Has, Resolved
from dicomlake.search import cursor, export, facets, hits, warm
from dicomlake.search.details import Details, steadily
from dicomlake.search.histogram import BINS, Drawing, histogram
from dicomlake.search.request import (
    MAX_FACET_LIMIT,
    MAX_FACETS,
    MAX_FIELDS,
    MAX_HISTOGRAMS,
    MAX_LIMIT,
    MAX_SKIP,
    MAX_SORTS,
    SearchRequest,
)
from dicomlake.search.scales import LETTERS, Scales
from dicomlake.search.selection import Selection
from dicomlake.search.suggest import Suggester

LEVELS: tuple[Level, ...] = ("instance", "series", "study", "patient")


class Searcher:
    """Answers requests over one lake. Safe to share between threads: every search looks at one commit."""

    def __init__(self, lake: Lake, limits: Limits | None = None) -> None:
        self._lake = lake
        self._limits = limits
        self._engine = lake.engine
        self._secret = lake.secret
        self._details = Details(lake.engine)
        self._whole: tuple[str, dict[str, int]] = ("", {})
        self._scales = Scales(lake.engine)
        self.suggester = Suggester(lake.engine)

    # Search

    def run(self, request: SearchRequest) -> dict[str, Any]:
        """The answer to a request: ``totals``, ``hits``, ``facets``, ``cursor``, ``approximate``, ``took_ms`` and
        ``generation``; ``histograms`` where some are asked for. Raises QueryError and its kin for what cannot be
        answered."""
        _check_limits(request)
        with limited(self._limits):
            return steadily(lambda: self._answer(request))

    def _answer(self, request: SearchRequest) -> dict[str, Any]:
        started = time.perf_counter()
        self._engine.refresh()
        selection = Selection.of(request)
        asked = [facets.countable(name) for name in request.facets]
        drawings = {name: self._drawing(name, selection, request.level) for name in dict.fromkeys(request.histograms)}
        search = _digest(request)
        plan = Plan(
            level=request.level,
            query=selection.whole(),
            facets=(
                *(facets.plan(field, selection, request) for field in asked),
                *(one for drawing in drawings.values() for one in drawing.facets),
            ),
            histograms=tuple(one for drawing in drawings.values() for one in drawing.histograms),
            sort=sort_plan(request.sort),
            limit=request.limit,
            after=cursor.decode(self._secret, search, request.cursor) if request.cursor else None,
            fast=request.totals == "fast",
        )
        found = self._engine.search(self._begun(plan, request.skip))
        counted = zip(request.facets, asked, found.facets, strict=False)  # those of histograms follow
        answer = {
            "totals": asdict(found.totals) if found.totals else {},
            "hits": self._hits(found, request),
            "facets": {name: facets.shown(field, facet, request)[0] for name, field, facet in counted},
            "cursor": cursor.encode(self._secret, search, found.after) if found.after else None,
            "approximate": list(found.approximate),
            "took_ms": round((time.perf_counter() - started) * 1000, 2),
            "generation": found.generation,
        }
        if drawings:
            answer["histograms"] = self._drawn(drawings, request.level, found, len(asked))
        if request.level == "instance" and (left_out := self._declared(plan.query)):
            answer["declared"] = left_out
        return answer

    def _begun(self, plan: Plan, skip: int) -> Plan:
        """The plan behind its next ``skip`` hits; without hits where there are not so many."""
        if not skip or not plan.limit:
            return plan
        place = self._engine.place(plan, skip)
        return replace(plan, limit=0) if place is None else replace(plan, after=place)

    def _drawing(self, asked: str, selection: Selection, level: Level) -> Drawing:
        """What ``StudyDate`` or ``StudyDate:month`` asks for, over bins that the whole lake's values give."""
        name, interval = parse_filter(asked) if NAME.fullmatch(asked) is None else (asked, None)
        field = resolve_name(name)
        return Drawing(field, selection.beside(field), self._scales.of(field, level, interval))

    def _drawn(
        self, drawings: Mapping[str, Drawing], level: Level, found: Found, place: int
    ) -> dict[str, dict[str, Any]]:
        """The histograms by name as asked; ``place``: where their facets begin."""
        drawn = {}
        histograms, counted = iter(found.histograms), iter(found.facets[place:])
        for name, drawing in drawings.items():
            own = [next(histograms) for _ in drawing.histograms], [next(counted) for _ in drawing.facets]
            drawn[name] = drawing.shown(self._engine, level, *own)
        return drawn

    def _declared(self, query: Resolved) -> dict[str, int]:
        """Matching series that an index declares, and their instances: there are none to find at instance level."""
        found = self._engine.search(Plan(query=All((query, Has(DECLARED))), limit=0)).totals
        return {"series": found.series, "instances": found.instances} if found and found.series else {}

    def facet(self, name: str, request: SearchRequest) -> dict[str, Any]:
        """The values of one field under a search, as the request's ``facet_limit``, ``facet_sort`` and
        ``facet_contains`` list them. Raises QueryError and its kin."""
        self._engine.refresh()
        field = facets.countable(name)
        plan = facets.plan(field, Selection.of(request), request)
        with limited(self._limits):
            found = self._engine.search(Plan(level=request.level, facets=(plan,), limit=0, totals=False)).facets[0]
            values, more = facets.shown(field, found, request)
        return {"field": name, "label": field.label, "values": values, "more": more}

    def histogram(
        self, name: str, request: SearchRequest, interval: str | None = None, bins: int = BINS
    ) -> dict[str, Any]:
        """Counts of one field by ranges under a search, what it chooses and excludes of the field itself aside
        (:mod:`dicomlake.search.histogram`)."""
        self._engine.refresh()
        field = resolve_name(name)
        query = Selection.of(request).beside(field)
        with limited(self._limits):
            return histogram(self._engine, field, query, request.level, interval, bins)

    def _hits(self, found: Found, request: SearchRequest) -> list[dict[str, Any]]:
        fields = dict.fromkeys(
            [*hits.default_fields(request.level), *(resolve_name(name).path for name in request.fields)]
        )
        if request.level != "instance":
            return [hits.from_members(hit, request.level, fields) for hit in found.hits]
        return [self._instance_hit(hit, fields, found.generation) for hit in found.hits]

    def _instance_hit(self, hit: Hit, fields: Mapping[str, None], generation: str) -> dict[str, Any]:
        member = hit.members[0]
        shown = hits.from_body(member, self._details.body(member, generation), fields)
        take(len(orjson.dumps(shown)))
        return shown

    def plan(self, plan: Plan) -> Found:
        """What the engine finds for a plan, within the limits of a search: for questions that are no page of hits."""
        self._engine.refresh()
        with limited(self._limits):
            return self._engine.search(plan)

    def explain(self, request: SearchRequest) -> dict[str, Any]:
        """What the selection of a request means: its query text as it was read and what each name in it stands for
        (:mod:`dicomlake.query.explain`), the conditions of what is chosen and excluded, and what the engine runs."""
        told, selection = explain(request.q), Selection.of(request)
        by_field = {"filters": selection.chosen, "exclude": selection.excluded}
        conditions = {
            part: {path: plain_conditions(condition) for path, condition in of.items()} for part, of in by_field.items()
        }
        level: RecordLevel = "instance" if request.level == "instance" else "series"
        return {**told.plain(), "level": level, **conditions, "engine": self._engine.describe(level, selection.whole())}

    def export(self, request: SearchRequest, form: export.Format) -> Iterator[bytes]:
        """All hits of a request, as files hold them, over one commit. Its page, facets and totals are left aside.

        What cannot be answered is refused at once, by QueryError and its kin, and so is what fails in the first rows:
        the first bytes are there when this returns.
        """
        _check_limits(request)
        self._engine.refresh()
        wanted = export.columns(request.level, request.fields)
        query, sort = Selection.of(request).whole(), sort_plan(request.sort)
        rows = export.rows(self._engine.moment(), request.level, query, sort, wanted)
        chunks = export.FORMATS[form](rows, wanted)
        with limited(self._limits and replace(self._limits, size=sys.maxsize)):  # finding is limited, the file is not
            first = next(chunks, b"")
        return chain((first,), chunks)

    # Details

    def study(self, uid: str) -> dict[str, Any]:
        """A study and its series. Raises NotFoundError."""
        return self._details.study(uid)

    def series(self, uid: str) -> dict[str, Any]:
        """A series: its roll-up, its instances, and the attributes they all have in common. Raises NotFoundError."""
        return self._details.series(uid)

    def instance(self, uid: str) -> dict[str, Any]:
        """The whole document of an instance. Raises NotFoundError."""
        return self._details.instance(uid)

    def documents(self, uids: Sequence[str]) -> dict[str, InstanceDocument]:
        """The documents of instances, by SOPInstanceUID; those that are not in the lake are left out."""
        return self._details.documents(uids)

    def documents_of_series(self, uids: Sequence[str]) -> Iterator[tuple[str, list[InstanceDocument], bool]]:
        """The documents of series, one series at a time, and whether it is declared by an index, and so has none.
        Series that are not in the lake are left out."""
        return self._details.documents_of_series(uids)

    # The lake itself

    def warm(self) -> None:
        """Have made ready what people ask for first, beside the searches; returns at once."""
        self._engine.prepare(warm.plans())

    def generation(self) -> str:
        """The state of the index that the next answer is of, or of a later one."""
        return self._engine.refresh()

    def stats(self) -> dict[str, Any]:
        """Totals of the lake, what the catalogue saw, and the engine's numbers."""
        self._engine.refresh()
        stats = self._engine.stats()
        return {
            "totals": self._totals(stats.generation),
            "files": self._lake.catalog.counts(),
            "index": {"bytes": stats.size, "generation": stats.generation, **stats.extra},
        }

    def _totals(self, generation: str) -> dict[str, int]:
        """Totals of the whole lake, counted once a generation: probes and scrapers ask for them all the time."""
        known = self._whole
        if known[0] != generation:
            found = self._engine.search(Plan(limit=0))
            known = self._whole = (found.generation, asdict(found.totals) if found.totals else {})
        return known[1]


def sort_plan(names: Iterable[str]) -> tuple[Sort, ...]:
    """The order that these names ask for. Raises UnknownFieldError and BadValueError."""
    return tuple(_sort(name) for name in names)


def _sort(name: str) -> Sort:
    field = resolve_name(name.removeprefix("-"))
    if field.kind in ("binary", "sequence"):
        raise BadValueError(
            Message("{path} holds no values to sort by; name a field inside it", path=field.path), field=field.path
        )
    return Sort(field.path, name.startswith("-"), LETTERS.get(field.kind))


def _digest(request: SearchRequest) -> bytes:
    """What the request's cursors are bound to."""
    chosen, excluded = ({k: list(v) for k, v in values.items()} for values in (request.filters, request.exclude))
    ranges = {k: [list(bounds) for bounds in listed] for k, listed in request.ranges.items()}
    return cursor.digest(request.q, chosen, excluded, request.level, list(request.sort), *([ranges] if ranges else []))


def _check_limits(request: SearchRequest) -> None:
    def bounded(name: Message, value: int, low: int, high: int) -> None:
        if not low <= value <= high:
            raise QueryError(
                Message(
                    "{name} is {value}; it must be from {low} to {high}", name=name, value=value, low=low, high=high
                ),
                field=str(name),
            )

    if request.level not in LEVELS:
        raise QueryError(
            Message(
                "there is no level {level!r}; choose one of {levels}", level=request.level, levels=", ".join(LEVELS)
            ),
            field="level",
        )
    bounded(Message("limit"), request.limit, 0, MAX_LIMIT)
    bounded(Message("skip"), request.skip, 0, MAX_SKIP)
    bounded(Message("facet_limit"), request.facet_limit, 1, MAX_FACET_LIMIT)
    bounded(Message("the number of facets"), len(request.facets), 0, MAX_FACETS)
    bounded(Message("the number of sort fields"), len(request.sort), 0, MAX_SORTS)
    bounded(Message("the number of filtered fields"), len(request.filters), 0, MAX_FACETS)
    bounded(Message("the number of fields with ranges"), len(request.ranges), 0, MAX_FACETS)
    bounded(Message("the number of histograms"), len(request.histograms), 0, MAX_HISTOGRAMS)
    bounded(Message("the number of fields with exclusions"), len(request.exclude), 0, MAX_FACETS)
    bounded(Message("the number of fields of a hit"), len(request.fields), 0, MAX_FIELDS)

"""Search over a lake: request to plan to engine to answer. The CLI and the API give the same answer through here."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

import orjson

from dicomlake.documents.declared import DECLARED
from dicomlake.documents.instance import InstanceDocument
from dicomlake.documents.kept import KeptSeries, in_order
from dicomlake.documents.sharing import common_part
from dicomlake.engines.base import Facet, FacetPlan, Found, Hit, Level, Member, Plan, Sort
from dicomlake.engines.budget import Limits, limited, take
from dicomlake.errors import BadValueError, LakeError, NotFoundError, QueryError
from dicomlake.lake import Lake
from dicomlake.query.names import resolve_name
from dicomlake.query.resolve import filters_to_resolved, resolve
from dicomlake.query.resolved import All, Has, Match, Resolved
from dicomlake.query.text import parse
from dicomlake.query.values import token_display, value_tokens
from dicomlake.search import cursor, hits
from dicomlake.search.histogram import BINS, histogram
from dicomlake.search.request import (
    MAX_FACET_LIMIT,
    MAX_FACETS,
    MAX_FIELDS,
    MAX_FILTER_VALUES,
    MAX_LIMIT,
    MAX_SORTS,
    SearchRequest,
)
from mappings.field import ResolvedField
from mappings.normal import fold, text_token

KEPT_SERIES = 8
"""Series whose decoded headers stay in memory between requests; a series of 500 instances takes some 10 MB."""

LEVELS: tuple[Level, ...] = ("instance", "series", "study", "patient")


ATTEMPTS = 10
"""Times that an answer is begun when commits keep coming in between."""


class _Moved(Exception):
    """An instance that was found is no longer among the kept headers of its series."""


class Searcher:
    """Answers requests over one lake. Safe to share between threads: every search looks at one commit."""

    def __init__(self, lake: Lake, limits: Limits | None = None) -> None:
        self._lake = lake
        self._limits = limits
        self._engine = lake.engine
        self._secret = lake.secret
        self._kept = lru_cache(maxsize=KEPT_SERIES)(self._load_kept)

    # Search

    def run(self, request: SearchRequest) -> dict[str, Any]:
        """The answer to a request: ``totals``, ``hits``, ``facets``, ``cursor``, ``approximate``, ``took_ms`` and
        ``generation``. Raises QueryError and its kin for what cannot be answered."""
        _check_limits(request)
        with limited(self._limits):
            return self._steadily(lambda: self._answer(request))

    def _answer(self, request: SearchRequest) -> dict[str, Any]:
        started = time.perf_counter()
        self._engine.refresh()
        base, filters = self._conditions(request)
        search = cursor.digest(request.q, {k: list(v) for k, v in request.filters.items()}, request.level, request.sort)
        plan = Plan(
            level=request.level,
            query=_combined(base, filters),
            facets=tuple(self._facet_plan(name, base, filters, request) for name in request.facets),
            sort=tuple(_sort(name) for name in request.sort),
            limit=request.limit,
            after=cursor.decode(self._secret, search, request.cursor) if request.cursor else None,
            fast=request.totals == "fast",
        )
        found = self._engine.search(plan)
        answer = {
            "totals": asdict(found.totals) if found.totals else {},
            "hits": self._hits(found, request),
            "facets": {
                name: _facet_values(facet, _selected(resolve_name(name), request))
                for name, facet in zip(request.facets, found.facets, strict=True)
            },
            "cursor": cursor.encode(self._secret, search, found.after) if found.after else None,
            "approximate": list(found.approximate),
            "took_ms": round((time.perf_counter() - started) * 1000, 2),
            "generation": found.generation,
        }
        if request.level == "instance" and (left_out := self._declared(plan.query)):
            answer["declared"] = left_out
        return answer

    def _declared(self, query: Resolved) -> dict[str, int]:
        """Matching series that an index declares, and their instances: there are none to find at instance level."""
        found = self._engine.search(Plan(query=All((query, Has(DECLARED))), limit=0)).totals
        return {"series": found.series, "instances": found.instances} if found and found.series else {}

    def facet(self, name: str, request: SearchRequest, limit: int = 100, contains: str = "") -> dict[str, Any]:
        """All values of one field under a search: most first, those only whose text contains ``contains``."""
        with limited(self._limits):
            return self._all_values(name, request, limit, contains)

    def _all_values(self, name: str, request: SearchRequest, limit: int, contains: str) -> dict[str, Any]:
        self._engine.refresh()
        field = resolve_name(name)
        base, filters = self._conditions(request)
        asked = replace(request, facet_limit=MAX_FACET_LIMIT * 100 if contains else limit)
        plan = self._facet_plan(name, base, filters, asked)
        found = self._engine.search(Plan(level=request.level, facets=(plan,), limit=0, totals=False)).facets[0]
        values = _facet_values(found, _selected(field, request))
        if contains:
            wanted = fold(contains)
            values = [
                v for v in values if v["selected"] or (v["value"] is not None and wanted in fold(str(v["value"])))
            ]
        listed = [v for place, v in enumerate(values) if place < limit or v["selected"]]
        return {
            "field": name,
            "label": field.label,
            "values": listed,
            "more": found.more or len(listed) < len(values),
        }

    def histogram(
        self, name: str, request: SearchRequest, interval: str | None = None, bins: int = BINS
    ) -> dict[str, Any]:
        """Counts of one field by ranges under a search, its own filter aside (:mod:`dicomlake.search.histogram`)."""
        self._engine.refresh()
        field = resolve_name(name)
        base, filters = self._conditions(request)
        with limited(self._limits):
            return histogram(self._engine, field, _others(base, filters, field), request.level, interval, bins)

    def _conditions(self, request: SearchRequest) -> tuple[Resolved, dict[str, Resolved]]:
        for name, values in request.filters.items():
            if len(values) > MAX_FILTER_VALUES:
                raise QueryError(f"{len(values)} values of {name} are too many for a filter; {MAX_FILTER_VALUES} fit")
        return resolve(parse(request.q)), filters_to_resolved(request.filters)

    def _facet_plan(
        self, name: str, base: Resolved, filters: Mapping[str, Resolved], request: SearchRequest
    ) -> FacetPlan:
        field = resolve_name(name)
        if field.kind in ("binary", "sequence"):
            raise BadValueError(f"{name} holds no values to count; ask for a field inside it", field=name)
        selected = tuple(dict.fromkeys(token for readings in _selected(field, request) for token in readings))
        return FacetPlan(field.path, _others(base, filters, field), request.facet_limit, selected)

    def _hits(self, found: Found, request: SearchRequest) -> list[dict[str, Any]]:
        fields = dict.fromkeys(
            [*hits.default_fields(request.level), *(resolve_name(name).path for name in request.fields)]
        )
        if request.level != "instance":
            return [hits.from_members(hit, request.level, fields) for hit in found.hits]
        return [self._instance_hit(hit, fields, found.generation) for hit in found.hits]

    def _instance_hit(self, hit: Hit, fields: Mapping[str, None], generation: str) -> dict[str, Any]:
        member = hit.members[0]
        shown = hits.from_body(member, self._body(member, generation), fields)
        take(len(orjson.dumps(shown)))
        return shown

    def _body(self, member: Member, generation: str) -> dict[str, Any]:
        kept = self._kept(member.series, generation)
        if member.uid not in kept.instances:
            raise _Moved
        return kept.body(member.uid)

    def _steadily(self, answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """An answer, begun again when a commit came between what it found and the headers it then read."""
        for _ in range(ATTEMPTS):
            try:
                return answer()
            except _Moved:
                continue
        raise LakeError("the lake changes faster than this can be answered; ask again in a moment")

    def _load_kept(self, series: str, generation: str) -> KeptSeries:
        kept = self._engine.kept([series]).get(series)
        return KeptSeries.decode(kept) if kept is not None else KeptSeries()

    # Details

    def study(self, uid: str) -> dict[str, Any]:
        """A study and its series. Raises NotFoundError."""
        condition = Match("StudyInstanceUID", (text_token(uid),))
        self._engine.refresh()
        fields = hits.default_fields("series")
        studies = self._engine.search(Plan("study", condition, limit=1))
        if not studies.hits:
            raise NotFoundError(f"no study {uid} in this lake")
        plan = Plan("series", condition, sort=(Sort("SeriesNumber"),), limit=MAX_LIMIT, totals=False)
        listed: list[dict[str, Any]] = []
        while True:
            found = self._engine.search(plan)
            listed += [hits.from_members(hit, "series", fields) for hit in found.hits]
            if found.after is None:
                break
            plan = replace(plan, after=found.after)
        return {"study": hits.from_members(studies.hits[0], "study", fields), "series": listed}

    def series(self, uid: str) -> dict[str, Any]:
        """A series: its roll-up, its instances, and the attributes they all have in common. Raises NotFoundError."""
        generation = self._engine.refresh()
        member = self._engine.get("series", [uid]).get(uid)
        if member is None:
            raise NotFoundError(f"no series {uid} in this lake")
        kept = self._kept(uid, generation)
        documents = kept.documents()
        instances = [_listed(document) for document in documents]
        instances.sort(key=lambda one: (_number(one.get("InstanceNumber")), one["SOPInstanceUID"]))
        return {
            "series": hits.everything_shown(member),
            "instances": instances,
            "common": in_order(common_part(documents)),
        }

    def instance(self, uid: str) -> dict[str, Any]:
        """The whole document of an instance. Raises NotFoundError."""
        return self._steadily(lambda: self._instance(uid))

    def _instance(self, uid: str) -> dict[str, Any]:
        generation = self._engine.refresh()
        member = self._engine.get("instance", [uid]).get(uid)
        if member is None:
            raise NotFoundError(f"no instance {uid} in this lake")
        return self._body(member, generation)

    # The lake itself

    def stats(self) -> dict[str, Any]:
        """Totals of the lake, what the catalogue saw, and the engine's numbers."""
        self._engine.refresh()
        found = self._engine.search(Plan(limit=0))
        stats = self._engine.stats()
        return {
            "totals": asdict(found.totals) if found.totals else {},
            "files": self._lake.catalog.counts(),
            "index": {"bytes": stats.size, "generation": stats.generation, **stats.extra},
        }


def _listed(document: InstanceDocument) -> dict[str, Any]:
    """An instance as the list of its series shows it."""
    body = document.body
    shown = {key: body[key] for key in ("InstanceNumber", "location", "fileSize") if body.get(key) is not None}
    return {"SOPInstanceUID": document.uid, **shown}


def _number(value: object) -> tuple[bool, float]:
    return (False, value) if isinstance(value, int | float) else (True, 0.0)


def _others(base: Resolved, filters: Mapping[str, Resolved], field: ResolvedField) -> Resolved:
    """Everything asked for but the filter on the field itself, so that its other values keep their counts."""
    return _combined(base, {path: condition for path, condition in filters.items() if path != field.path})


def _combined(base: Resolved, filters: Mapping[str, Resolved]) -> Resolved:
    return All((base, *filters.values())) if filters else base


def _sort(name: str) -> Sort:
    field = resolve_name(name.removeprefix("-"))
    if field.kind in ("binary", "sequence"):
        raise BadValueError(f"{field.path} holds no values to sort by; name a field inside it", field=field.path)
    return Sort(field.path, name.startswith("-"))


def _selected(field: ResolvedField, request: SearchRequest) -> list[tuple[str | None, ...]]:
    """For each value the request selects of a field the tokens it can stand for, the likeliest first."""
    values = [v for name, vs in request.filters.items() if resolve_name(name).path == field.path for v in vs]
    return [(None,) if value is None else value_tokens(field.kind, value) for value in values]


def _facet_values(facet: Facet, selected: list[tuple[str | None, ...]]) -> list[dict[str, Any]]:
    """A selected value that nothing has is listed once, with 0, however many tokens it can stand for."""
    take(sum(len(one.token or "") for one in facet.counts))
    counted = {one.token for one in facet.counts if one.count}
    missed = {readings[0] for readings in selected if counted.isdisjoint(readings)}
    chosen = {token for readings in selected for token in readings}
    return [
        {
            "value": None if one.token is None else token_display(one.token),
            "count": one.count,
            "selected": one.token in chosen,
        }
        for one in facet.counts
        if one.count or one.token in missed
    ]


def _check_limits(request: SearchRequest) -> None:
    def bounded(name: str, value: int, low: int, high: int) -> None:
        if not low <= value <= high:
            raise QueryError(f"{name} is {value}; it must be from {low} to {high}", field=name)

    if request.level not in LEVELS:
        raise QueryError(f"there is no level {request.level!r}; choose one of {', '.join(LEVELS)}", field="level")
    bounded("limit", request.limit, 0, MAX_LIMIT)
    bounded("facet_limit", request.facet_limit, 1, MAX_FACET_LIMIT)
    bounded("the number of facets", len(request.facets), 0, MAX_FACETS)
    bounded("the number of sort fields", len(request.sort), 0, MAX_SORTS)
    bounded("the number of filtered fields", len(request.filters), 0, MAX_FACETS)
    bounded("the number of fields of a hit", len(request.fields), 0, MAX_FIELDS)

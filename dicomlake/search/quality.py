"""What is wrong with the headers of a lake, and which values no rule knows. All counts are exact."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import yaml

from dicomlake import site
from dicomlake.engines.base import Level
from dicomlake.errors import NotFoundError
from dicomlake.headers import quality
from dicomlake.search.request import MAX_FACET_LIMIT, SearchRequest
from dicomlake.search.service import Searcher
from mappings import registry
from mappings.field import Field
from mappings.normal import words

EVERYTHING: Final = SearchRequest()


def codes(searcher: Searcher, q: str = "", within: SearchRequest = EVERYTHING) -> list[dict[str, Any]]:
    """The quality codes among what a query, or what a request selects, finds; those of most instances first.

    Each with ``code``, its ``title``, ``description`` and ``standard``, ``instances`` and ``series`` that have it, and
    an ``example``: ``SOPInstanceUID``, ``location``, and ``path`` and ``detail`` of the issue. Raises QueryError.
    """
    known = quality.codes()
    within = replace(within, q=q) if q else within
    found = []
    for code, counted in _counts(searcher, "quality", within).items():
        about = known.get(code)
        explained = {name: getattr(about, name, "") for name in ("title", "description", "standard")}
        found.append({"code": code, **explained, **counted, "example": _example(searcher, within, code)})
    return sorted(found, key=lambda one: (-one["instances"], one["code"]))


def unmapped(searcher: Searcher, q: str = "") -> list[dict[str, Any]]:
    """The values that no rule knows, for each field with canonical values or a group: ``field``, ``label``, its
    ``table`` and ``values``, each with ``value``, ``instances`` and ``series``, the most frequent first. Raises
    QueryError."""
    tables = site.current().tables
    return [
        {
            "field": field.keyword,
            "label": field.label,
            "table": name,
            "values": sorted(
                (
                    {"value": value, **counted}
                    for value, counted in _counts(searcher, field.keyword, SearchRequest(q)).items()
                    if isinstance(value, str) and tables[name].find(value) is None
                ),
                key=lambda one: (-one["instances"], one["value"]),
            ),
        }
        for field, name in _canonicalised()
    ]


def rules_to_edit(found: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rules that make the values of :func:`unmapped` their own canonical values, in the form of a site's file, for
    somebody who knows better to edit. What is compared alike is one rule; what has no letter and no digit gets none."""
    rules: dict[str, dict[str, Any]] = {}
    for one in found:
        table = site.current().tables[one["table"]]
        alike: dict[str, list[Mapping[str, Any]]] = {}
        for value in one["values"]:
            if words(value["value"]):
                alike.setdefault(table.bare(value["value"]).replace(" ", ""), []).append(value)
        for bare, values in alike.items():
            whole = [v["value"] for v in values if "".join(words(v["value"])) == bare]
            name = whole[0] if whole else table.bare(values[0]["value"])
            note = ", ".join(f"{v['value']}: {v['instances']} instances" for v in values)
            rules.setdefault(one["table"], {})[name] = {"names": [name], "note": note}
    return rules


_HEAD: Final = """\
# Values that no rule knows, each as its own canonical value. Write the canonical value in place of a key; where two
# keys become the same, put their names into one list; remove what should stay as it is. Then set
# DICOMLAKE_CANONICAL_FILE to this file and build the lake anew: dicomlake engine migrate
"""


def file_to_edit(found: Iterable[Mapping[str, Any]], before: str = "") -> tuple[str, int]:
    """The text of a site's file, of the rules that its text ``before`` has and :func:`rules_to_edit`, and how many were
    added."""
    rules = yaml.safe_load(before) or {}
    added = rules_to_edit(found)
    for name, more in added.items():
        rules[name] = (rules.get(name) or {}) | more
    text = _HEAD + yaml.safe_dump(rules, allow_unicode=True, sort_keys=False, width=120)
    return text, sum(map(len, added.values()))


def _canonicalised() -> Iterator[tuple[Field, str]]:
    """Fields with canonical values or a group, and the table of either."""
    for field in registry.load().fields:
        for table in dict.fromkeys(filter(None, (field.canonical, *field.companions.values()))):
            yield field, table


def _counts(searcher: Searcher, name: str, within: SearchRequest) -> dict[Any, dict[str, int]]:
    """Instances and series of every value of a field."""
    found: dict[Any, dict[str, int]] = {}
    for level, counted in _LEVELS.items():
        request = replace(_selecting(within), level=level, facet_limit=MAX_FACET_LIMIT)
        while (answer := searcher.facet(name, request))["more"]:
            request = replace(request, facet_limit=request.facet_limit * 10)
        for one in answer["values"]:
            if one["value"] is not None:
                found.setdefault(one["value"], dict.fromkeys(_LEVELS.values(), 0))[counted] = one["count"]
    return found


_LEVELS: Final[dict[Level, str]] = {"instance": "instances", "series": "series"}


_NOWHERE: Final = {"path": "", "detail": ""}


def _selecting(within: SearchRequest) -> SearchRequest:
    """What a request selects, without facets, order and page."""
    return SearchRequest(q=within.q, filters=within.filters, exclude=within.exclude, ranges=within.ranges)


def _example(searcher: Searcher, within: SearchRequest, code: str) -> dict[str, Any] | None:
    """The first instance with a code and its first issue of this code; for a code that series have by themselves the
    first instance of the first of them, without path and detail. None when there is none, or it has gone meanwhile."""
    filters = {**within.filters, "quality": [code]}
    request = replace(_selecting(within), level="instance", filters=filters, limit=1, totals="fast")
    hits = searcher.run(request)["hits"]
    try:
        if not hits:
            series = searcher.run(replace(request, level="series"))["hits"]
            listed = searcher.series(series[0]["SeriesInstanceUID"])["instances"] if series else []
            if not listed:  # an index declares the series
                return None
            return {**{name: listed[0][name] for name in ("SOPInstanceUID", "location")}, **_NOWHERE}
        body = searcher.instance(hits[0]["SOPInstanceUID"])
    except NotFoundError:
        return None
    for issue in body.get("quality", ()):
        if issue["code"] == code:
            return {name: {**body, **issue}[name] for name in ("SOPInstanceUID", "location", "path", "detail")}
    return None

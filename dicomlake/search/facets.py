"""Facets: which values a field has under a search, and how they are listed."""

from typing import Any, Final

from dicomlake.engines.base import Facet, FacetCount, FacetPlan
from dicomlake.engines.budget import take
from dicomlake.errors import BadValueError
from dicomlake.messages import Message
from dicomlake.query.names import resolve_name
from dicomlake.query.resolved import All, Any_, Between, Has, Like, Match, Not, Resolved, Wild
from dicomlake.query.values import token_display
from dicomlake.search.request import SearchRequest
from dicomlake.search.selection import Selection, readings
from mappings.field import ResolvedField
from mappings.normal import fold

ALL_VALUES: Final = 1_000_000
"""Values that are looked through where the most frequent ones are not enough: to search among them, to sort them."""

_NO_TEXT: Final = "ndmt"
"""Type letters of values that are no text."""


def countable(name: str) -> ResolvedField:
    """The field of a name. Raises UnknownFieldError, and BadValueError when it has no values to count."""
    field = resolve_name(name)
    if field.kind in ("binary", "sequence"):
        raise BadValueError(
            Message("{name} holds no values to count; ask for a field inside it", name=name), field=name
        )
    return field


def plan(field: ResolvedField, selection: Selection, request: SearchRequest) -> FacetPlan:
    """What an engine must count to answer :func:`shown`."""
    named = (*readings(field, request.filters), *readings(field, request.exclude))
    listed = tuple(dict.fromkeys(token for tokens in named for token in tokens))
    every = request.facet_contains or request.facet_sort == "value"
    query = selection.beside(field)
    if request.facet_contains:
        query = All((query, _perhaps_listed(field, fold(request.facet_contains), listed)))
    return FacetPlan(field.path, query, ALL_VALUES if every else request.facet_limit, listed)


def _perhaps_listed(field: ResolvedField, wanted: str, listed: tuple[str | None, ...]) -> Resolved:
    """Documents with a value that may be listed: counting these alone is quicker than counting all."""
    other: list[Resolved] = [Between(field.path, letter, None, None) for letter in _NO_TEXT]
    named = tuple(token for token in listed if token is not None)
    if named:
        other.append(Match(field.path, named))
    if None in listed:
        other.append(Not(Has(field.path)))
    return Any_((Like(field.path, (Wild(True), wanted, Wild(True))), *other))


def shown(field: ResolvedField, facet: Facet, request: SearchRequest) -> tuple[list[dict[str, Any]], bool]:
    """The values as they are listed, and whether there are more.

    Values that the request chooses or excludes are always listed, once each, with 0 when nothing has them, however many
    tokens they can stand for. ``excluded`` is set on those that are, and left out elsewhere.
    """
    take(sum(len(one.token or "") for one in facet.counts))
    chosen, excluded = readings(field, request.filters), readings(field, request.exclude)
    counted = {one.token for one in facet.counts if one.count}
    missed = {tokens[0] for tokens in (*chosen, *excluded) if counted.isdisjoint(tokens)}
    selected = {token for tokens in chosen for token in tokens}
    left_out = {token for tokens in excluded for token in tokens}
    named = selected | left_out
    wanted = fold(request.facet_contains)
    counts = [one for one in facet.counts if one.count or one.token in missed]
    if request.facet_sort == "value":
        counts.sort(key=_by_value)
    fitting = [one for one in counts if one.token in named or not wanted or _contains(one, wanted)]
    listed = [one for place, one in enumerate(fitting) if place < request.facet_limit or one.token in named]
    return [_entry(one, selected, left_out) for one in listed], facet.more or len(listed) < len(fitting)


def _contains(one: FacetCount, wanted: str) -> bool:
    return one.token is not None and wanted in fold(str(token_display(one.token)))


def _by_value(one: FacetCount) -> tuple[bool, str, str, str]:
    """Numbers and moments in their order, text without regard to case and accents, missing last."""
    if one.token is None:
        return True, "", "", ""
    letter, form = one.token[0], one.token[1:]
    return False, letter, fold(form) if letter == "s" else form, form


def _entry(one: FacetCount, selected: set[str | None], excluded: set[str | None]) -> dict[str, Any]:
    value = None if one.token is None else token_display(one.token)
    entry = {"value": value, "count": one.count, "selected": one.token in selected}
    return entry | {"excluded": True} if one.token in excluded else entry

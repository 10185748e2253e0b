"""What a request selects: its query, the values it chooses and those it excludes, as conditions by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from dicomlake.errors import QueryError
from dicomlake.messages import Message
from dicomlake.query.names import resolve_name
from dicomlake.query.resolve import choices_to_resolved, filters_to_resolved, resolve
from dicomlake.query.resolved import All, Not, Resolved
from dicomlake.query.text import parse
from dicomlake.query.values import value_tokens
from dicomlake.search.request import MAX_FILTER_VALUES, MAX_RANGES, FilterValue, SearchRequest
from mappings.field import ResolvedField

Values = Mapping[str, Sequence[FilterValue]]

Readings = list[tuple[str | None, ...]]
"""For each value the tokens it can stand for, the likeliest first; None is missing."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The conditions of a request: of its query text, and of each field by path those of filters and
    ranges (``chosen``) and of exclusions."""

    query: Resolved
    chosen: Mapping[str, Resolved]
    excluded: Mapping[str, Resolved]

    @classmethod
    def of(cls, request: SearchRequest) -> Self:
        """Resolve a request. Raises QueryError and its kin."""
        for values in (request.filters, request.exclude):
            _check(values)
        for name, ranges in request.ranges.items():
            if len(ranges) > MAX_RANGES:
                raise QueryError(
                    Message(
                        "{count} ranges of {name} are too many; {most} fit",
                        count=len(ranges),
                        name=name,
                        most=MAX_RANGES,
                    )
                )
        excluded = filters_to_resolved(request.exclude)
        return cls(
            resolve(parse(request.q)),
            choices_to_resolved(request.filters, request.ranges),
            {path: Not(condition) for path, condition in excluded.items()},
        )

    def whole(self) -> Resolved:
        """Everything that is asked for."""
        return self._but(None)

    def beside(self, field: ResolvedField) -> Resolved:
        """All that is asked for but what is chosen or excluded of one field: its other values keep their counts."""
        return self._but(field.path)

    def _but(self, path: str | None) -> Resolved:
        own = (one for by_path in (self.chosen, self.excluded) for at, one in by_path.items() if at != path)
        parts = (self.query, *own)
        return All(parts) if len(parts) > 1 else self.query


def readings(field: ResolvedField, values: Values) -> Readings:
    """What is named of one field, under whatever names of it."""
    named = [v for name, vs in values.items() if resolve_name(name).path == field.path for v in vs]
    return [(None,) if value is None else value_tokens(field.kind, value) for value in named]


def _check(values: Values) -> None:
    for name, listed in values.items():
        if len(listed) > MAX_FILTER_VALUES:
            raise QueryError(
                Message(
                    "{count} values of {name} are too many for a filter; {most} fit",
                    count=len(listed),
                    name=name,
                    most=MAX_FILTER_VALUES,
                )
            )

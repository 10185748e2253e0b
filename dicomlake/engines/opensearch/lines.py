"""Searches as jobs ask for them, and the bodies that most of them have."""

import json
from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import orjson

from dicomlake.engines.base import RecordLevel
from dicomlake.engines.opensearch.compile import Dsl
from dicomlake.engines.opensearch.indices import Kind

Answer = dict[str, Any]

T = TypeVar("T")


class Line(NamedTuple):
    """One search: of which index, its body, and how many documents match, where that is known."""

    kind: Kind
    body: Mapping[str, Any]
    documents: int | None = None


Job = Generator[Sequence[Line], Sequence[Answer], T]
"""Asks for searches and is sent their answers, in as many rounds as it needs; gives its result. What several jobs ask
for in one round is one request, and the same search of two jobs is made once."""


def dumped(body: Mapping[str, Any]) -> bytes:
    """A body as JSON."""
    try:
        return orjson.dumps(body)
    except TypeError:  # it goes no deeper than 254 levels; the deepest queries have some 400
        return json.dumps(body).encode()


def kind_of(level: RecordLevel) -> Kind:
    """The index of a level."""
    return "instances" if level == "instance" else "series"


def counting(query: Dsl) -> Mapping[str, Any]:
    """The body of a search that only counts."""
    return {"size": 0, "track_total_hits": True, "query": query}


def aggregating(query: Dsl, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body of a search for aggregations; one by itself is quickest."""
    return {"size": 0, "track_total_hits": False, "query": query, "aggs": wanted}


def total(answer: Answer) -> int:
    """How many documents match."""
    return int(answer["hits"]["total"]["value"])

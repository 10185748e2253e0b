"""Short forms for the conformance tests: fill an engine with tokens, ask it, read the answer."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from dicomlake.engines.base import Engine, FacetPlan, Level, Plan, Sort
from dicomlake.engines.strategies import series_record
from dicomlake.query.resolved import Resolved, Wild
from mappings.normal import words

EngineFactory = Callable[[], AbstractContextManager[Engine]]

ANY, ONE = Wild(True), Wild(False)


def filled(lake: Engine, *documents: Mapping[str, Sequence[str]], first: int = 0) -> None:
    """Commit series 1.2.000, 1.2.001 and so on with these tokens; their words follow from their texts."""
    records = []
    for number, tokens in enumerate(documents, first):
        texts = {path: [token[1:] for token in found if token[0] == "s"] for path, found in tokens.items()}
        runs = {path: tuple(tuple(words(text)) for text in found if words(text)) for path, found in texts.items()}
        one = series_record(f"1.2.{number:03}")
        sorted_tokens = {path: tuple(sorted(set(found))) for path, found in tokens.items()}
        present = frozenset(path for path, found in tokens.items() if found)
        records.append(replace(one, tokens=sorted_tokens, words={p: r for p, r in runs.items() if r}, present=present))
    lake.put(records)
    lake.commit()


def found(lake: Engine, query: Resolved, *sort: Sort, level: Level = "series") -> list[int]:
    """Numbers of the series that a query finds, in order."""
    return [int(hit.key[4:]) for hit in lake.search(Plan(level, query, sort=sort, limit=1_000)).hits]


def facet(lake: Engine, path: str, limit: int = 1_000) -> list[tuple[str | None, int]]:
    """Tokens of a path and their counts."""
    counts = lake.search(Plan(facets=(FacetPlan(path, limit=limit),), limit=0)).facets[0].counts
    return [(one.token, one.count) for one in counts]

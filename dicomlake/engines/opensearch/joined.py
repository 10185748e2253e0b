"""Counts that are quicker asked for in one search than in one each.

A search costs the server half a millisecond whatever it finds, and a condition is read and looked up by each. On the
other hand an aggregation by itself takes less time a document than among others, and searches share the processors. So
counts of few documents, and those under a long condition, are asked for together.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from dicomlake.engines.opensearch.lines import Answer, Line, dumped

FEW: Final = 20_000
"""Documents that are few."""

LONG: Final = 50_000
"""Bytes of a condition that is long."""

SEARCHES: Final = 2
"""Searches that the counts of one condition go into, so that two processors have something to do."""


class Joined(NamedTuple):
    """A search that is sent, and the numbers of the lines it answers."""

    line: Line
    numbers: Sequence[int]

    def answers(self, answer: Answer) -> Iterator[tuple[int, Answer]]:
        """What each of the lines would have been answered."""
        if len(self.numbers) == 1:
            yield self.numbers[0], answer
            return
        parts: dict[str, dict[str, Any]] = {str(number): {} for number in self.numbers}
        for name, found in answer["aggregations"].items():
            number, _, own = name.partition(":")
            parts[number][own] = found
        for number, aggregations in parts.items():
            yield int(number), {**answer, "aggregations": aggregations}


def joined(lines: Sequence[Line]) -> list[Joined]:
    """The searches that answer these lines."""
    found: list[Joined] = []
    groups: dict[tuple[str, bytes], list[int]] = {}
    for number, line in enumerate(lines):
        query = dumped(line.body["query"]) if "aggs" in line.body and "query" in line.body else b""
        few = line.documents is not None and line.documents <= FEW
        if query and (few or len(query) >= LONG):
            groups.setdefault((line.kind, query), []).append(number)
        else:
            found.append(Joined(line, (number,)))
    for (_, query), numbers in groups.items():
        searches = 1 if len(query) >= LONG else SEARCHES
        found += [_one(lines, part) for part in _parts(numbers, searches)]
    return found


def _parts(numbers: Sequence[int], parts: int) -> Iterable[Sequence[int]]:
    return [part for part in (numbers[start::parts] for start in range(parts)) if part]


def _one(lines: Sequence[Line], numbers: Sequence[int]) -> Joined:
    first = lines[numbers[0]]
    if len(numbers) == 1:
        return Joined(first, numbers)
    wanted = {f"{number}:{name}": one for number in numbers for name, one in lines[number].body["aggs"].items()}
    return Joined(first._replace(body={**first.body, "aggs": wanted}), numbers)

"""The values of a path of very many, in steps: ranges of tokens in order, of which a few thousand documents have one.

To ask for a million values one after the other takes half a minute; for the documents of some hundred ranges it takes a
second. What stands in which order within a range is asked when somebody looks there. Ranges begin
where a sample of the documents says, so that they are of about one size. One that has far more documents is parted by
its tokens, and a token that many have is a step of its own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from dicomlake.engines.base import RecordLevel
from dicomlake.engines.embedded import source
from dicomlake.engines.embedded.columns import TOKEN, Codes, InOrder
from dicomlake.engines.embedded.compile import every
from dicomlake.engines.embedded.fetch import places
from dicomlake.engines.embedded.many import TERMS_LIMIT
from dicomlake.engines.kept import Kept
from dicomlake.query.resolved import Between, Everything, Match, Resolved
from mappings.normal import LETTERS

if TYPE_CHECKING:
    from dicomlake.engines.embedded.snapshot import Snapshot

PART: Final = 3_000
"""Documents of a step, about."""

MANY: Final = 10_000
"""Values in a sample from which on a path has very many."""

KEPT: Final = 256
"""Paths, and steps in order of their tokens, that are remembered."""

SAMPLE: Final = 32_000
"""Documents of a sample, about."""

MOST_TOKENS: Final = 8
"""Tokens that a document has, on average, beyond which there are no steps: too many documents would be of too many."""

_UNSAFE: Final = re.compile(r'[\s\x00-\x20"()\[\]{}\\]')
"""What no bound of a range can have: the query text has no way to write it."""

_BOUND: Final = 200
"""Characters of a bound."""


@dataclass(frozen=True, slots=True)
class Step:
    """Tokens from ``low`` up to the one before ``high``, those that documents have; all of them where ``listed``."""

    low: str
    high: str
    listed: tuple[str, ...] = ()

    @property
    def single(self) -> bool:
        """Whether it is of one token."""
        return len(self.listed) == 1

    def condition(self, path: str) -> Resolved:
        """What finds its documents."""
        if self.listed:
            return Match(path, self.listed)
        return Between(path, self.low[0], self.low, self.high, include_high=False)

    def has(self, token: str) -> bool:
        """Whether a token that documents have is one of the step's."""
        return self.low <= token < self.high


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a path in order, and the documents of each: ``codes`` has the first bounds in place of tokens."""

    steps: Sequence[Step]
    codes: Codes

    @property
    def size(self) -> int:
        """Bytes that they take, about."""
        return self.codes.size + TOKEN * sum(1 + len(step.listed) for step in self.steps)


class StepTables:
    """Those of one level in one commit that were looked at last; ``where``: the places of all documents."""

    def __init__(self, snapshot: "Snapshot", level: RecordLevel, where: NDArray[np.int64]) -> None:
        self._snapshot = snapshot
        self._level = level
        self._where = where
        self._steps: Kept[str, Steps] = Kept(KEPT, snapshot.tables // 16)
        self._cells: Kept[tuple[str, str], InOrder] = Kept(KEPT, snapshot.tables // 32)

    def many(self, path: str) -> bool:
        """Whether it would take seconds to ask for each value of a path."""
        return many(self._snapshot, self._level, path, len(self._where))

    def of(self, path: str) -> Steps | None:
        """The steps of a path; None when its documents have too many tokens each."""
        found = self._steps.get(path)
        if found is None and (found := made(self._snapshot, self._level, path, self._where)) is not None:
            self._steps.put(path, found, found.size)
        return found

    def told(self, path: str, step: Step) -> InOrder:
        """The documents of a step in order of their tokens."""
        found = self._cells.get((path, step.low))
        if found is None:
            counts = _counts(self._snapshot, self._level, path, step)
            found = source.in_order(self._snapshot, self._level, path, counts, self._where)
            self._cells.put((path, step.low), found, found.size)
        return found


def sample(snapshot: "Snapshot", level: RecordLevel, path: str, documents: int) -> tuple[list[tuple[str, int]], int]:
    """The tokens of some documents, in order, with how many of these have each; and of how many parts they are one."""
    parts = max(1, documents // SAMPLE)
    while True:
        some = snapshot.compiler.numbers_between("series_hash", 0, 2**64 // parts - 1)
        query = every([snapshot.at_level(Everything(), level), some])
        buckets = snapshot.aggregate(query, {"x": snapshot.terms(path)})["x"]["buckets"]
        if len(buckets) < TERMS_LIMIT or parts > documents:
            return sorted((one["key"], one["doc_count"]) for one in buckets if one["key"][0] in LETTERS), parts
        parts *= 8


def many(snapshot: "Snapshot", level: RecordLevel, path: str, documents: int) -> bool:
    """Whether a path has very many values."""
    return len(sample(snapshot, level, path, documents)[0]) > MANY


def made(snapshot: "Snapshot", level: RecordLevel, path: str, where: NDArray[np.int64]) -> Steps | None:
    """The steps of a path; ``where``: the places of all documents. None when they have too many tokens each."""
    documents = len(where)
    tokens, parts = sample(snapshot, level, path, documents)
    if sum(number for _, number in tokens) * parts > MOST_TOKENS * documents:
        return None
    steps: list[Step] = []
    ids: list[NDArray[np.int32]] = []
    for one in _ranges(tokens, PART / parts):
        for step, found in _parted(snapshot, level, path, one):
            if found:
                steps.append(step)
                ids.append(np.searchsorted(where, places(found)).astype(np.int32))
    ends = np.cumsum([len(found) for found in ids], dtype=np.int64)
    every_id = np.concatenate(ids) if ids else np.zeros(0, np.int32)
    codes = Codes.of(InOrder([step.low for step in steps], ends, every_id), documents, -1)
    return Steps(steps, codes)


def _ranges(tokens: Iterable[tuple[str, int]], weight: float) -> Iterator[Step]:
    """Ranges that cover all there can be, each of tokens of one type and of about so many of the sample."""
    bounds = list(LETTERS)
    last, so_far = "", 0
    for token, number in tokens:
        if token[0] != last[:1]:
            last, so_far = token[0], 0
        bound = _UNSAFE.split(token[:_BOUND], maxsplit=1)[0]
        if so_far + number > weight and bound > last:
            bounds.append(bound)
            last, so_far = bound, 0
        so_far += number
    bounds.sort()
    for low, high in zip(bounds, [*bounds[1:], ""], strict=True):
        yield Step(low, high if high[:1] == low[0] else chr(ord(low[0]) + 1))


def _parted(snapshot: "Snapshot", level: RecordLevel, path: str, step: Step) -> Iterator[tuple[Step, list[Any]]]:
    """The step with where its documents are; as several where it has far more documents than a step has."""
    most = 4 * PART
    found = snapshot.addresses(snapshot.at_level(step.condition(path), level), most + 1)
    if len(found) <= most:
        yield step, found
        return
    counts = _counts(snapshot, level, path, step)
    groups: list[list[str]] = []
    so_far = most
    for token, number in counts:
        if so_far + number > PART or number > PART:
            groups.append([])
            so_far = 0
        groups[-1].append(token)
        so_far += number
    of = dict(counts)
    highs = [*(group[0] for group in groups[1:]), step.high]
    for group, high in zip(groups, highs, strict=True):
        one = Step(group[0], high, tuple(group))
        query = snapshot.at_level(one.condition(path), level)
        yield one, snapshot.addresses(query, sum(of[token] for token in group))


def _counts(snapshot: "Snapshot", level: RecordLevel, path: str, step: Step) -> list[tuple[str, int]]:
    """The tokens of a step in order, each with its documents."""
    query = snapshot.at_level(step.condition(path), level)
    answer = snapshot.aggregate(query, {"x": snapshot.terms(path)})["x"]
    counted = snapshot.counted(query, path, answer, TERMS_LIMIT).tokens
    return sorted((token, number) for token, number in counted.items() if step.has(token))

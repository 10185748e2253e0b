"""The values of one path as arrays: documents in order of their tokens, and the token of each document."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dicomlake.query.resolved import Between, Has, Match

if TYPE_CHECKING:
    from dicomlake.engines.embedded.matching import Matching

Numbers = NDArray[np.int32]
"""Numbers of documents in the tables, or of what they belong to."""

TOKEN = 120
"""Bytes of a token, about."""

Small = NDArray[np.integer[Any]]
"""Numbers in the smallest type that holds them."""


@dataclass(frozen=True, slots=True)
class InOrder:
    """The documents of a path in order of their tokens; those of ``tokens[i]`` end at ``ends[i]``."""

    tokens: list[str]
    ends: NDArray[np.int64]
    ids: Numbers

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return self.ids.nbytes + self.ends.nbytes + TOKEN * len(self.tokens)

    def between(self, query: Between) -> Numbers:
        """The documents with a token in the range."""
        first, last = _range(self.tokens, query)
        if last <= first:
            return self.ids[:0]
        return self.ids[int(self.ends[first - 1]) if first else 0 : int(self.ends[last - 1])]


@dataclass(frozen=True, slots=True)
class CodeCounts:
    """Documents by the place of their token, counted from 1; those without one come first."""

    tokens: list[str]
    numbers: NDArray[np.intp]

    def ranked(self, limit: int) -> tuple[list[tuple[str, int]], int]:
        """The most frequent tokens, ties in order of the tokens, and how many tokens there are."""
        found = np.flatnonzero(self.numbers[1:])
        counts = self.numbers[1:][found]
        distinct = len(found)
        if 0 < limit < distinct:
            least = np.partition(counts, distinct - limit)[distinct - limit]
            kept = counts >= least
            found, counts = found[kept], counts[kept]
        order = np.argsort(-counts, kind="stable")[:limit]
        tokens = (self.tokens[place] for place in found[order].tolist())
        return list(zip(tokens, counts[order].tolist(), strict=True)), distinct

    def of(self, token: str) -> int:
        """Documents with this token."""
        place = bisect_left(self.tokens, token)
        return int(self.numbers[place + 1]) if token in self.tokens[place : place + 1] else 0

    @property
    def without(self) -> int:
        """Documents without a token."""
        return int(self.numbers[0])


@dataclass(frozen=True, slots=True)
class Codes:
    """The token of each document, by its place in ``tokens`` counted from 1, 0 for none: of several the largest. The
    others stand in ``more`` in ascending order, the numbers of their documents in ``more_ids``."""

    tokens: list[str]
    codes: Small
    more: Small
    more_ids: Numbers
    counts: NDArray[np.intp]
    """Of everything."""
    told: bool
    """Whether the documents without a token are those where the path is missing."""

    @property
    def size(self) -> int:
        """Bytes that they take, about."""
        arrays = (self.codes, self.more, self.more_ids, self.counts)
        return sum(array.nbytes for array in arrays) + TOKEN * len(self.tokens)

    @classmethod
    def of(cls, in_order: InOrder, documents: int, missing: int) -> "Codes":
        """The same, document by document; ``missing``: of how many the path is missing."""
        tokens = len(in_order.tokens)
        if not tokens:
            return cls.none(documents, told=documents == missing)
        kind = smallest_kind(tokens)
        every_code: Small = np.arange(1, tokens + 1).astype(kind)
        every_code = np.repeat(every_code, np.diff(in_order.ends, prepend=0))
        codes: Small = np.zeros(documents, kind)
        codes[in_order.ids] = every_code  # of several the last one stays
        other = codes[in_order.ids] != every_code
        counts = np.bincount(codes, minlength=tokens + 1) + np.bincount(every_code[other], minlength=tokens + 1)
        told = int(counts[0]) == missing
        return cls(in_order.tokens, codes, every_code[other], in_order.ids[other], counts, told)

    @classmethod
    def none(cls, documents: int, *, told: bool) -> "Codes":
        """Of a path that no document has a token of, in next to no memory."""
        codes = np.broadcast_to(np.zeros(1, np.uint8), (documents,))
        empty = np.zeros(0, np.int32)
        return cls([], codes, empty.astype(np.uint8), empty, np.array([documents]), told)

    def extreme(self, first: int, last: int, *, largest: bool) -> Small:
        """As ``codes``, but only tokens from the place ``first`` up to ``last`` count, and of several of a document the
        largest or the smallest."""
        found = np.where((self.codes > first) & (self.codes <= last), self.codes, 0).astype(self.codes.dtype)
        kept = (self.more > first) & (self.more <= last)
        if largest:
            kept &= found[self.more_ids] == 0
        more, ids = self.more[kept], self.more_ids[kept]
        if largest:
            found[ids] = more  # they ascend, and of several the last one stays
        else:
            found[ids[::-1]] = more[::-1]
        return found

    def places(self, letter: str) -> tuple[int, int]:
        """The places of the tokens of a type, from the first up to the one behind the last."""
        return bisect_left(self.tokens, letter), bisect_left(self.tokens, chr(ord(letter) + 1))

    def meeting(self, leaf: Match | Between | Has) -> NDArray[np.bool_]:
        """Whether each document meets a condition on the path."""
        if isinstance(leaf, Match):
            places = [bisect_left(self.tokens, token) for token in leaf.tokens]
            wanted = [
                place + 1
                for place, token in zip(places, leaf.tokens, strict=True)
                if token in self.tokens[place : place + 1]
            ]
            found = self._among(self.codes, wanted)
            found[self.more_ids[self._among(self.more, wanted)]] = True
            return found
        if isinstance(leaf, Has):
            return self.codes > 0
        first, last = _range(self.tokens, leaf)
        found = (self.codes > first) & (self.codes <= last)
        found[self.more_ids[(self.more > first) & (self.more <= last)]] = True
        return found

    @staticmethod
    def _among(codes: Small, wanted: list[int]) -> NDArray[np.bool_]:
        return codes == wanted[0] if len(wanted) == 1 else np.isin(codes, np.array(wanted, codes.dtype))

    def numbers(self, matching: "Matching") -> NDArray[np.intp]:
        """Documents by the number of their token; those with none come first."""
        rows = matching.ids if matching.others is None else matching.others
        counts = np.bincount(self.codes.take(rows), minlength=len(self.counts))
        if len(self.more):
            among = matching.chosen.take(self.more_ids)
            of = among if matching.others is None else ~among
            counts += np.bincount(self.more[of], minlength=len(counts))
        if matching.others is not None:
            counts = self.counts - counts
        return counts

    def counted(self, matching: "Matching") -> CodeCounts:
        """Documents by token, and those with none."""
        return CodeCounts(self.tokens, self.numbers(matching))


def smallest_kind(highest: int) -> type[np.unsignedinteger[Any]]:
    """The smallest type that holds numbers up to this one."""
    return np.uint8 if highest < 1 << 8 else np.uint16 if highest < 1 << 16 else np.uint32


def _range(tokens: list[str], query: Between) -> tuple[int, int]:
    """The places of the sorted tokens that lie in a range, from the first up to the one behind the last."""
    low = query.letter if query.low is None else query.low
    high = chr(ord(query.letter) + 1) if query.high is None else query.high
    first = (bisect_left if query.include_low else bisect_right)(tokens, low)
    last = (bisect_right if query.include_high else bisect_left)(tokens, high)
    return first, last

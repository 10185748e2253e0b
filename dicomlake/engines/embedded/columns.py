"""The values of one path as arrays: documents in order of their tokens, and the token of each document."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dicomlake.query.resolved import Between, Has, Match

if TYPE_CHECKING:
    from dicomlake.engines.embedded.tables import Matching

Numbers = NDArray[np.int32]
"""Numbers of documents in the tables, or of what they belong to."""


@dataclass(frozen=True, slots=True)
class InOrder:
    """The documents of a path in order of their tokens; those of ``tokens[i]`` end at ``ends[i]``."""

    tokens: list[str]
    ends: NDArray[np.int64]
    ids: Numbers

    def between(self, query: Between) -> Numbers:
        """The documents with a token in the range."""
        first, last = _range(self.tokens, query)
        if last <= first:
            return self.ids[:0]
        return self.ids[int(self.ends[first - 1]) if first else 0 : int(self.ends[last - 1])]


@dataclass(frozen=True, slots=True)
class Codes:
    """The token of each document, by its place in ``tokens`` counted from 1, 0 for none. Further tokens of a document
    stand in ``more``, its number in ``more_ids``."""

    tokens: list[str]
    codes: NDArray[np.integer[Any]]
    more: NDArray[np.integer[Any]]
    more_ids: Numbers
    counts: NDArray[np.intp]
    """Of everything."""

    @classmethod
    def of(cls, in_order: InOrder, documents: int) -> "Codes":
        """The same, document by document."""
        tokens = len(in_order.tokens)
        kind = np.uint8 if tokens < 256 else np.uint16
        every_code: NDArray[np.integer[Any]] = np.arange(1, tokens + 1).astype(kind)
        every_code = np.repeat(every_code, np.diff(in_order.ends, prepend=0))
        codes: NDArray[np.integer[Any]] = np.zeros(documents, kind)
        codes[in_order.ids] = every_code
        other = codes[in_order.ids] != every_code
        counts = np.bincount(codes, minlength=tokens + 1) + np.bincount(every_code[other], minlength=tokens + 1)
        return cls(in_order.tokens, codes, every_code[other], in_order.ids[other], counts)

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
    def _among(codes: NDArray[np.integer[Any]], wanted: list[int]) -> NDArray[np.bool_]:
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

    def counted(self, matching: "Matching") -> tuple[dict[str, int], int]:
        """Documents by token, and those with none."""
        counts = self.numbers(matching)
        without = int(counts[0])
        counts[0] = 0
        found = np.flatnonzero(counts)
        tokens = (self.tokens[place - 1] for place in found.tolist())
        return dict(zip(tokens, counts[found].tolist(), strict=True)), without


def _range(tokens: list[str], query: Between) -> tuple[int, int]:
    """The places of the sorted tokens that lie in a range, from the first up to the one behind the last."""
    low = query.letter if query.low is None else query.low
    high = chr(ord(query.letter) + 1) if query.high is None else query.high
    first = (bisect_left if query.include_low else bisect_right)(tokens, low)
    last = (bisect_right if query.include_high else bisect_left)(tokens, high)
    return first, last

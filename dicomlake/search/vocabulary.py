"""The values of fields, kept ready to be completed as somebody types."""

import threading
import time
from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, Final

from dicomlake.engines.base import Engine
from dicomlake.query.values import token_display
from mappings.field import ResolvedField
from mappings.normal import fold

FIELDS: Final = 16
"""Fields whose values are held."""
MOST: Final = 200_000
"""Values of one field that are held, the most frequent ones: some 30 MB."""
UIDS: Final = 100_000
"""Series from which on UIDs are not listed by fewer characters than :data:`UID_START`."""
UID_START: Final = 30
SHARE: Final = 20
"""A vocabulary is read again at most for one part in so many of the time, however often the index changes."""


@dataclass(frozen=True, slots=True)
class _Held:
    """The values of a field: their folded texts in order, beside each how often, and its token."""

    generation: str
    until: float
    texts: list[str]
    found: list[tuple[int, str]]


class Vocabulary:
    """Completes the values of the fields of one lake. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def complete(self, field: ResolvedField, start: str, limit: int, series: int) -> list[dict[str, Any]]:
        """The values that begin with ``start``, case and accents aside, those of most series first, and how many have
        each. ``series``: how many have the field. Of a field that has been read a moment ago new values may be missing
        while the index is being written."""
        if field.kind in ("binary", "sequence"):
            return []
        if field.kind == "uid" and series > UIDS:
            if len(start) < UID_START:
                return []
            found = self._engine.vocabulary("series", field.path, f"s{start}", limit)
            return [{"value": token_display(token), "count": count} for token, count in found]
        held = self._of(field.path)
        wanted = fold(_plain(field, start))
        low = bisect_left(held.texts, wanted)
        high = bisect_left(held.texts, f"{wanted}\U0010ffff", low)
        first = nsmallest(limit, held.found[low:high], key=lambda one: (-one[0], one[1]))
        return [{"value": token_display(token), "count": count} for count, token in first]

    def _of(self, path: str) -> _Held:
        generation, now = self._engine.refresh(), time.monotonic()
        with self._lock:
            held = self._held.get(path)
            if held is not None and (held.generation == generation or now < held.until):
                self._held.move_to_end(path)
                return held
        found = self._engine.vocabulary("series", path, "", MOST)
        texts = sorted((fold(str(token_display(token))), count, token) for token, count in found)
        until = time.monotonic() + SHARE * (time.monotonic() - now)
        held = _Held(generation, until, [text for text, _, _ in texts], [(n, token) for _, n, token in texts])
        with self._lock:
            self._held[path] = held
            self._held.move_to_end(path)
            while len(self._held) > FIELDS:
                self._held.popitem(last=False)
        return held


def _plain(field: ResolvedField, start: str) -> str:
    """Dates and times without the signs that people put between their parts."""
    if field.kind in ("date", "datetime"):
        return start.replace("-", "")
    return start.replace(":", "") if field.kind == "time" else start

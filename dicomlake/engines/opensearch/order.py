"""The order of hits: sort keys, and the documents that stand behind a place.

A document's key is its smallest token of the path, its largest when descending; missing comes last both ways
(docs/decisions/0003). The server sorts a column by itself; tokens of a slot are found by a script.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dicomlake.engines.base import Sort
from dicomlake.engines.opensearch.compile import NOTHING, Dsl, between, differs, either, every, term
from dicomlake.engines.opensearch.snapshot import Snapshot

Place = tuple[str | None, ...]

_LAST: Final = "~"
"""Behind every token, which begin with letters; in descending order the empty text is."""

_SCRIPT: Final = (
    "String found = params.last; for (def token : doc[params.field]) { if (token.startsWith(params.before)) "
    "{ found = token.substring(params.before.length()); if (!params.descending) { return found; } } } return found;"
)


@dataclass(frozen=True, slots=True)
class Key:
    """One of the paths that hits are sorted by."""

    snapshot: Snapshot
    sort: Sort

    @property
    def body(self) -> dict[str, Any]:
        """As the server takes it."""
        field, before = self.snapshot.place(self.sort.path)
        order = "desc" if self.sort.descending else "asc"
        if not self.scripted:
            mode = "max" if self.sort.descending else "min"
            return {field: {"order": order, "mode": mode, "missing": "_last"}}
        params = {"field": field, "before": before, "descending": self.sort.descending, "last": self._last}
        return {"_script": {"type": "string", "order": order, "script": {"source": _SCRIPT, "params": params}}}

    @property
    def scripted(self) -> bool:
        """Whether the server has to look for the token of each document."""
        return bool(self.snapshot.place(self.sort.path).before)

    @property
    def _last(self) -> str:
        return "" if self.sort.descending else _LAST

    def value(self, found: str | None) -> str | None:
        """The token that a hit is sorted by."""
        return None if found in (None, "", _LAST) else found

    def sent(self, token: str | None) -> str | None:
        """A token as the server is told where to go on."""
        return self._last if token is None and self.scripted else token

    def at(self, token: str | None) -> Dsl:
        """Documents with this key."""
        place = self.snapshot.place(self.sort.path)
        if token is None:
            return differs(between(place, {}))
        earlier = between(place, {"gt" if self.sort.descending else "lt": token})
        return every([term(place.field, place.before + token), differs(earlier)])

    def within(self, first: str, last: str) -> Dsl:
        """Documents whose key is one of these tokens, which are in order, or stands between them."""
        place = self.snapshot.place(self.sort.path)
        low, high = (last, first) if self.sort.descending else (first, last)
        earlier = between(place, {"gt" if self.sort.descending else "lt": first})
        return every([between(place, {"gte": low, "lte": high}), differs(earlier)])

    def behind(self, token: str | None) -> Dsl:
        """Documents whose key stands behind this one, those without a key among them."""
        if token is None:
            return NOTHING
        place = self.snapshot.place(self.sort.path)
        return differs(between(place, {"gte" if self.sort.descending else "lte": token}))


def behind(keys: Sequence[Key], group: str, after: Place) -> Dsl:
    """Documents that stand behind a place: sorted by the keys, then by the field ``group``."""
    same: list[Dsl] = []
    found: list[Dsl] = []
    for key, token in zip(keys, after, strict=False):
        found.append(every([*same, key.behind(token)]))
        same.append(key.at(token))
    found.append(every([*same, {"range": {group: {"gt": after[-1]}}}]))
    return either(found)

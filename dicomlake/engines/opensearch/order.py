"""The order of hits: sort keys, and the documents that stand behind a place.

A document's key is its smallest token of the path, its largest when descending; missing comes last both ways
(docs/decisions/0003). The server sorts a column by itself; tokens of a slot are found by a script, and so are those of
a column that has tokens of other types, which do not count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from dicomlake.engines.base import Sort
from dicomlake.engines.opensearch.compile import NOTHING, Dsl, between, differs, either, every, term
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.lines import Job, Line, counting, total
from dicomlake.engines.opensearch.snapshot import Snapshot

Place = tuple[str | None, ...]

_LAST: Final = "~"
"""Behind every token, which begin with letters; in descending order the empty text is."""

_SCRIPT: Final = (
    "String found = params.last; for (def token : doc[params.field]) { if (token.startsWith(params.before)) "
    "{ found = token.substring(params.cut); if (!params.descending) { return found; } } } return found;"
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
        prefix = before + (self.sort.letter or "")
        found = {"field": field, "before": prefix, "cut": len(before), "last": self._last}
        params = {**found, "descending": self.sort.descending}
        return {"_script": {"type": "string", "order": order, "script": {"source": _SCRIPT, "params": params}}}

    @property
    def scripted(self) -> bool:
        """Whether the server has to look for the token of each document."""
        return bool(self.snapshot.place(self.sort.path).before or self.sort.letter)

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
            return differs(self._between({}))
        earlier = self._between({"gt" if self.sort.descending else "lt": token})
        return every([term(place.field, place.before + token), differs(earlier)])

    def within(self, first: str, last: str) -> Dsl:
        """Documents whose key is one of these tokens, which are in order, or stands between them."""
        low, high = (last, first) if self.sort.descending else (first, last)
        earlier = self._between({"gt" if self.sort.descending else "lt": first})
        return every([self._between({"gte": low, "lte": high}), differs(earlier)])

    def behind(self, token: str | None) -> Dsl:
        """Documents whose key stands behind this one, those without a key among them."""
        if token is None:
            return NOTHING
        return differs(self._between({"gte" if self.sort.descending else "lte": token}))

    def _between(self, bounds: Mapping[str, str]) -> Dsl:
        """Documents with a token that counts within bounds."""
        found: dict[str, str | None] = dict(bounds)
        if self.sort.letter is not None:
            if not {"gt", "gte"} & found.keys():
                found["gte"] = self.sort.letter
            if not {"lt", "lte"} & found.keys():
                found["lt"] = chr(ord(self.sort.letter) + 1)
        return between(self.snapshot.place(self.sort.path), found)


def keyed(snapshot: Snapshot, kind: Kind, sorts: Sequence[Sort]) -> Job[list[Key]]:
    """The keys of an order. A letter stays only where the path has tokens of other types: without it the server sorts
    a column by itself."""
    unknown = [
        (kind, sort.path, sort.letter)
        for sort in sorts
        if sort.letter is not None and (kind, sort.path, sort.letter) not in snapshot.mixed
    ]
    if unknown:
        others = (_others(snapshot, path, letter) for _, path, letter in unknown)
        answers = yield [Line(kind, counting(one)) for one in others]
        snapshot.mixed.update(zip(unknown, (total(answer) > 0 for answer in answers), strict=True))
    mixed = (sort.letter is not None and snapshot.mixed[kind, sort.path, sort.letter] for sort in sorts)
    return [
        Key(snapshot, sort if whether else replace(sort, letter=None))
        for sort, whether in zip(sorts, mixed, strict=True)
    ]


def _others(snapshot: Snapshot, path: str, letter: str) -> Dsl:
    """Documents with a token of another type."""
    place = snapshot.place(path)
    return either([between(place, {"lt": letter}), between(place, {"gte": chr(ord(letter) + 1)})])


def behind(keys: Sequence[Key], group: str, after: Place) -> Dsl:
    """Documents that stand behind a place: sorted by the keys, then by the field ``group``."""
    same: list[Dsl] = []
    found: list[Dsl] = []
    for key, token in zip(keys, after, strict=False):
        found.append(every([*same, key.behind(token)]))
        same.append(key.at(token))
    found.append(every([*same, {"range": {group: {"gt": after[-1]}}}]))
    return either(found)

"""Where a hit of any number stands in an order, without walking over those before it.

How many hits stand up to a place can be counted (of documents; of studies and patients by their hashes). So a sample of
the hits tells between which places the one asked for must be, counting tells whether it is, and what is left between
them is read.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dicomlake.engines import budget
from dicomlake.engines.base import Plan
from dicomlake.engines.opensearch.compile import Dsl, differs, every, terms
from dicomlake.engines.opensearch.cost import refuse_costly
from dicomlake.engines.opensearch.hits import BARE, place_of
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.lines import Job, Line, counting, kind_of, total
from dicomlake.engines.opensearch.order import Key, Place, behind, keyed
from dicomlake.engines.opensearch.ordered import found, searched
from dicomlake.engines.opensearch.snapshot import Snapshot
from dicomlake.engines.opensearch.totals import different

READ: Final = 10_000
"""Hits that are read to find one; the server gives no more at once."""

SAMPLE: Final = 5_000
"""Hits of a sample, about."""


def place(snapshot: Snapshot, plan: Plan, skip: int) -> Place | None:
    """Where the last of the next ``skip`` hits stands; None where no hit lies behind it."""
    budget.check()
    kind = kind_of("instance" if plan.level == "instance" else "series")
    refuse_costly(snapshot, kind, [plan.query])
    return snapshot.run(_place(_Hits(snapshot, kind, plan), plan, skip))


class _Hits:
    """The hits of a plan, as jobs."""

    def __init__(self, snapshot: Snapshot, kind: Kind, plan: Plan) -> None:
        self._snapshot = snapshot
        self._kind = kind
        self._plan = plan
        self._query = snapshot.compile(plan.query)
        self._group = plan.level if plan.level in ("study", "patient") else None
        self._field = self._group or "uid"
        self._keys: Sequence[Key] = ()

    def prepared(self) -> Job[None]:
        """To be run before the others."""
        self._keys = yield from keyed(self._snapshot, self._kind, self._plan.sort)

    def up_to(self, place: Place | None) -> Job[int]:
        """How many hits stand up to a place; of None how many there are."""
        query = every([self._query, self._up_to(place)]) if place is not None else self._query
        (answer,) = yield [Line(self._kind, counting(query))]
        if self._group is None:
            return total(answer)
        return (yield from different(self._kind, query, self._group, total(answer), self._snapshot.shards))

    def documents(self, low: Place | None, high: Place | None) -> Job[int]:
        """How many documents stand behind a place and up to another."""
        (answer,) = yield [Line(self._kind, counting(every(self._between(low, high))))]
        return total(answer)

    def sample(self, low: Place | None, high: Place | None, parts: int) -> Job[list[Place]]:
        """The places of one of so many parts of what stands between two places, in order."""
        name = self._group or "series"
        some = {"range": {f"{name}_hash": {"lt": -(2**63) + 2**64 // parts}}} if parts > 1 else None
        return (yield from self._listed(every([*self._between(low, high), *([some] if some else [])])))

    def first(self, low: Place | None, high: Place | None) -> Job[tuple[list[Place], Place | None]]:
        """The first hits behind a place and up to another; and the place up to which these are all, None where they
        are all there are."""
        places = yield from self._listed(every(self._between(low, high)))
        last = places[-1] if len(places) == READ else None
        if self._group is None or low is None or not self._keys:
            return places, last
        # A group is met at every place that one of its documents has; only its first one is a hit.
        among = every([self._query, terms(self._group, [str(place[-1]) for place in places])])
        firsts = set((yield from self._listed(among)))
        return [place for place in places if place in firsts], last

    def _listed(self, query: Dsl) -> Job[list[Place]]:
        sort = [*(key.body for key in self._keys), {self._field: "asc"}]
        more: Mapping[str, Any] = {**BARE, **({"collapse": {"field": self._group}} if self._group else {})}
        (answer,) = yield [Line(self._kind, searched(query, READ, sort, **more))]
        return [place_of(self._keys, hit) for hit in found(answer)]

    def _between(self, low: Place | None, high: Place | None) -> list[Dsl]:
        after = [behind(self._keys, self._field, low)] if low is not None else []
        return [self._query, *after, *([self._up_to(high)] if high is not None else [])]

    def _up_to(self, place: Place) -> Dsl:
        return differs(behind(self._keys, self._field, place))


def _place(hits: _Hits, plan: Plan, skip: int) -> Job[Place | None]:
    yield from hits.prepared()
    low, high = plan.after, None
    below = (yield from hits.up_to(low)) if low is not None else 0
    above = yield from hits.up_to(None)
    wanted = below + skip
    if wanted >= above:
        return None
    while above - below > READ:
        places = yield from hits.sample(low, high, max(1, (above - below) // SAMPLE))
        likely = len(places) * (wanted - below) / (above - below)
        about = 2 * len(places) ** 0.5 + 1
        narrowed = False
        for number in (int(likely - about), int(likely + about)):
            if not 0 <= number < len(places):
                continue
            up_to = yield from hits.up_to(places[number])
            if below < up_to < wanted:
                low, below, narrowed = places[number], up_to, True
            elif wanted <= up_to < above:
                high, above, narrowed = places[number], up_to, True
        if not narrowed:
            break
    while (documents := (yield from hits.documents(low, high))) > READ:
        # Few of the groups that are met far behind are met for the first time: what is between is halved by itself.
        places = yield from hits.sample(low, high, max(1, documents // SAMPLE))
        if not places or places[len(places) // 2] == high:
            break
        middle = places[len(places) // 2]
        up_to = yield from hits.up_to(middle)
        if up_to < wanted:
            low, below = middle, up_to
        else:
            high = middle
    while True:
        places, last = yield from hits.first(low, high)
        if len(places) >= wanted - below:
            return places[wanted - below - 1]
        if last is None:
            return None
        low, below = last, below + len(places)

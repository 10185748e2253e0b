"""Bring an engine up to date with files that were read or have gone.

All state of a series lives in the engine (its kept headers), so that an update is: read what is kept, change it, write
the series and the touched instances again. Replaying an update changes nothing; a killed one is simply repeated.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dicomlake.documents import rollup
from dicomlake.documents.instance import InstanceDocument
from dicomlake.documents.kept import KeptSeries
from dicomlake.engines.base import Engine, Record


@dataclass(frozen=True, slots=True)
class Departure:
    """A location that no longer holds this SOP instance."""

    uid: str
    location: str


@dataclass(frozen=True, slots=True)
class Update:
    """What an engine has to write: records to put, instances and series that are gone."""

    records: Sequence[Record]
    gone: Sequence[str]
    emptied: Sequence[str]

    def carry_out(self, engine: Engine) -> int:
        """Write it, for the caller to commit; gives the number of instances that are gone."""
        engine.delete("instance", self.gone)
        engine.delete("series", self.emptied)
        engine.put(self.records)
        return len(self.gone)


@dataclass(slots=True)
class _Workspace:
    engine: Engine
    series: dict[str, KeptSeries] = field(default_factory=dict)
    touched: dict[str, set[str]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def load(self, uids: Iterable[str]) -> None:
        wanted = sorted(set(uids) - self.series.keys())
        kept = self.engine.kept(wanted)
        for uid in wanted:
            self.series[uid] = KeptSeries.decode(kept[uid]) if uid in kept else KeptSeries()


def apply(engine: Engine, arrivals: Iterable[InstanceDocument], departures: Iterable[Departure] = ()) -> int:
    """Put the arrivals in and take the departures out; the caller commits before the next call.

    Gives the number of instances that are gone because their last file is.
    """
    return plan(engine, arrivals, departures).carry_out(engine)


def plan(engine: Engine, arrivals: Iterable[InstanceDocument], departures: Iterable[Departure] = ()) -> Update:
    """What is to be written when the arrivals come and the departures go.

    A departure and an arrival of the same instance at the same location is a replacement.
    """
    changes: dict[str, tuple[dict[str, InstanceDocument], set[str]]] = {}
    for departure in departures:
        changes.setdefault(departure.uid, ({}, set()))[1].add(departure.location)
    for arrival in arrivals:
        changes.setdefault(arrival.uid, ({}, set()))[0][arrival.location] = arrival

    homes = {uid: member.series for uid, member in engine.get("instance", changes).items()}
    work = _Workspace(engine)
    work.load([*homes.values(), *(a.series for added, _ in changes.values() for a in added.values())])
    for uid, (added, removed) in changes.items():
        _change(work, uid, homes.get(uid), added, removed)

    emptied = [series for series in sorted(work.touched) if not work.series[series].instances]
    records: list[Record] = []
    for series in sorted(work.touched.keys() - set(emptied)):
        records += rollup.records(series, work.series[series], work.touched[series])
    return Update(records, sorted(work.gone), emptied)


def _change(
    work: _Workspace, uid: str, home: str | None, added: dict[str, InstanceDocument], removed: set[str]
) -> None:
    """Recompute the copies of one instance; the winner's series is its home, so a variant can move it."""
    before = work.series[home].instances.pop(uid, []) if home is not None else []
    if home is not None:
        work.touched.setdefault(home, set()).add(uid)
    copies = {copy.location: copy for copy in before if copy.location not in removed} | added
    if not copies:
        if home is not None:
            work.gone.add(uid)
        return
    ordered = sorted(copies.values(), key=lambda copy: (copy.header_hash, copy.location))
    target = ordered[0].series
    work.load([target])
    work.series[target].instances[uid] = ordered
    work.touched.setdefault(target, set()).add(uid)

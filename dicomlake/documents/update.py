"""Bring an engine up to date with files that were read or have gone.

All state of a series lives in the engine (its kept headers), so that an update is: read what is kept, change it, write
the series and the touched instances again. Replaying an update changes nothing; a killed one is simply repeated.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from dicomlake.documents import rollup
from dicomlake.documents.instance import InstanceDocument
from dicomlake.documents.kept import KeptSeries
from dicomlake.engines.base import Engine, Record

SEVERAL_PATIENTS = "study-of-several-patients"
"""Quality code of the series of a study whose instances are not all of one patient."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A location that no longer holds this SOP instance."""

    uid: str
    location: str


@dataclass(frozen=True, slots=True)
class Update:
    """What an engine has to write: records to put, instances and series that are gone. ``moved``: the places that
    arriving content has left."""

    records: Sequence[Record]
    gone: Sequence[str]
    emptied: Sequence[str]
    moved: Sequence[Departure] = ()

    def carry_out(self, engine: Engine) -> int:
        """Write it, for the caller to commit; gives the number of instances that are gone."""
        engine.delete("instance", self.gone)
        engine.delete("series", self.emptied)
        engine.put(self.records)
        return len(self.gone)


@dataclass(slots=True)
class _Workspace:
    engine: Engine
    left: Callable[[str], bool]
    series: dict[str, KeptSeries] = field(default_factory=dict)
    touched: dict[str, set[str]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    studies: set[str] = field(default_factory=set)
    """Those that touched series were in before."""
    moved: list[Departure] = field(default_factory=list)

    def load(self, uids: Iterable[str]) -> None:
        wanted = sorted(set(uids) - self.series.keys())
        kept = self.engine.kept(wanted)
        for uid in wanted:
            self.series[uid] = KeptSeries.decode(kept[uid]) if uid in kept else KeptSeries()
            self.studies.update(_places(self.series[uid]))

    def divided(self) -> set[str]:
        """The studies under several patients, among those of touched series. Series of a study that has become one, or
        is one no more, are touched by this."""
        now: dict[str, set[str]] = {study: set() for study in self.studies}
        for series in self.touched:
            for study, patients in _places(self.series[series]).items():
                now.setdefault(study, set()).update(patients)
        divided: set[str] = set()
        changed: set[str] = set()
        placed = self.engine.placed(now)
        for study, patients in now.items():
            before = placed.get(study, {})
            others = before.keys() - self.touched.keys()
            if several := len(patients.union(*(before[series] for series in others))) > 1:
                divided.add(study)
            if several != (len(set().union(*before.values())) > 1):
                changed |= others
        self.load(changed)
        changed = {series for series in changed if self.series[series].instances}  # a declared one stays as it is
        if not changed:
            return divided
        self.touched.update((series, set()) for series in changed)
        return self.divided()


def apply(engine: Engine, arrivals: Iterable[InstanceDocument], departures: Iterable[Departure] = ()) -> int:
    """Put the arrivals in and take the departures out; the caller commits before the next call.

    Gives the number of instances that are gone because their last file is.
    """
    return plan(engine, arrivals, departures).carry_out(engine)


def plan(
    engine: Engine,
    arrivals: Iterable[InstanceDocument],
    departures: Iterable[Departure] = (),
    left: Callable[[str], bool] = lambda location: False,
) -> Update:
    """What is to be written when the arrivals come and the departures go.

    A departure and an arrival of the same instance at the same location is a replacement. ``left`` says whether a
    location holds nothing any more; it is asked of those that held the content that arrives elsewhere.
    """
    changes: dict[str, tuple[dict[str, InstanceDocument], set[str]]] = {}
    for departure in departures:
        changes.setdefault(departure.uid, ({}, set()))[1].add(departure.location)
    for arrival in arrivals:
        changes.setdefault(arrival.uid, ({}, set()))[0][arrival.location] = arrival

    homes = {uid: member.series for uid, member in engine.get("instance", changes).items()}
    work = _Workspace(engine, left)
    work.load([*homes.values(), *(a.series for added, _ in changes.values() for a in added.values())])
    for uid, (added, removed) in changes.items():
        _change(work, uid, homes.get(uid), added, removed)

    emptied = [series for series in sorted(work.touched) if not work.series[series].instances]
    divided = work.divided()
    records: list[Record] = []
    for series in sorted(work.touched.keys() - set(emptied)):
        kept = work.series[series]
        issues = () if divided.isdisjoint(_places(kept)) else (SEVERAL_PATIENTS,)
        records += rollup.records(series, kept, work.touched[series], issues)
    return Update(records, sorted(work.gone), emptied, work.moved)


def _places(kept: KeptSeries) -> dict[str, set[str]]:
    """The patients of a series by study: one of one, where the data have no fault."""
    found: dict[str, set[str]] = {}
    for document in kept.documents():
        found.setdefault(document.study, set()).add(document.patient)
    return found


def _change(
    work: _Workspace, uid: str, home: str | None, added: dict[str, InstanceDocument], removed: set[str]
) -> None:
    """Recompute the copies of one instance; the winner's series is its home, so a variant can move it."""
    before = work.series[home].instances.pop(uid, []) if home is not None else []
    if home is not None:
        work.touched.setdefault(home, set()).add(uid)
    content = {(copy.header_hash, copy.size) for copy in added.values()}
    copies = dict(added)
    for copy in before:
        if copy.location in removed or copy.location in added:
            continue
        if (copy.header_hash, copy.size) in content and work.left(copy.location):
            work.moved.append(Departure(uid, copy.location))
        else:
            copies[copy.location] = copy
    if not copies:
        if home is not None:
            work.gone.add(uid)
        return
    ordered = sorted(copies.values(), key=lambda copy: (copy.header_hash, copy.location))
    target = ordered[0].series
    work.load([target])
    work.series[target].instances[uid] = ordered
    work.touched.setdefault(target, set()).add(uid)

"""Bring an engine up to date with files that were read or have gone.

All state of a series lives in the engine (its kept headers), so that an update is: read what is kept, change it, write
the series and the touched instances again. Replaying an update changes nothing; a killed one is simply repeated.

Where several processes write, each update is made alone over its reach (:meth:`dicomlake.engines.base.Engine.alone`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from types import MappingProxyType

from dicomlake.documents import rollup
from dicomlake.documents.instance import InstanceDocument
from dicomlake.documents.kept import KeptSeries
from dicomlake.engines.base import Engine, Record
from dicomlake.engines.reach import Reach

SEVERAL_PATIENTS = "study-of-several-patients"
"""Quality code of the series of a study whose instances are not all of one patient."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A location that no longer holds this SOP instance."""

    uid: str
    location: str


@dataclass(frozen=True, slots=True)
class Update:
    """What an engine has to write: instances and series that are gone, and the records to put, which are made when they
    are asked for, a series at a time, so that no more than one series is held. ``first``: series as they have to be
    there before anything else is written. ``moved``: the places that arriving content has left. ``fresh``: the
    instances that the engine does not have yet. ``reach``: what it touches."""

    gone: Sequence[str]
    emptied: Sequence[str]
    moved: Sequence[Departure]
    first: Iterator[Record]
    records: Iterator[Sequence[Record]]
    fresh: Set[str]
    reach: Reach

    def begin(self, engine: Engine) -> None:
        """Take out what is gone. Before, see to it that files which go from one series to another are kept by one of
        them at any time: a writer that is killed between the two would lose those that it does not read again."""
        begun = False
        for record in self.first:
            engine.put([record])
            begun = True
        if begun:
            engine.arrive()
        engine.delete("instance", self.gone)
        engine.delete("series", self.emptied)

    def write(self, engine: Engine, records: Sequence[Record]) -> None:
        """Put records of one series in; what is fresh need not be looked for first."""
        engine.put([record for record in records if record.level == "series" or record.uid not in self.fresh])
        engine.add([record for record in records if record.level == "instance" and record.uid in self.fresh])


def apply(
    engine: Engine,
    arrivals: Iterable[InstanceDocument],
    departures: Iterable[Departure] = (),
    homes: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> int:
    """Put the arrivals in and take the departures out; the caller commits before the next call. ``homes``: more series
    that keep these instances than those that the engine finds them in: it has refused them, or was interrupted.

    Gives the number of instances that are gone because their last file is.
    """
    planned = plan(engine, arrivals, departures, homes=homes)
    planned.begin(engine)
    for records in planned.records:
        planned.write(engine, records)
    return len(planned.gone)


def plan(
    engine: Engine,
    arrivals: Iterable[InstanceDocument],
    departures: Iterable[Departure] = (),
    left: Callable[[str], bool] = lambda location: False,
    homes: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> Update:
    """What is to be written when the arrivals come and the departures go.

    A departure and an arrival of the same instance at the same location is a replacement. ``left`` says whether a
    location holds nothing any more; it is asked of those that held the content that arrives elsewhere. ``homes``: as
    for :func:`apply`.
    """
    changes: dict[str, tuple[dict[str, InstanceDocument], set[str]]] = {}
    for departure in departures:
        changes.setdefault(departure.uid, ({}, set()))[1].add(departure.location)
    for arrival in arrivals:
        changes.setdefault(arrival.uid, ({}, set()))[0][arrival.location] = arrival

    known = {uid: {member.series} for uid, member in engine.get("instance", changes).items()}
    for uid, more in homes.items():
        known.setdefault(uid, set()).update(more)
    work = _Workspace(engine, left)
    work.load(set().union(*known.values()))
    for uid, (added, removed) in changes.items():
        work.change(uid, sorted(known.get(uid, ())), added, removed)
    patients, others = work.patients()
    reach = Reach(
        frozenset(work.touched.keys() | work.losing.keys() | others),
        frozenset(patients),
        frozenset(uid for uid, (added, _) in changes.items() if added and uid not in known),
    )
    fresh = changes.keys() - known.keys()
    records = work.records(patients, others)
    return Update(sorted(work.gone), work.emptied(), work.moved, work.first(), records, fresh, reach)


def reach(engine: Engine, arrivals: Iterable[InstanceDocument], departures: Iterable[Departure]) -> Reach:
    """What an update will touch, but for what only its plan can tell: where the arrivals were before, and the series of
    their studies that are another's because of them."""
    homes = engine.get("instance", {one.uid for one in departures}).values()
    listed = list(arrivals)
    return Reach(
        frozenset([one.series for one in listed] + [one.series for one in homes]),
        frozenset([one.study for one in listed] + [one.study for one in homes]),
        frozenset(one.uid for one in listed),
    )


@dataclass(slots=True)
class _Workspace:
    engine: Engine
    left: Callable[[str], bool]
    losing: dict[str, KeptSeries] = field(default_factory=dict)
    """Series that instances leave, or change in, as they are to be but for what is added."""
    before: set[str] = field(default_factory=set)
    """The studies that these were in."""
    added: dict[str, dict[str, list[InstanceDocument]]] = field(default_factory=dict)
    """What comes to series: the copies by instance."""
    touched: dict[str, set[str]] = field(default_factory=dict)
    carried: set[str] = field(default_factory=set)
    """Series that get files which another one has kept so far."""
    gone: set[str] = field(default_factory=set)
    moved: list[Departure] = field(default_factory=list)

    def load(self, series: Set[str]) -> None:
        """Take series in that lose instances."""
        for uid, kept in self.engine.kept(sorted(series)).items():
            self.losing[uid] = KeptSeries.decode(kept)
            self.before.update(_places(self.losing[uid].documents()))

    def change(self, uid: str, homes: Sequence[str], added: dict[str, InstanceDocument], removed: set[str]) -> None:
        """Recompute the copies of one instance; the winner's series is its home, so a variant can move it."""
        before: list[InstanceDocument] = []
        for home in homes:
            before += self.losing.setdefault(home, KeptSeries()).instances.pop(uid, [])
            self.touched.setdefault(home, set()).add(uid)
        content = {(copy.header_hash, copy.size) for copy in added.values()}
        copies = dict(added)
        for copy in before:
            if copy.location in removed or copy.location in added:
                continue
            if (copy.header_hash, copy.size) in content and self.left(copy.location):
                self.moved.append(Departure(uid, copy.location))
            else:
                copies[copy.location] = copy
        if not copies:
            if homes:
                self.gone.add(uid)
            return
        ordered = sorted(copies.values(), key=lambda copy: (copy.header_hash, copy.location))
        target = ordered[0].series
        if any(home != target for home in homes) and len(copies) > len(added):
            self.carried.add(target)
        self.added.setdefault(target, {})[uid] = ordered
        self.touched.setdefault(target, set()).add(uid)

    def first(self) -> Iterator[Record]:
        """The series that get files of others, with all they have now besides."""
        for series in sorted(self.carried):
            found = self.engine.kept([series])
            kept = KeptSeries.decode(found[series]) if found else KeptSeries()
            kept.instances |= self.added[series]
            yield rollup.records(series, kept, ())[0]

    def emptied(self) -> list[str]:
        """Series that have no instance any more."""
        return sorted(uid for uid, kept in self.losing.items() if not kept.instances and uid not in self.added)

    def records(self, patients: dict[str, int], others: Set[str]) -> Iterator[Sequence[Record]]:
        """The records of each series that is touched, and of those whose study has become another by this."""
        for series in sorted(self.touched.keys() - set(self.emptied())) + sorted(others):
            kept = self.losing.pop(series, None)
            if kept is None:
                found = self.engine.kept([series])
                kept = KeptSeries.decode(found[series]) if found else KeptSeries()
            kept.instances |= self.added.get(series, {})
            if not kept.instances:  # a declared one stays as it is
                continue
            studies = _places(kept.documents())
            if unknown := studies.keys() - patients.keys():
                placed = self.engine.placed(unknown)
                patients |= {study: len(set().union(*placed[study].values())) for study in unknown}
            issues = [SEVERAL_PATIENTS] if any(patients[study] > 1 for study in studies) else []
            yield rollup.records(series, kept, self.touched.get(series, ()), issues)

    def patients(self) -> tuple[dict[str, int], set[str]]:
        """How many patients the studies have that the update touches, and the series, not touched themselves, of those
        that come to have several or have them no more."""
        documents = [copies[0] for instances in self.added.values() for copies in instances.values()]
        documents += [document for kept in self.losing.values() for document in kept.documents()]
        now = {study: set[str]() for study in self.before} | _places(documents)
        placed = self.engine.placed(now)
        others: set[str] = set()
        for study, patients in now.items():
            before = placed.get(study, {})
            for series in before.keys() - self.losing.keys():
                if not before[series] <= patients and not self._is_replaced(series):
                    patients.update(before[series])
            if (len(patients) > 1) != (len(set().union(*before.values())) > 1):
                others |= before.keys() - self.touched.keys()
        return {study: len(patients) for study, patients in now.items()}, others

    def _is_replaced(self, series: str) -> bool:
        """Whether it was declared only, and has its first instances now."""
        return series in self.added and not self.engine.kept([series])


def _places(documents: Iterable[InstanceDocument]) -> dict[str, set[str]]:
    """The patients of documents by study."""
    found: dict[str, set[str]] = {}
    for document in documents:
        found.setdefault(document.study, set()).add(document.patient)
    return found

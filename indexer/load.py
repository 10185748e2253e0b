"""The one writer: outcomes to the engine and the catalogue, in an order that survives being killed anywhere.

A commit is three durable steps: the catalogue announces what is about to come and go, the engine commits it, the
catalogue records it. Killed between two of them, the next run finds the files changed or the announcement open, reads
them again and takes back what the engine may have got.

Other hosts may load into the same index, each by a catalogue of its own. Between looking up what the engine has and the
engine's commit nobody else updates what this update touches.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from dicomlake.catalog import Seen, Status
from dicomlake.documents import update
from dicomlake.documents.instance import InstanceDocument
from dicomlake.documents.mend import mend
from dicomlake.documents.update import Departure
from dicomlake.engines.base import Rejection
from dicomlake.engines.reach import Reach
from dicomlake.errors import EngineError, SupersededError
from dicomlake.lake import Lake
from dicomlake.storage import gone
from indexer.items import REFUSED, UNREADABLE, Outcome
from indexer.memory import end_cycles, give_back
from indexer.merging import Merging
from indexer.stages import Stages
from indexer.summary import Summary

MOST_DOCUMENTS = 2_000
"""Documents of one commit."""

MOST_BESIDE_MERGES = 1_000
"""The same while the engine merges: both at once are what takes the most memory of a run."""

MOST_BYTES = 16_000_000
"""Header bytes of one commit: as objects they take some ten times as much."""

BETWEEN = 500
"""Records of a commit after which freed memory goes back: what a commit frees on its way is as much as it holds."""

BETWEEN_MERGING = 100
"""Files that arrive beside a merge after which what it has read of the index goes back."""

MOST_SECONDS = 1.0
"""Age of the oldest outcome at which a commit is due: new data is to be seen within two seconds."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an update of the engine has come to: how many instances are gone, which places arriving content has left,
    and the locations whose documents were refused, with the reasons."""

    gone: int
    moved: Sequence[Departure]
    refused: Mapping[str, str]


@dataclass
class Loader:
    """Collects outcomes and commits them; ``summary`` counts what was added."""

    lake: Lake
    run: int
    summary: Summary
    stages: Stages = field(default_factory=Stages)
    _announced: dict[str, frozenset[str]] = field(init=False)
    _arrivals: list[InstanceDocument] = field(default_factory=list)
    _departures: list[Departure] = field(default_factory=list)
    _seen: list[Seen] = field(default_factory=list)
    _left: list[str] = field(default_factory=list)
    _new: Counter[str] = field(default_factory=Counter)
    _bytes: int = 0
    _merging: Merging = field(init=False)
    _oldest: float = 0.0

    def __post_init__(self) -> None:
        self._announced = self.lake.catalog.announced()
        self._merging = Merging(self.lake.engine)

    def is_open(self, location: str) -> bool:
        """Whether a killed run left open what the engine has of this location."""
        return location in self._announced

    @property
    def has_merged(self) -> bool:
        """Whether the engine has merged beside this run, as far as it was seen."""
        return self._merging.begun

    @property
    def due(self) -> bool:
        """Whether it is time to commit."""
        most = min(MOST_DOCUMENTS, MOST_BESIDE_MERGES) if self._merging.seen else MOST_DOCUMENTS
        return bool(self._seen or self._left) and (
            len(self._arrivals) + len(self._departures) >= most
            or self._bytes >= MOST_BYTES
            or time.monotonic() - self._oldest >= MOST_SECONDS
        )

    def has_open(self, within: str) -> bool:
        """Whether a killed run left open what the engine has of anything within."""
        return any(location.startswith(within + "/") for location in self._announced)

    def pass_over(self, before: Seen) -> None:
        """Count a location that is as the catalogue says."""
        self.count(before.status, 1)

    def count(self, status: Status, number: int) -> None:
        """Count locations that are as the catalogue says."""
        match status:
            case "indexed":
                self.summary.unchanged += number
            case "ignored":
                self.summary.ignored += number
            case "quarantined":
                self.summary.quarantined += number

    def finish(self, outcome: Outcome, source: str) -> None:
        """Record a location that counts for nothing itself, as an archive whose members were added."""
        self._age()
        self._seen.append(outcome.seen(source, self.run))

    def add(self, outcome: Outcome, source: str, before: Seen | None) -> None:
        """Take in what a location is now; ``before`` is what the catalogue says of it."""
        document = outcome.document
        location = outcome.found.location
        held = {before.uid} - {""} if before is not None else set()
        maybe_held = held | self._announced.get(location, frozenset())
        now = outcome.seen(source, self.run)
        if before is not None and now.reason == UNREADABLE:  # nobody knows that it changed
            now = replace(now, uid=before.uid, header_hash=before.header_hash)
            maybe_held -= held
        summary = self.summary
        if document is None:
            if outcome.status == "ignored":
                summary.ignored += 1
            else:
                summary.quarantined += 1
        elif before is not None and not self.is_open(location) and _same_content(before, now, document):
            summary.unchanged += 1
        else:
            if held:
                summary.updated += 1
            else:
                summary.indexed += 1
                self._new[document.uid] += 1
            self._arrivals.append(document)
            self._bytes += outcome.length
            if len(self._arrivals) % (BETWEEN_MERGING if self._merging.seen else BETWEEN) == 0:
                with self.stages.of("rest"):
                    self._merging.look()
        self._departures += [Departure(uid, location) for uid in maybe_held if document is None or uid != document.uid]
        self._age()
        self._seen.append(now)

    def leave(self, location: str, uids: Iterable[str]) -> None:
        """Take a location out that is gone, with the instances it may have held."""
        self._age()
        self._departures += [Departure(uid, location) for uid in {*uids, *self._announced.get(location, ())}]
        self._left.append(location)

    def _age(self) -> None:
        if not self._seen and not self._left:
            self._oldest = time.monotonic()

    def commit(self) -> None:
        """Make everything added durable and visible."""
        if not self._seen and not self._left:
            return
        if self._arrivals or self._departures:
            with self.stages.of("rest"):
                self._merging.wait()
            self._update()
        with self.stages.of("catalogue"):
            self.lake.catalog.record(self._seen, self._left)
        self._arrivals, self._departures, self._seen, self._left, self._bytes = [], [], [], [], 0
        self._new.clear()
        with self.stages.of("rest"):
            end_cycles()
        self._give_back()

    def _update(self) -> None:
        """Bring the engine up to date, alone over what is touched; once more when that has turned out to be more than
        was thought, or when others have taken it over meanwhile."""
        engine = self.lake.engine
        with self.stages.of("roll-up"):
            reach = update.reach(engine, self._arrivals, self._departures)
        done: Done | None = None
        while done is None:
            try:
                with engine.alone(reach, partial(mend, engine)):
                    done, reach = self._updated(reach)
            except SupersededError:
                done = None
        self.summary.removed += done.gone
        self._count_moved(done.moved)
        if done.refused:
            self._count_refused(done.refused)

    def _updated(self, reach: Reach) -> tuple["Done | None", Reach]:
        """What was done, within reach; nothing when it takes more than that, which comes with it."""
        catalog, engine = self.lake.catalog, self.lake.engine
        with self.stages.of("roll-up"):
            planned = update.plan(engine, self._arrivals, self._departures, self._left_by)
        if not reach.covers(planned.reach):
            return None, reach | planned.reach
        with self.stages.of("catalogue"):
            catalog.announce(
                [(one.location, one.uid) for one in self._arrivals]
                + [(one.location, one.uid) for one in (*self._departures, *planned.moved)]
            )
        with self.stages.of("engine"):
            planned.begin(engine)
        written = 0
        for records in self.stages.each("roll-up", planned.records):
            with self.stages.of("engine"):
                planned.write(engine, records)
            written += len(records)
            if written >= BETWEEN:
                written = 0
                self._give_back()
        self._give_back()
        with self.stages.of("engine"):
            engine.commit()
        refused = engine.rejected()
        return Done(len(planned.gone), planned.moved, self._set_aside(refused) if refused else {}), reach

    def _left_by(self, location: str) -> bool:
        """Whether a location holds nothing any more, as far as this host can tell: another's files are not here."""
        catalog, engine = self.lake.catalog, self.lake.engine
        return gone(location) and (not engine.capabilities.many_writers or bool(catalog.known([location])))

    def _set_aside(self, refused: Sequence[Rejection]) -> dict[str, str]:
        """Take out again what the engine refused, so that its series is that of the others. Gives the reasons by
        location. Killed meanwhile, what was announced is still open."""
        reasons = {(one.level, one.uid): one.reason for one in refused}
        out: dict[str, str] = {}
        departures: list[Departure] = []
        homes: dict[str, set[str]] = {}
        for document in self._arrivals:
            why = reasons.get(("instance", document.uid)) or reasons.get(("series", document.series))
            if why is not None:
                out[document.location] = why
                departures.append(Departure(document.uid, document.location))
                homes.setdefault(document.uid, set()).add(document.series)
        engine = self.lake.engine
        update.apply(engine, (), departures, homes)
        engine.commit()
        left = [one for one in refused if not departures] + engine.rejected()
        if left:
            raise EngineError(f"the search server refuses {left[0].level} {left[0].uid}: {left[0].reason}")
        return out

    def _count_refused(self, out: Mapping[str, str]) -> None:
        """Count what was refused, and put it into quarantine with the engine's reason."""
        for document in self._arrivals:
            if document.location in out:
                self.summary.quarantined += 1
                if self._new[document.uid]:
                    self._new[document.uid] -= 1
                    self.summary.indexed -= 1
                else:
                    self.summary.updated -= 1
        self._seen = [
            replace(one, status="quarantined", uid="", header_hash="", reason=REFUSED, detail=out[one.location])
            if one.location in out
            else one
            for one in self._seen
        ]

    def _give_back(self) -> None:
        with self.stages.of("rest"):
            give_back()

    def _count_moved(self, moved: Iterable[Departure]) -> None:
        """What was counted as new has only another place, and is gone from the old one."""
        for departure in moved:
            self._left.append(departure.location)
            if self._new[departure.uid]:
                self._new[departure.uid] -= 1
                self.summary.indexed -= 1
                self.summary.updated += 1


def _same_content(before: Seen, now: Seen, document: InstanceDocument) -> bool:
    """Whether a touched file still has the content that is indexed."""
    was = (before.uid, before.header_hash, before.size)
    return was == (document.uid, document.header_hash, now.size) and now.size == document.size

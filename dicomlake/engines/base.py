"""The engine contract: what a search engine must do for Dicomlake, and the values that cross the line.

Behaviour exists when :mod:`dicomlake.engines.conformance` has it. Engines see normalised documents only (tokens, words,
paths, group keys); they know no DICOM, no field names typed by people and no HTTP.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Any, ClassVar, Literal, TypeAlias

from dicomlake.engines.reach import Reach
from dicomlake.errors import CostError
from dicomlake.messages import Message
from dicomlake.query.resolved import Everything, Resolved

Level = Literal["instance", "series", "study", "patient"]
RecordLevel = Literal["instance", "series"]

EXACT_UP_TO = 100_000
"""Matching documents up to which distinct patients and studies are counted exactly, however they are asked for."""

WALKED = 20_000
"""Hits that :meth:`Engine.place` leaves out by walking over them, where there is no other way; more take minutes."""

_STEP = 1_000

Encoded: TypeAlias = tuple[str, ...]
"""A part of what a record is found by, in an engine's own form."""


@dataclass(frozen=True, slots=True)
class Record:
    """One normalised document: an instance or the roll-up of a series.

    ``uid`` is the SOPInstanceUID or SeriesInstanceUID and unique within its level. ``tokens`` maps a path to the
    tokens of its values, ``words`` a path of a text field to one word tuple a value, ``present`` is every path with a
    value or an item below it. ``encoded`` are more of these, as the engine's own encoder wrote them; no path is in two
    parts. ``shown`` comes back in hits; ``kept`` only on :meth:`Engine.kept`.
    """

    level: RecordLevel
    uid: str
    series: str
    study: str
    patient: str
    instances: int = 1
    size: int = 0
    tokens: Mapping[str, Collection[str]] = field(default_factory=dict)
    words: Mapping[str, Collection[tuple[str, ...]]] = field(default_factory=dict)
    present: Collection[str] = frozenset()
    encoded: tuple[Encoded, ...] = ()
    shown: bytes = b""
    kept: bytes = b""

    def __reduce__(self) -> tuple[type["Record"], tuple[Any, ...]]:
        """Between processes as its values, which is quicker than what a frozen class with slots does by itself."""
        return Record, _values(self)


_values = attrgetter(*(field.name for field in fields(Record)))


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by a path: a document's key is its smallest token, its largest when descending; missing comes last.

    ``letter``: only tokens of this type count (``n``, ``d``, ``m`` or ``t`` of :mod:`mappings.normal`), so that what
    cannot be read as what the path holds is missing in the order; None: all of them.
    """

    path: str
    descending: bool = False
    letter: str | None = None

    def keyed(self, token: str) -> bool:
        """Whether a token may be a document's key."""
        return self.letter is None or token[0] == self.letter


@dataclass(frozen=True, slots=True)
class FacetPlan:
    """Count documents by the tokens of a path among those that match ``query``.

    ``selected`` tokens are always counted and returned, ``None`` among them stands for missing.
    """

    path: str
    query: Resolved = Everything()
    limit: int = 1_000
    selected: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class HistogramPlan:
    """Count documents by ranges of a path's tokens among those that match ``query``.

    ``letter`` is the type of the tokens that count: ``n``, ``d``, ``m`` or ``t`` of :mod:`mappings.normal`. ``edges``
    are tokens in ascending order; each bin runs from one up to, not including, the next. A document counts once in
    every bin that it has a token in. Without edges only the bounds are asked for.
    """

    path: str
    letter: str
    query: Resolved = Everything()
    edges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """One search. ``after`` continues behind the last hit of an earlier page with the same query, level and sort.

    ``fast``: distinct patients and studies of more than :data:`EXACT_UP_TO` documents may be estimates, within 1 %.
    """

    level: Level = "series"
    query: Resolved = Everything()
    facets: tuple[FacetPlan, ...] = ()
    histograms: tuple[HistogramPlan, ...] = ()
    sort: tuple[Sort, ...] = ()
    limit: int = 50
    after: tuple[str | None, ...] | None = None
    totals: bool = True
    fast: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """Distinct patients, studies and series, and the instances and bytes, of everything that matches."""

    patients: int = 0
    studies: int = 0
    series: int = 0
    instances: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class FacetCount:
    """``token`` is ``None`` for documents without a value."""

    token: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """Counts, most first, ties by token, missing last of its count; ``more``: values beyond the limit exist."""

    path: str
    counts: tuple[FacetCount, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of the bins; ``low`` and ``high`` are the smallest and the largest token of the letter, ``None`` when
    there is none. Of the ``matching`` documents ``valued`` have such a token and ``missing`` no value at all."""

    path: str
    counts: tuple[int, ...]
    low: str | None
    high: str | None
    matching: int
    valued: int
    missing: int


@dataclass(frozen=True, slots=True)
class Member:
    """A matching document within a hit, as kept by the engine."""

    uid: str
    series: str
    study: str
    patient: str
    shown: bytes


@dataclass(frozen=True, slots=True)
class Hit:
    """One hit: its group key at the level asked for, its matching documents in order of uid, its place in the order."""

    key: str
    members: tuple[Member, ...]
    place: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a plan. ``after`` is ``None`` on the last page. ``approximate``: which totals are estimates."""

    hits: tuple[Hit, ...]
    facets: tuple[Facet, ...]
    histograms: tuple[Histogram, ...]
    totals: Totals | None
    after: tuple[str | None, ...] | None
    generation: str
    approximate: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stats:
    """What the engine holds; ``size`` in bytes, on disk."""

    instances: int
    series: int
    size: int
    generation: str
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that the engine refused; the others went in. ``reason``: in the engine's own words."""

    level: RecordLevel
    uid: str
    reason: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Where engines differ, since it cannot be removed; all else is the same of every engine.

    ``drops_uncommitted``: what was put and not committed is gone when the writer ends; else it stays out of sight until
    the next commit, or until the server is started again. ``moment_seconds``: how long an earlier commit can still be
    asked after it was last asked (None: for as long as somebody holds it). ``many_writers``: several processes may
    write at once; of one uid the last put of the one opened last, or alone last (:meth:`Engine.alone`), wins.
    ``instances_skipped``: hits that :meth:`Engine.place` leaves out at instance level at most (None: any number).
    """

    drops_uncommitted: bool = True
    moment_seconds: int | None = None
    many_writers: bool = False
    instances_skipped: int | None = None


class Encoder(ABC):
    """Writes what records are found by in an engine's form, in any process: it can be pickled."""

    @abstractmethod
    def encode(
        self,
        tokens: Mapping[str, Collection[str]],
        words: Mapping[str, Collection[tuple[str, ...]]],
        present: Collection[str],
    ) -> Encoded:
        """A part for :attr:`Record.encoded`. What many records share needs to be written only once."""


class Moment(ABC):
    """One commit of an index: what is committed later does not change its answers. Nothing has to be closed.

    Where :attr:`Capabilities.moment_seconds` says that an engine lets go of one, CursorExpiredError is raised.
    """

    @property
    @abstractmethod
    def generation(self) -> str:
        """The generation of this commit."""

    @abstractmethod
    def search(self, plan: Plan) -> Found:
        """Answer a plan exactly."""

    @abstractmethod
    def walk(self, level: RecordLevel, query: Resolved) -> Iterator[Member]:
        """Every document of a level that matches, each once, in an order that is the same for every walk over this
        commit; few of them are in memory at a time."""

    @abstractmethod
    def kept(self, series: Iterable[str]) -> dict[str, bytes]:
        """The kept bytes of series; missing ones are left out."""


class Engine(ABC):
    """One index of instances and series. A writing engine is opened once; readers may be many."""

    capabilities: ClassVar[Capabilities] = Capabilities()

    @property
    @abstractmethod
    def encoder(self) -> Encoder:
        """What writes parts of records for this engine."""

    @abstractmethod
    def put(self, records: Iterable[Record]) -> None:
        """Insert or replace by (level, uid). Visible to searches after :meth:`commit`."""

    def add(self, records: Iterable[Record]) -> None:
        """Insert records whose uids are neither in the index nor among what waits for a commit: what a first import
        brings. An engine that looks for earlier ones in :meth:`put` need not here. Visible after :meth:`commit`."""
        self.put(records)

    @abstractmethod
    def delete(self, level: RecordLevel, uids: Iterable[str]) -> None:
        """Delete by uid; an unknown uid is no error. Visible after :meth:`commit`."""

    def arrive(self) -> None:  # noqa: B027 - where a commit is all or nothing, there is no earlier and later in it
        """Wait until all that was put and deleted cannot be lost any more without what is put behind it."""

    @abstractmethod
    def commit(self) -> str:
        """Make everything since the last commit durable and visible at once; gives the generation."""

    def rejected(self) -> list[Rejection]:
        """Records that were put, and that the engine found it cannot take, since this was last asked. After
        :meth:`commit` it is known of all of them."""
        return []

    def rest(self) -> None:  # noqa: B027 - an engine may hold nothing that it could let go of
        """Nothing is written for a moment: let go of memory that can be had again. Call it often."""

    @property
    def merges(self) -> bool:
        """Whether this process merges what was committed right now, which takes memory beside what is being written."""
        return False

    def compact(self) -> None:  # noqa: B027 - an engine may be in order at all times
        """Much was committed, and little will be for a while: put it in order for searching, however long it takes.
        Nothing may wait for a commit."""

    def alone(self, reach: Reach, mend: Callable[[Collection[str]], None]) -> AbstractContextManager[object]:
        """No other process updates anything within reach meanwhile. Waits for those that do; what they have committed
        is seen inside. What is put inside is to be committed inside. Not to be nested.

        ``mend`` is called before, when a writer has died over an update: with series that it may have left half
        written, which nobody else updates meanwhile. It puts them right; the engine commits that.

        Raises SupersededError at the end when others took this process for dead meanwhile: all has to be looked up,
        planned and put again. An engine that has one writer does nothing here.
        """
        return nullcontext()

    @abstractmethod
    def get(self, level: RecordLevel, uids: Iterable[str]) -> dict[str, Member]:
        """The committed documents with these uids; missing ones are left out."""

    @abstractmethod
    def kept(self, series: Iterable[str]) -> dict[str, bytes]:
        """The kept bytes of committed series; missing ones are left out."""

    @abstractmethod
    def placed(self, studies: Iterable[str]) -> dict[str, dict[str, set[str]]]:
        """The patients that committed instances and series of these studies are under: by study, then by series."""

    @abstractmethod
    def search(self, plan: Plan) -> Found:
        """Answer a plan over the last commit this engine has seen (see :meth:`refresh`), exactly but for what
        :attr:`Found.approximate` names."""

    def place(self, plan: Plan, skip: int) -> tuple[str | None, ...] | None:
        """The place of the last of the next ``skip`` hits (1 or more) of a plan, for its ``after``; None where no hit
        lies behind it. Raises CostError for more than :data:`WALKED` where the engine can but walk over them.
        """
        refuse_walk(skip)
        after = plan.after
        while skip:
            step = min(skip, _STEP)
            after = self.search(replace(plan, facets=(), histograms=(), totals=False, limit=step, after=after)).after
            if after is None:
                return None
            skip -= step
        return after

    def prepare(self, plans: Iterable[Plan]) -> None:  # noqa: B027 - an engine may have nothing to prepare
        """Make ready, beside the searches, what plans like these need, of this commit and of those to come. Returns at
        once and changes no answer."""

    @abstractmethod
    def moment(self) -> Moment:
        """The last commit this engine has seen (see :meth:`refresh`), to be asked more than once."""

    @abstractmethod
    def present(self, level: RecordLevel) -> dict[str, int]:
        """How many committed documents of a level have a value at each path."""

    @abstractmethod
    def vocabulary(self, level: RecordLevel, path: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """The tokens of a path that begin with ``prefix`` (its type letter first) and how many committed documents of a
        level have each, those of most documents first, ties by token; at most ``limit``, of a path that is no column
        also at most those among its 65,000 most frequent tokens."""

    @abstractmethod
    def describe(self, level: RecordLevel, query: Resolved) -> Any:
        """What the engine itself runs for a condition at a level, as JSON or text, to be read by people. Of another
        series in the study it tells what is asked of that series."""

    @abstractmethod
    def scan(self, level: RecordLevel) -> Iterator[Member]:
        """Every committed document of a level, in no particular order."""

    @abstractmethod
    def refresh(self) -> str:
        """See what other processes have committed; gives the generation."""

    @abstractmethod
    def stats(self) -> Stats:
        """Numbers about the index."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and locks; what was not committed is dropped."""


def refuse_walk(skip: int) -> None:
    """Refuse to walk over more hits than :data:`WALKED`. Raises CostError."""
    if skip > WALKED:
        raise CostError(
            Message(
                "{skip:,} hits cannot be left out at once, {most:,} can in this order; narrow the search, "
                "or read it from the other end",
                skip=skip,
                most=WALKED,
            )
        )

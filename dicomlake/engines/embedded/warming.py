"""Has the tables made that searches will ask for, by a process beside them, commit after commit."""

import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dicomlake.engines.base import Plan, RecordLevel
from dicomlake.engines.embedded.order import Ordering
from dicomlake.engines.embedded.saved import Asked
from dicomlake.engines.embedded.task import Task

if TYPE_CHECKING:
    from dicomlake.engines.embedded.snapshot import Snapshot

WARMED = 50_000
"""Documents of a level from which on tables are made before anybody asks."""

SETTLED = 5.0
"""Seconds without another commit before tables of one are made: while files are indexed, each would soon be gone."""

ROOM = 1_000
"""Bytes a document that must be free on the disk: several times what tables take."""

_ENDS = 5.0
"""Seconds in which the process has ended that was told to."""


def wanted(plans: Iterable[Plan]) -> dict[RecordLevel, list[Asked]]:
    """What these searches need: orders first, since without one a page takes longest."""
    orders: dict[RecordLevel, dict[Asked, None]] = {}
    paths: dict[RecordLevel, dict[Asked, None]] = {}
    for plan in plans:
        level: RecordLevel = "instance" if plan.level == "instance" else "series"
        of = orders.setdefault(level, {})
        if plan.level != "instance":
            of[Ordering(plan.level, plan.sort)] = None
        paths.setdefault(level, {}).update(dict.fromkeys(facet.path for facet in plan.facets))
    return {level: [*of, *paths[level]] for level, of in orders.items()}


class Warming:
    """The process that makes tables of the commit that is searched."""

    def __init__(self, folder: str, columns: Iterable[str], tables: int) -> None:
        self._folder = folder
        self._columns = list(columns)
        self._tables = tables
        self._wanted: dict[RecordLevel, list[Asked]] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def want(self, plans: Iterable[Plan], snapshot: "Snapshot") -> None:
        """Make what these searches need now, and again after every commit."""
        self._wanted = wanted(plans)
        self._later(snapshot, 0.0)

    def follow(self, snapshot: "Snapshot") -> None:
        """Another commit is searched now."""
        self.stop()
        if self._wanted:
            self._later(snapshot, SETTLED)

    def stop(self) -> None:
        """Make nothing more."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            process, self._process = self._process, None
        if process is not None:
            process.terminate()
            _reap(process)

    def finish(self) -> None:
        """Wait until what was wanted is made."""
        timer, process = self._timer, self._process
        if timer is not None:
            timer.join()
            process = self._process
        if process is not None:
            process.wait()

    def running(self) -> bool:
        """Whether tables are being made."""
        process = self._process
        return process is not None and process.poll() is None

    def _later(self, snapshot: "Snapshot", seconds: float) -> None:
        with self._lock:
            self._timer = threading.Timer(seconds, self._start, (snapshot,))
            self._timer.daemon = True
            self._timer.start()

    def _start(self, snapshot: "Snapshot") -> None:
        try:
            missing = self._missing(snapshot)
        except ValueError:  # the index has been damaged; who searches it is told
            return
        store = snapshot.store
        documents = sum(snapshot.everything(level).documents for level in missing)
        if not missing or store is None or not store.fits(ROOM * documents):
            return
        task = Task(self._folder, self._columns, store.commit, self._tables, dict(missing)).written()
        with self._lock:
            if self._timer is not threading.current_thread():
                return  # stopped meanwhile, or another commit is looked at
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "dicomlake.engines.embedded.build"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            process = self._process
        assert process.stdin is not None
        try:
            process.stdin.write(task)
            process.stdin.close()
        except BrokenPipeError:  # it has been stopped
            pass

    def _missing(self, snapshot: "Snapshot") -> Mapping[RecordLevel, list[Asked]]:
        found: dict[RecordLevel, list[Asked]] = {}
        for level, of in self._wanted.items():
            shelf = snapshot.shelves[level]
            if shelf.fits and snapshot.everything(level).documents >= WARMED:
                missing = [one for one in of if not shelf.saved.has(one)]
                if missing or not shelf.saved.has():
                    found[level] = missing
        return found


def _reap(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_ENDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

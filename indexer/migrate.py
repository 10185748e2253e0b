"""A lake to the format, registry, tables and engine of this process: the next index is built beside the present one.

The documents come from the kept headers; no file is opened. What is copied is committed and noted in a journal, so a
killed migration goes on where it was. The mark then names the new index, in one durable step, and the old one goes.
"""

import shutil
import threading
import time
from pathlib import Path

from dicomlake import disk
from dicomlake.catalog import Catalog
from dicomlake.engines.base import Engine
from dicomlake.errors import DiskFullError, LakeError, OtherEngineError
from dicomlake.lake import CATALOG, FORMAT, SECRET, Choice, Home, Mark, built_with, home_in
from dicomlake.lake.mark import NAME as MARK
from indexer import journal as journals
from indexer.copying import Migration, Watch, check_ids, copy
from indexer.journal import Journal


def migrate(
    lake: Path,
    *,
    keep_old: bool = False,
    watch: Watch = lambda so_far: None,
    stop: threading.Event | None = None,
    choice: Choice | None = None,
) -> Migration:
    """Bring a lake to what this process writes; a lake that is so already is left alone. Where another data folder of
    the lake has done that, its index is taken.

    ``keep_old``: the lake as it was stays, whole, in a folder ``old-<n>`` inside. ``stop``: when set, what is being
    copied is committed, then StoppedError is raised. ``choice``: its engine, by default that of the settings. Raises
    LakeError, LakeBusyError and DiskFullError; the lake is then as it was, what was copied stays beside it, and the
    next migration goes on from there.
    """
    home = home_in(lake, choice)
    return _locked(_Move(lake, home, home, watch, stop or threading.Event(), keep_old))


def move(
    lake: Path,
    source: Choice,
    target: Choice,
    *,
    watch: Watch = lambda so_far: None,
    stop: threading.Event | None = None,
) -> Migration:
    """Copy the index of a lake to another engine, which the lake has from then on; compares counts and the checksum of
    ids before. The lake as it was stays in a folder ``old-<n>`` inside. Otherwise as :func:`migrate`."""
    homes = home_in(lake, source), home_in(lake, target)
    return _locked(_Move(lake, *homes, watch, stop or threading.Event(), keep_old=True))


class _Move:
    """One migration, from one home to another or the same."""

    def __init__(
        self, lake: Path, source: Home, target: Home, watch: Watch, stop: threading.Event, keep_old: bool
    ) -> None:
        self.lake = lake
        self.source = source
        self.target = target
        self.watch = watch
        self.stop = stop
        self.keep_old = keep_old

    @property
    def elsewhere(self) -> bool:
        """Whether the index goes to another engine."""
        return self.source is not self.target

    def goal(self) -> dict[str, object]:
        """What the new index is to be."""
        return {"format": FORMAT, **built_with(), **self.target.goal()}


def _locked(move: _Move) -> Migration:
    lake = move.lake
    try:
        while True:
            before = Mark.read(lake)
            if move.elsewhere and (before.engine, before.prefix) == (move.target.kind, move.target.prefix):
                _end(move, before)
                return Migration(from_engine=before.engine, to_engine=before.engine)
            before.check_home(move.source)
            if not move.elsewhere and (shared := _followed(move, before)) is not None:
                return shared
            move.source.check(before.index)
            with move.source.unwritten(before.index):
                if Mark.read(lake) == before:
                    return _run(move, before)
    except OSError as error:
        raise disk.full(lake, error) or LakeError(
            f"{lake} cannot be written ({error.strerror}); change its permissions and run this again"
        ) from error


def _followed(move: _Move, before: Mark) -> Migration | None:
    """When another data folder of the lake has put an index in the place of the one that is known here, or has gone
    back: take that one, there is nothing to build."""
    index = move.source.shared()
    if index is None or index == before.index or Journal.read(move.lake) is not None:
        return None
    with move.source.writing():
        move.source.check_shared(index)
        Catalog(move.lake / CATALOG, write=True).close()  # brings its tables to this version
        Mark.of(move.source, index).write(move.lake)
    return Migration(True, before.format, from_engine=before.engine, to_engine=before.engine)


def _end(move: _Move, now: Mark) -> None:
    """Tidy up behind one that was killed after its last step."""
    journal = Journal.read(move.lake)
    if journal is not None and journal.target == now.index:
        _tidy_up(move, journal)


def _run(move: _Move, before: Mark) -> Migration:
    started = time.monotonic()
    lake = move.lake
    catalog = Catalog(lake / CATALOG, write=False)
    catalog.check()  # before anything is touched
    catalog.close()
    journal = Journal.read(lake)
    if journal is not None and journal.target == before.index:  # killed after its last step but tidying up
        _tidy_up(move, journal)
        journal = None
    if journal is not None:  # killed before its last step, maybe just before
        move.source.bring_back(before.index, lake)
    as_it_has_to_be = before.is_current and before.hashes == built_with() and move.source.current(before.index)
    if not move.elsewhere and as_it_has_to_be:
        if journal is not None:  # the tables were put back to what they were
            _forget(move, journal)
        return Migration(from_engine=before.engine, to_engine=before.engine)

    source = move.source.open_any(before.index)
    try:
        journal = _begin(move, source, before, journal)
        done = Migration(
            True,
            before.format,
            from_engine=before.engine,
            to_engine=move.target.kind,
            series=journal.series,
            instances=journal.instances,
            resumed=journal.instances,
            resumed_series=journal.series,
        )
        target = move.target.open_for_writing(journal.target)
        try:
            copy(lake, source, target, journal, done, move.watch, move.stop)
            if move.elsewhere:
                done.ids = check_ids(lake, source, target)
        finally:
            target.close()
    finally:
        source.close()
    _take_over(move, journal)
    done.old, done.seconds = journal.old, round(time.monotonic() - started, 3)
    return done


def _begin(move: _Move, source: Engine, before: Mark, journal: Journal | None) -> Journal:
    """The journal to go on by, or a new one."""
    goal = move.goal()
    generation = source.refresh()
    if journal is not None and not journal.is_of(before.index, generation, goal):
        _forget(move, journal)
        journal = None
    number = int(before.index.rpartition("-")[2]) + 1 if "-" in before.index else 1
    journal = journal or Journal(before.index, generation, _free_index(move, number), goal)
    needed = move.source.size(before.index) - move.target.size(journal.target)
    room = move.target.room()
    if room is not None and room < needed:
        raise DiskFullError(
            f"the disk of {move.lake} has {room:,} bytes free, and the new index needs some {needed:,}; make room and "
            "run this again"
        )
    journal.write(move.lake)
    return journal


def _take_over(move: _Move, journal: Journal) -> None:
    """Put the new index in the place of the old one. Killed before the mark is written, the lake is as it was."""
    lake = move.lake
    if move.keep_old or journal.old:
        journal.old = journal.old or _free_name(lake, "old", 1)
        journal.write(lake)
        _keep(lake, lake / journal.old)
    Catalog(lake / CATALOG, write=True).close()  # brings its tables to this version
    move.source.retire(journal.source)
    Mark.of(move.target, journal.target).write(lake)
    _tidy_up(move, journal)


def _keep(lake: Path, old: Path) -> None:
    """The lake as it was, but for the index: that moves in when it is no longer needed."""
    shutil.rmtree(old, ignore_errors=True)  # of a migration that was killed here
    old.mkdir(mode=0o700)
    for name in (MARK, SECRET):
        disk.write(old / name, (lake / name).read_bytes())
    catalog = Catalog(lake / CATALOG, write=False)
    catalog.copy_to(old / CATALOG)
    catalog.close()
    disk.sync(lake)


def _tidy_up(move: _Move, journal: Journal) -> None:
    """What is left to do once the mark names the new index; done twice it does nothing."""
    move.target.publish(journal.target)
    move.source.put_away(journal.source, move.lake / journal.old if journal.old else None)
    (move.lake / journals.NAME).unlink(missing_ok=True)
    disk.sync(move.lake)


def _forget(move: _Move, journal: Journal) -> None:
    """Drop what was copied."""
    if journal.target_mark.get("engine", "embedded") != move.target.kind:
        raise OtherEngineError(
            f"a copy of the index of {move.lake} to another engine was begun; end it with the same command, or remove "
            f"{move.lake / journals.NAME} to give it up"
        )
    move.target.remove(journal.target)
    if journal.old:
        shutil.rmtree(move.lake / journal.old, ignore_errors=True)
    (move.lake / journals.NAME).unlink(missing_ok=True)
    disk.sync(move.lake)


def _free_index(move: _Move, number: int) -> str:
    while any(home.has(f"index-{number}") for home in (move.source, move.target)):
        number += 1
    return f"index-{number}"


def _free_name(lake: Path, what: str, number: int) -> str:
    while (lake / f"{what}-{number}").exists():
        number += 1
    return f"{what}-{number}"

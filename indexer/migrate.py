"""A lake to the format, registry and tables of this process: the next index is built beside the present one.

The documents come from the kept headers; no file is opened. What is copied is committed and noted in a journal, so a
killed migration goes on where it was. The mark then names the new index, in one durable step, and the old one goes.
"""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dicomlake import disk
from dicomlake.catalog import Catalog
from dicomlake.documents import declared, update
from dicomlake.documents.instance import InstanceDocument
from dicomlake.documents.kept import KeptSeries
from dicomlake.documents.rebuild import rebuild
from dicomlake.documents.sharing import share
from dicomlake.engines.base import Engine, Plan, Record
from dicomlake.engines.embedded import EmbeddedEngine, unwritten
from dicomlake.errors import DiskFullError, LakeError, StoppedError
from dicomlake.lake import CATALOG, FORMAT, SECRET, Mark, built_with
from dicomlake.lake.mark import NAME as MARK
from indexer import journal as journals
from indexer.idc.rows import ORIGIN
from indexer.journal import Journal
from mappings import schemas

MOST_DOCUMENTS = 2_000
"""Documents of one commit, more where a single series has more."""

_PAGE = 200
"""Series whose kept headers are fetched at once."""


@dataclass(slots=True)
class Migration:
    """What a migration did. ``needed``: False when the lake was as it has to be. ``resumed``: instances, and series,
    that a killed one had copied. ``old``: the folder with the lake as it was, "" when it is gone."""

    needed: bool = False
    from_format: int = FORMAT
    to_format: int = FORMAT
    series: int = 0
    instances: int = 0
    resumed: int = 0
    resumed_series: int = 0
    of_instances: int = 0
    of_series: int = 0
    old: str = ""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


Watch = Callable[[Migration], None]
"""Told what was done so far; the same object every time."""


def migrate(
    lake: Path, *, keep_old: bool = False, watch: Watch = lambda so_far: None, stop: threading.Event | None = None
) -> Migration:
    """Bring a lake to what this process writes; a lake that is so already is left alone.

    ``keep_old``: the lake as it was stays, whole, in a folder ``old-<n>`` inside. ``stop``: when set, what is being
    copied is committed, then StoppedError is raised. Raises LakeError, LakeBusyError and DiskFullError; the lake is
    then as it was, what was copied stays beside it, and the next migration goes on from there.
    """
    try:
        while True:
            before = Mark.read(lake)
            before.check_index(lake)
            with unwritten(lake / before.index):
                if Mark.read(lake) == before:
                    return _run(lake, before, keep_old, watch, stop or threading.Event())
    except OSError as error:
        raise disk.full(lake, error) or LakeError(
            f"{lake} cannot be written ({error.strerror}); change its permissions and run this again"
        ) from error


def _run(lake: Path, before: Mark, keep_old: bool, watch: Watch, stop: threading.Event) -> Migration:
    started = time.monotonic()
    catalog = Catalog(lake / CATALOG, write=False)
    catalog.check()  # before anything is touched
    catalog.close()
    journal = Journal.read(lake)
    if journal is not None and journal.target == before.index:  # killed after its last step but tidying up
        _tidy_up(lake, journal)
        journal = None
    if before.format == FORMAT and before.hashes == built_with():
        if journal is not None:  # the tables were put back to what they were
            _forget(lake, journal)
        return Migration()

    source = EmbeddedEngine(lake / before.index, None)
    journal = _begin(lake, source, before, journal)
    done = Migration(
        True,
        before.format,
        series=journal.series,
        instances=journal.instances,
        resumed=journal.instances,
        resumed_series=journal.series,
    )
    _copy(lake, source, journal, done, watch, stop)
    _take_over(lake, before, journal, keep_old or bool(journal.old))
    done.old, done.seconds = journal.old, round(time.monotonic() - started, 3)
    return done


def _begin(lake: Path, source: Engine, before: Mark, journal: Journal | None) -> Journal:
    """The journal to go on by, or a new one."""
    goal = {"format": FORMAT, **built_with()}
    generation = source.refresh()
    if journal is not None and not journal.is_of(before.index, generation, goal):
        _forget(lake, journal)
        journal = None
    number = int(before.index.rpartition("-")[2]) + 1 if "-" in before.index else 1
    journal = journal or Journal(before.index, generation, _free_name(lake, "index", number), goal)
    copied = disk.size(lake / journal.target)
    needed, free = disk.size(lake / before.index) - copied, shutil.disk_usage(lake).free
    if free < needed:
        raise DiskFullError(
            f"the disk of {lake} has {free:,} bytes free, and the new index needs some {needed:,}; make room and run "
            "this again"
        )
    journal.write(lake)
    return journal


def _copy(lake: Path, source: Engine, journal: Journal, done: Migration, watch: Watch, stop: threading.Event) -> None:
    """Everything that the journal does not have yet, from the source to its target."""
    held = source.stats()
    done.of_instances, done.of_series = held.instances, held.series
    target = EmbeddedEngine(lake / journal.target, schemas.embedded_columns(), write=True)
    try:
        disk.sync(lake)
        waiting: list[InstanceDocument] = []
        records: list[Record] = []
        for uid, shown, kept in _kept_after(source, journal.last):
            if kept:
                series = KeptSeries.decode(kept)
                waiting += [rebuild(copy) for copies in series.instances.values() for copy in copies]
                journal.instances += len(series.instances)
            else:
                records.append(declared.rebuild(shown, ORIGIN.issuer, target.encoder))
            journal.last = uid
            journal.series += 1
            stopping = stop.is_set()
            if len(waiting) + len(records) >= MOST_DOCUMENTS or stopping:
                _commit(lake, target, waiting, records, journal)
                waiting, records = [], []
            done.series, done.instances = journal.series, journal.instances
            watch(done)
            if stopping:
                raise StoppedError(
                    f"stopped after {done.instances} of {done.of_instances} instances; the lake is as it was, run the "
                    "same command again to go on",
                    migration=done.as_dict(),
                )
        _commit(lake, target, waiting, records, journal)
        copied = target.stats()
    finally:
        target.close()
    if copied.instances != held.instances:
        raise LakeError(
            f"the new index has {copied.instances} instances and the old one {held.instances}; the lake is as it was, "
            f"remove {lake / journals.NAME} to begin anew"
        )


def _kept_after(source: Engine, last: str) -> Iterator[tuple[str, bytes, bytes]]:
    """Series behind ``last`` in order of uid, what each shows, and what is kept of it: nothing of declared ones."""
    after: tuple[str | None, ...] | None = (last,) if last else None
    while True:
        page = source.search(Plan(limit=_PAGE, after=after, totals=False))
        kept = source.kept(hit.key for hit in page.hits)
        for hit in page.hits:
            shown = hit.members[0].shown
            if hit.key not in kept and not declared.is_declared(shown):
                raise LakeError(f"the headers of series {hit.key} are not kept; index its files into a new folder")
            yield hit.key, shown, kept.get(hit.key, b"")
        after = page.after
        if after is None:
            return


def _commit(
    lake: Path, target: Engine, documents: list[InstanceDocument], records: list[Record], journal: Journal
) -> None:
    target.put(records)
    update.apply(target, share(documents, target.encoder))
    target.commit()
    journal.write(lake)


def _take_over(lake: Path, before: Mark, journal: Journal, keep_old: bool) -> None:
    """Put the new index in the place of the old one. Killed before the mark is written, the lake is as it was."""
    if keep_old:
        journal.old = journal.old or _free_name(lake, "old", 1)
        journal.write(lake)
        _keep(lake, lake / journal.old)
    Catalog(lake / CATALOG, write=True).close()  # brings its tables to this version
    Mark(journal.target).write(lake)
    _tidy_up(lake, journal)


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


def _tidy_up(lake: Path, journal: Journal) -> None:
    """What is left to do once the mark names the new index; done twice it does nothing."""
    source = lake / journal.source
    place = lake / journal.old / journal.source if journal.old else lake / f"{journal.source}.old"
    if source.exists():
        source.rename(place)  # at once: nobody shall find half an index
        disk.sync(place.parent)
    if not journal.old:
        shutil.rmtree(place, ignore_errors=True)
    (lake / journals.NAME).unlink(missing_ok=True)
    disk.sync(lake)


def _forget(lake: Path, journal: Journal) -> None:
    """Drop what was copied."""
    for name in filter(None, (journal.target, journal.old)):
        shutil.rmtree(lake / name, ignore_errors=True)
    (lake / journals.NAME).unlink(missing_ok=True)
    disk.sync(lake)


def _free_name(lake: Path, what: str, number: int) -> str:
    while (lake / f"{what}-{number}").exists():
        number += 1
    return f"{what}-{number}"

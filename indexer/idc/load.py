"""The import: rows to declared series, by one writer. Killed anywhere, the next import ends the same.

Every series is put in place by its UID, so an import can be repeated; a commit in between only makes some of it visible
early. What the index no longer has is dropped at the end. Series that files were indexed of are left alone.
"""

import threading
import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from dicomlake.documents.declared import DECLARED, is_declared
from dicomlake.documents.mend import mend
from dicomlake.engines.base import Engine, Plan, Record, Totals
from dicomlake.engines.reach import Reach
from dicomlake.errors import IndexFileError, StoppedError, WorkerError
from dicomlake.lake import Lake
from dicomlake.messages import Message
from dicomlake.query.resolved import Match
from indexer.idc.rows import ORIGIN, Build, Built, lost, rules
from indexer.memory import cycles_seldom, old_left_out
from indexer.pool import Pool
from mappings.normal import text_token

ROWS = 1_000
"""Rows a worker gets at once."""

AHEAD = 32
"""Times a worker's rows that may be built and not yet put: some rows take longer to build and others to index."""

NICE = 10
"""Workers give way to this process and to Tantivy's thread, one after the other of which takes each row: with equal
shares these wait for workers, and then workers for them, and a processor for both."""

COMMIT_EVERY = 150_000
"""Records of one commit: the whole index makes seven segments, one fewer than Tantivy merges."""

_MUCH = 10
"""An import that brings more than one part in so many of the index has the lake put in order for searching."""

_OURS = Match(DECLARED, (text_token(ORIGIN.source),))


@dataclass(slots=True)
class Imported:
    """What an import did.

    ``rows`` of the index: ``added``, ``updated`` and ``unchanged`` series; ``indexed`` ones have files in the lake and
    stay as these say; ``nameless`` ones have no series or study UID, ``refused`` ones the search engine does not take,
    the first for the ``reason``. ``removed``: series that the index no longer has.
    The next four are totals of the lake; ``seconds`` is wall-clock time. ``total``: rows that the index has.
    """

    rows: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    indexed: int = 0
    nameless: int = 0
    refused: int = 0
    removed: int = 0
    instances: int = 0
    series: int = 0
    studies: int = 0
    patients: int = 0
    seconds: float = 0.0
    total: int = 0
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The counts and the seconds for JSON, in this order, and the reason where there is one."""
        counts = asdict(self)
        del counts["total"]
        if not self.refused:
            del counts["reason"]
        return counts


Watch = Callable[[Imported], None]


def load(
    lake: Path,
    parquet: Path | None = None,
    *,
    workers: int = 0,
    watch: Watch = lambda imported: None,
    stop: threading.Event | None = None,
) -> Imported:
    """Bring the declared series of the lake up to date with a Parquet file, that of idc-index-data by default.

    Raises IndexFileError for a file that is no index, LakeError, LakeBusyError, WorkerError, and StoppedError when
    ``stop`` is set; what was committed until then stays, and the next import goes on from there.
    """
    started = time.monotonic()
    path = parquet or _shipped()
    with _opened(path) as file, Lake.open_for_writing(lake) as opened, _alone(opened.engine):
        imported = Imported(total=file.metadata.num_rows)
        number = opened.catalog.begin_run([ORIGIN.source])
        loader = _Loader(opened.engine, imported)
        limit = AHEAD * max(1, workers)
        with (
            Pool(Build(opened.engine.encoder), lost, size=workers, limit=limit, nice=NICE) as pool,
            old_left_out(),
            cycles_seldom(),
        ):
            for built in _through(pool, _batches(file, path), stop or threading.Event()):
                loader.add(built)
                watch(imported)
        loader.commit()
        if stop is not None and stop.is_set():
            raise StoppedError(
                Message(
                    "stopped after {rows} series; they are in the lake, run the same command again to go on",
                    rows=imported.rows,
                ),
                summary=imported.as_dict(),
            )
        loader.drop_missing()
        if (imported.added + imported.updated) * _MUCH > imported.rows:
            opened.engine.compact()
        totals = opened.engine.search(Plan(limit=0)).totals
        assert totals is not None
        imported.instances, imported.series = totals.instances, totals.series
        imported.studies, imported.patients = totals.studies, totals.patients
        imported.seconds = round(time.monotonic() - started, 3)
        opened.catalog.end_run(number, imported.as_dict())
    watch(imported)
    return imported


def _alone(engine: Engine) -> AbstractContextManager[object]:
    """Whether a series has files is looked up long before its record is written: nobody else is to bring any."""
    return engine.alone(Reach(everything=True), partial(mend, engine))


def _shipped() -> Path:
    import idc_index_data  # noqa: PLC0415  (reads a hundred small files)

    path = idc_index_data.IDC_INDEX_PARQUET_FILEPATH
    if path is None:
        raise IndexFileError("the package idc-index-data holds no index; name a file with --parquet FILE")
    return path


def _opened(path: Path) -> pyarrow.parquet.ParquetFile:
    try:
        file = pyarrow.parquet.ParquetFile(path, memory_map=True)
    except (OSError, pyarrow.ArrowException) as error:
        why = str(error).partition("\n")[0]
        raise IndexFileError(
            Message("{path} cannot be read as Parquet ({why}); name another file with --parquet", path=path, why=why)
        ) from error
    if missing := sorted(set(rules().columns).difference(file.schema_arrow.names)):
        file.close()
        raise IndexFileError(
            Message(
                "{path} is not the index of series of the Imaging Data Commons: it has no column {missing}; "
                "take idc_index.parquet of the package idc-index-data",
                path=path,
                missing=missing[0],
            )
        )
    return file


def _batches(file: pyarrow.parquet.ParquetFile, path: Path) -> Iterator[pyarrow.RecordBatch]:
    try:
        yield from file.iter_batches(batch_size=ROWS, columns=rules().columns)
    except (OSError, pyarrow.ArrowException) as error:
        why = str(error).partition("\n")[0]
        raise IndexFileError(
            Message("{path} is damaged ({why}); get it again and repeat the import", path=path, why=why)
        ) from error


def _through(
    pool: Pool[pyarrow.RecordBatch, Built], batches: Iterator[pyarrow.RecordBatch], stop: threading.Event
) -> Iterator[Built]:
    for batch in batches:
        if stop.is_set():
            break
        pool.give([batch])
        while (taken := pool.take(0.1 if pool.full else 0)) is not None or pool.full:
            if taken is not None:
                yield taken[1]
    while pool.busy:
        if (taken := pool.take(0.1)) is not None:
            yield taken[1]


class _Loader:
    def __init__(self, engine: Engine, imported: Imported) -> None:
        self._engine = engine
        self._imported = imported
        self._present = array("Q")
        self._waiting = 0
        self._uncommitted: set[str] = set()
        empty = engine.search(Plan(limit=0)).totals == Totals()
        self._seen: set[int] | None = set() if empty else None
        """Hashes of the series of this import, when nothing else can be there: then only these are looked for."""

    def add(self, built: Built) -> None:
        """Put what differs from what the lake has."""
        if built.lost:
            raise WorkerError(Message("{lost}; run again with --workers 0", lost=built.lost))
        self._imported.rows += len(built.records) + built.nameless
        self._imported.nameless += built.nameless
        new, changed = self._changed(built.records)
        self._engine.add(new)
        self._engine.put(changed)
        self._waiting += len(new) + len(changed)
        if self._waiting >= COMMIT_EVERY:
            self.commit()

    def commit(self) -> None:
        """Make it durable and visible."""
        if self._waiting:
            self._engine.commit()
            for one in self._engine.rejected():
                imported = self._imported
                imported.refused += 1
                imported.reason = imported.reason or one.reason
                if one.uid in self._uncommitted:
                    imported.added -= 1
                else:
                    imported.updated -= 1
            self._waiting = 0
            self._uncommitted.clear()

    def _changed(self, records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
        """The records of series that are not there yet, and those that differ from what is."""
        hashes = [_hash(record.uid) for record in records]
        self._present.extend(hashes)
        held = self._engine.get("series", self._maybe_there(records, hashes))
        new: list[Record] = []
        changed: list[Record] = []
        for record in records:
            before = held.get(record.uid)
            if before is None:
                self._imported.added += 1
                if record.uid not in self._uncommitted:
                    self._uncommitted.add(record.uid)
                    new.append(record)
                    continue
            elif not is_declared(before.shown):
                self._imported.indexed += 1
                continue
            elif (before.shown, before.study, before.patient) == (record.shown, record.study, record.patient):
                self._imported.unchanged += 1
                continue
            else:
                self._imported.updated += 1
            changed.append(record)
        return new, changed

    def _maybe_there(self, records: Sequence[Record], hashes: Sequence[int]) -> list[str]:
        """The series of these that the lake may have."""
        if self._seen is None:
            return [record.uid for record in records]
        there = [record.uid for record, number in zip(records, hashes, strict=True) if number in self._seen]
        self._seen.update(hashes)
        return there

    def drop_missing(self) -> None:
        """Delete the declared series that the index no longer has."""
        totals = self._engine.search(Plan(query=_OURS, limit=0)).totals
        assert totals is not None
        if totals.series == self._imported.added + self._imported.updated + self._imported.unchanged:
            return
        present = array("Q", sorted(self._present))

        def is_present(uid: str) -> bool:
            wanted = _hash(uid)
            place = bisect_left(present, wanted)
            return place < len(present) and present[place] == wanted

        scanned = (one for one in self._engine.scan("series") if not is_present(one.uid))
        gone = [one.uid for one in scanned if is_declared(one.shown)]
        self._engine.delete("series", gone)
        self._engine.commit()
        self._imported.removed = len(gone)


def _hash(uid: str) -> int:
    """64 bits that stand for a UID: a million take 8 MB."""
    return int.from_bytes(blake2b(uid.encode(), digest_size=8).digest())

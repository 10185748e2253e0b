"""The engine contract on Tantivy."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING

import orjson
import tantivy
from tantivy import Query

from dicomlake import disk
from dicomlake.engines.base import (
    WALKED,
    Capabilities,
    Encoder,
    Engine,
    Found,
    Member,
    Plan,
    Record,
    RecordLevel,
    Stats,
)
from dicomlake.engines.embedded import BUDGET, pace
from dicomlake.engines.embedded.compile import Compiler, every
from dicomlake.engines.embedded.lock import busy
from dicomlake.engines.embedded.mapped import let_go
from dicomlake.engines.embedded.members import member, placed
from dicomlake.engines.embedded.schema import (
    LEVEL_LETTERS,
    Layout,
    TantivyEncoder,
    document,
    kept_document,
    key_hash,
    register_tokenizers,
)
from dicomlake.engines.embedded.whole import totals
from dicomlake.errors import LakeError
from dicomlake.query.resolved import Resolved

if TYPE_CHECKING:
    from dicomlake.engines.embedded.many import Place
    from dicomlake.engines.embedded.moment import EmbeddedMoment
    from dicomlake.engines.embedded.saved import Asked
    from dicomlake.engines.embedded.searching import Searching
    from dicomlake.engines.embedded.snapshot import Snapshot

_hash = lru_cache(maxsize=256)(key_hash)  # records of one series come together

WRITER_HEAP = 256_000_000
"""Bytes of writer memory; a segment is flushed when it is full."""

PAUSE = 4_000_000
"""Characters of documents, those of 160 large instances, after which a writer looks whether they are indexed, and lets
go of what looking for others, and merges meanwhile, have read of the index."""

BEHIND = 4
"""Such looks one after the other that find some not indexed yet, after which it waits for them."""

PAUSE_OF_LONG = 1_500_000
"""The same characters once there was a merge, where it waits each time: such a run has little memory to spare."""

_LOOK = 0.02
"""Seconds after which a commit that is being made is looked at again."""

_TOTALS = Plan(limit=0)

_PROGRAM = re.compile(r'(Regex\("[^\n]*?"\))\n(?:[0-9-][^\n]*\n)+')
"""A regular expression as Tantivy prints it, followed by a page of the program that it was made into."""


class EmbeddedEngine(Engine):
    """A Tantivy index in ``folder``. ``write=True`` takes the writer lock; without it the index must exist.

    ``columns``: paths that get a field of their own; None for an index of whatever columns, that is only copied from.
    ``tables``: bytes that the tables of a level may take; a level that needs more has none.
    Raises :class:`~dicomlake.errors.LakeBusyError` when another process writes, and
    :class:`~dicomlake.errors.LakeError` when the folder cannot be used.
    """

    capabilities = Capabilities(instances_skipped=WALKED)

    def __init__(
        self, folder: Path, columns: Iterable[str] | None, *, write: bool = False, tables: int = BUDGET
    ) -> None:
        self._folder = folder
        self._tables = tables
        self._layout = Layout.of(columns or ())
        self._encoder = TantivyEncoder(self._layout.columns)
        self._writer: tantivy.IndexWriter | None = None
        self._handed = 0
        self._behind = 0
        self._merged = False
        try:
            if write:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._index = tantivy.Index(self._layout.schema, str(folder), reuse=True)
            else:
                self._index = tantivy.Index.open(str(folder))
            self._index.config_reader("manual")
        except (ValueError, OSError) as error:
            raise disk.full(folder, error) or self._damaged(error) from error
        if columns is None:
            self._layout = Layout({}, self._index.schema)
        register_tokenizers(self._index)
        self._compiler = Compiler(self._index, self._layout)
        if write:
            self._writer = self._open_writer()
        self._generation = ""
        self._segments = b""
        self._searcher: tantivy.Searcher
        self._searching: Searching | None = None
        self._changing = Lock()
        self.refresh()

    def _open_writer(self) -> tantivy.IndexWriter:
        try:
            writer = self._index.writer(WRITER_HEAP, 1)
            # A writer killed before its commit took effect leaves files whose names the next commit wants.
            writer.garbage_collect_files()
            # Tantivy gives the first operation of a session the number of the last commit, and a merge up to that
            # commit may take it for done without doing it; so the first one is to delete what does not exist.
            writer.delete_documents_by_term("id", "")
            return writer
        except ValueError as error:
            if "LockBusy" in str(error):
                raise busy(self._folder) from error
            raise self._unwritable(error) from error

    @property
    def encoder(self) -> Encoder:
        return self._encoder

    @contextmanager
    def _writing(self) -> Iterator[tantivy.IndexWriter]:
        if self._writer is None:
            raise LakeError("this index was opened for reading only")
        try:
            yield self._writer
        except (ValueError, OSError) as error:
            raise self._unwritable(error) from error

    def put(self, records: Iterable[Record]) -> None:
        with self._writing() as writer:
            for record in records:
                writer.delete_documents_by_term("id", f"{LEVEL_LETTERS[record.level]}:{record.uid}")
                if record.level == "series":
                    writer.delete_documents_by_term("id", f"k:{record.uid}")
                self._insert(writer, record)

    def add(self, records: Iterable[Record]) -> None:
        with self._writing() as writer:
            for record in records:
                self._insert(writer, record)

    def _insert(self, writer: tantivy.IndexWriter, record: Record) -> None:
        hashed = (_hash(record.series), _hash(record.study), _hash(record.patient))
        text = document(record, hashed, self._encoder)
        writer.add_json(text)
        self._handed += len(text)
        if self._handed > (PAUSE_OF_LONG if self._merged else PAUSE):
            self._handed = 0
            self._keep_up()
            self.rest()
        if record.level == "series" and record.kept:
            writer.add_document(kept_document(self._layout, record.uid, record.kept))

    def _keep_up(self) -> None:
        """Let Tantivy catch up where it is behind; before it has merged, where it has been for a while."""
        if not self._merged:
            self._merged = pace.merges()
            self._behind = self._behind + 1 if pace.indexes() else 0
        if self._merged or self._behind == BEHIND:
            self._behind = 0
            pace.let_catch_up()

    def delete(self, level: RecordLevel, uids: Iterable[str]) -> None:
        with self._writing() as writer:
            for uid in uids:
                writer.delete_documents_by_term("id", f"{LEVEL_LETTERS[level]}:{uid}")
                if level == "series":
                    writer.delete_documents_by_term("id", f"k:{uid}")

    def commit(self) -> str:
        with self._writing() as writer, ThreadPoolExecutor(1) as beside:
            committing = beside.submit(writer.commit)
            while committing not in wait([committing], _LOOK).done:
                self.rest()  # merges go on reading the index meanwhile
            committing.result()
            # Tantivy syncs every file of the commit, renames meta.json to its place, and leaves that name unsynced.
            disk.sync(self._folder)
        self.rest()
        return self.refresh()

    def rest(self) -> None:
        let_go(self._segment_ids)

    @property
    def merges(self) -> bool:
        return self._writer is not None and pace.merges()

    def _unwritable(self, error: Exception) -> LakeError:
        return disk.full(self._folder, error) or LakeError(f"the index in {self._folder} cannot be written: {error}")

    def _damaged(self, error: Exception) -> LakeError:
        return LakeError(
            f"the index in {self._folder} cannot be opened: {error}; restore it from a backup, or index the sources "
            "into a new folder (--data NEW)"
        )

    def get(self, level: RecordLevel, uids: Iterable[str]) -> dict[str, Member]:
        letter = LEVEL_LETTERS[level]
        return {found.uid: found for found in map(member, self._documents(f"{letter}:{uid}" for uid in uids))}

    def kept(self, series: Iterable[str]) -> dict[str, bytes]:
        found = self._documents(f"k:{uid}" for uid in series)
        return {str(kept.get_first("uid")): bytes(kept.get_first("kept") or b"") for kept in found}

    def placed(self, studies: Iterable[str]) -> dict[str, dict[str, set[str]]]:
        return placed(self._searcher, self._compiler, studies)

    def _documents(self, ids: Iterable[str]) -> Iterator[tantivy.Document]:
        listed = list(ids)
        if not listed:
            return
        searcher = self._index.searcher()
        with self._reading():
            hits = searcher.search(self._compiler.terms("id", listed), limit=len(listed), count=False).hits
            for _, address in hits:
                yield searcher.doc(address)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            if "orrupt" in str(error):  # what Tantivy says of a file that ends early or is not there
                raise self._damaged(error) from error
            raise

    def search(self, plan: Plan) -> Found:
        with self._reading():
            if plan == _TOTALS and self._searching is None:
                counted = totals(self._searcher, self._compiler)
                if counted is not None:
                    return Found((), (), (), counted, None, self._generation)
            return self._searches.run(plan)

    def place(self, plan: Plan, skip: int) -> "Place | None":
        with self._reading():
            return self._searches.place(plan, skip)

    @property
    def _searches(self) -> "Searching":
        """What searches: there from the start where only that is done, else since somebody did so."""
        with self._changing:
            if self._searching is None:
                from dicomlake.engines.embedded.searching import Searching  # noqa: PLC0415  (who writes needs none)

                searching = Searching(self._folder, self._compiler, self._layout, self._tables)
                searching.follow(self._searcher, self._generation, self._segments)
                self._searching = searching
        return self._searching

    @property
    def _current(self) -> "Snapshot":
        return self._searches.snapshot

    def prepared(self) -> None:
        """Wait until what fast searches and :meth:`prepare` have asked for is at hand; for measurements and tests."""
        self._searches.finish()

    def moment(self) -> "EmbeddedMoment":
        from dicomlake.engines.embedded.moment import EmbeddedMoment  # noqa: PLC0415  (as above)

        return EmbeddedMoment(self._current, self._reading)

    def present(self, level: RecordLevel) -> dict[str, int]:
        return self.moment().present(level)

    def vocabulary(self, level: RecordLevel, path: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        return self.moment().vocabulary(level, path, prefix, limit)

    def describe(self, level: RecordLevel, query: Resolved) -> str:
        return _PROGRAM.sub(r"\1", str(self._described(level, query)))

    def _described(self, level: RecordLevel, query: Resolved) -> Query:
        compiler = self._compiler.asking(lambda part: self._described("series", part))
        return every([compiler.term("level", level), compiler.compile(query)])

    def scan(self, level: RecordLevel) -> Iterator[Member]:
        searcher = self._index.searcher()
        query = self._compiler.term("level", level)
        total = max(1, searcher.num_docs)
        with self._reading():
            for _, address in searcher.search(query, limit=total, count=False).hits:
                yield member(searcher.doc(address))

    def prepare(self, plans: Iterable[Plan]) -> None:
        self._searches.want(plans)

    def build(self, commit: str, wanted: "Mapping[RecordLevel, Sequence[Asked]]") -> bool:
        """Make tables of a commit and keep them on the disk; False when it is not the last one. Raises OSError."""
        return self._searches.build(commit, wanted)

    def refresh(self) -> str:
        # The commit is read on both sides of the reload: another between them would name data not yet seen.
        while True:
            before = self._committed()
            if before == (self._generation, self._segments):
                return self._generation
            self._reload()
            if self._committed() == before:
                self._replace(*before)
                return self._generation

    def _replace(self, generation: str, segments: bytes) -> None:
        with self._changing:
            self._searcher = self._index.searcher()
            self._generation, self._segments = generation, segments
            if self._searching is not None:
                self._searching.follow(self._searcher, generation, segments)
        if self._writer is None:
            assert self._searches  # loaded now, and not when somebody waits

    def _reload(self) -> None:
        try:
            self._index.reload()
        except ValueError as error:
            if not self._replaced:
                raise self._damaged(error) from error

    @property
    def _replaced(self) -> bool:
        """Whether a migration has put another index in place of this one; what was opened of it stays readable."""
        return bool(self._generation) and not (self._folder / "meta.json").exists()

    def _committed(self) -> tuple[str, bytes]:
        """The generation, and what names the segments of the commit, in their order."""
        try:
            meta = orjson.loads((self._folder / "meta.json").read_bytes())
            return f"{meta['opstamp']}-{len(meta['segments'])}", orjson.dumps(meta["segments"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            if self._replaced:
                return self._generation, self._segments
            raise self._damaged(error) from error

    @property
    def _segment_ids(self) -> frozenset[str]:
        return frozenset(segment["segment_id"] for segment in orjson.loads(self._segments or b"[]"))

    def stats(self) -> Stats:
        counts = self._searches.documents()
        size = disk.size(self._folder)
        extra = MappingProxyType({"engine": "embedded", "segments": self._current.searcher.num_segments})
        return Stats(counts["instance"], counts["series"], size, self._current.generation, extra)

    def close(self) -> None:
        if self._searching is not None:
            self._searching.stop()
        if self._writer is not None:
            with suppress(ValueError):  # a writer that died of a full disk has nothing to roll back
                self._writer.rollback()
            self._writer = None

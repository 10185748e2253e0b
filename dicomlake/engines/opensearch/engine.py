"""The engine contract on OpenSearch."""

from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import Any, Final

import orjson

from dicomlake.engines.base import (
    Capabilities,
    Encoder,
    Engine,
    Found,
    Member,
    Plan,
    Record,
    RecordLevel,
    Rejection,
    Stats,
)
from dicomlake.engines.kept import Kept
from dicomlake.engines.opensearch import look
from dicomlake.engines.opensearch.bulk import Bulk
from dicomlake.engines.opensearch.client import Client, Server, patient
from dicomlake.engines.opensearch.commits import Commits
from dicomlake.engines.opensearch.compile import EVERYTHING
from dicomlake.engines.opensearch.indices import KINDS, Indices, Kind, Shape
from dicomlake.engines.opensearch.leases import Leases
from dicomlake.engines.opensearch.lines import Line, T, counting, kind_of, total
from dicomlake.engines.opensearch.moment import OpenSearchMoment
from dicomlake.engines.opensearch.order import Place
from dicomlake.engines.opensearch.schema import Layout, OpenSearchEncoder, document, parts_of
from dicomlake.engines.opensearch.search import search
from dicomlake.engines.opensearch.skipping import place
from dicomlake.engines.opensearch.snapshot import KEPT_SECONDS, Snapshot
from dicomlake.engines.opensearch.state import State
from dicomlake.engines.reach import Reach
from dicomlake.errors import CursorExpiredError, EngineError, LakeError
from dicomlake.query.resolved import Everything, Resolved

_TEXTS: Final = 10_000
"""Texts of paths that are known to hold no new path."""

_VERSIONS: Final = 40
"""Bits of a version that count the operations under one number; those above are that of the writer or its lease."""


class OpenSearchEngine(Engine):
    """The indices ``prefix-*-version`` of a server. ``write=True`` makes what is not there yet; without it they must
    exist.

    ``columns``: paths that get a field of their own. ``about``: what is kept with indices that are made. ``who``: the
    data folder of a writer, from which one process writes at a time; its leases are given up when another process of
    that folder comes, the others' when they have stood still for ``patience`` seconds. Raises
    :class:`~dicomlake.errors.EngineError`, and :class:`~dicomlake.errors.LakeError` when there is no index to read.
    """

    capabilities = Capabilities(drops_uncommitted=False, moment_seconds=KEPT_SECONDS, many_writers=True)

    def __init__(
        self,
        server: Server,
        prefix: str,
        columns: Iterable[str],
        *,
        write: bool = False,
        shape: Shape | None = None,
        version: int = 1,
        about: Mapping[str, str] | None = None,
        who: str = "",
        patience: float | None = None,
    ) -> None:
        listed = tuple(columns)
        self._encoder = OpenSearchEncoder(listed)
        self._client = Client(server)
        self._client.check_version()
        self._indices = Indices(self._client, prefix, listed, version)
        if write:
            self._indices.make(shape or Shape(), about)
        elif not self._indices.exist():
            raise LakeError(f"there is no index {prefix} on the search server; index something first")
        self._state = State(self._client, self._indices.state)
        self._commits = Commits(self._client, self._indices, self._state, Layout(listed))
        self._leases = Leases(self._client, self._indices.state, who, patience)
        self._bulk: Bulk | None = None
        self._version = 0
        self._whole: int | None = None
        """The version that the last commit ended with, or a lease began with."""
        self._touched: set[Kind] = set()
        self._texts: Kept[str, bool] = Kept(_TEXTS, _TEXTS)
        self._unlearned: set[str] = set()
        if write:
            self._bulk = Bulk(self._client)
            self._state.begin()
            self._version = self._leases.opened() << _VERSIONS
        self._snapshot = self._commits.snapshot(None)

    @property
    def encoder(self) -> Encoder:
        return self._encoder

    @property
    def indices(self) -> Indices:
        """The indices on the server."""
        return self._indices

    @property
    def _writing(self) -> Bulk:
        if self._bulk is None:
            raise LakeError("this index was opened for reading only")
        return self._bulk

    def put(self, records: Iterable[Record]) -> None:
        for record in records:
            self._insert(record)
            if record.level == "series" and not record.kept:
                self._remove("kept", record.uid, None)

    def add(self, records: Iterable[Record]) -> None:
        for record in records:
            self._insert(record)

    def _insert(self, record: Record) -> None:
        parts = parts_of(record, self._encoder)
        self._learn([part[0] for part in parts if part[0]])
        kind = kind_of(record.level)
        self._writing.add(self._header("index", kind, record.uid), document(record, parts), record.level, record.uid)
        if record.level == "series" and record.kept:
            text = orjson.dumps({"kept": _base64(record.kept)}).decode()
            self._writing.add(self._header("index", "kept", record.uid), text, None, record.uid)

    def delete(self, level: RecordLevel, uids: Iterable[str]) -> None:
        for uid in uids:
            self._remove(kind_of(level), uid, level)
            if level == "series":
                self._remove("kept", uid, None)

    def _remove(self, kind: Kind, uid: str, level: RecordLevel | None) -> None:
        self._writing.add(self._header("delete", kind, uid), None, level, uid)

    def _header(self, operation: str, kind: Kind, uid: str) -> str:
        self._version += 1
        self._touched.add(kind)
        what = {"_index": self._indices.name(kind), "_id": uid, "version": self._version, "version_type": "external"}
        return orjson.dumps({operation: what}).decode()

    def _learn(self, texts: Iterable[str]) -> None:
        """Keep the names of paths that have not been met, before a commit shows a document that has them."""
        for text in texts:
            if self._texts.get(text) is None:
                self._texts.put(text, True, 1)
                self._unlearned.add(text)

    def arrive(self) -> None:
        self._writing.flush()

    def commit(self) -> str:
        self._writing.flush()
        self._leases.check()
        self._state.learn(self._unlearned)
        self._commits.make(self._touched)
        self._unlearned.clear()  # last: a commit that failed may be tried again
        self._touched.clear()
        self._whole = self._version
        return patient(self._see)

    def _see(self) -> str:
        """Look at the last commit, also while others are committing: what is our own is whole."""
        self._snapshot = self._commits.snapshot(self._snapshot, at_once=True)
        self._commits.let_go()
        return self._snapshot.generation

    @contextmanager
    def alone(self, reach: Reach, mend: Callable[[Collection[str]], None]) -> Iterator[None]:
        def mended(number: int, series: Collection[str]) -> None:
            self._version = number << _VERSIONS
            self._touched |= set(KINDS)  # what it has put shows, before anybody goes by what is there
            self.commit()
            mend(series)
            self.commit()
            self.rejected()  # the dead one has met the same refusals, and its next run sets them aside

        self._whole = None
        with self._leases.held(reach, mended, half_written=self._half_written) as number:
            self._whole = self._version = number << _VERSIONS
            patient(self._see)
            yield

    def _half_written(self) -> bool:
        """Whether anything was put since the last commit, alone."""
        return self._whole is not None and self._whole != self._version

    def compact(self) -> None:
        self._indices.merge()
        self._touched.update(KINDS)
        self.commit()  # readers look at what was merged

    def rejected(self) -> list[Rejection]:
        return self._bulk.rejected() if self._bulk is not None else []

    def _asked(self, ask: Callable[[Snapshot], T]) -> T:
        """The answer of the last commit this engine has seen, or of the last one at all where the server has let go of
        it: nobody has asked for long, or its nodes were started again, and others have committed since."""
        try:
            return ask(self._snapshot)
        except CursorExpiredError:
            self._snapshot = self._commits.snapshot(None)
            return ask(self._snapshot)

    def get(self, level: RecordLevel, uids: Iterable[str]) -> dict[str, Member]:
        listed = list(uids)
        return self._asked(lambda snapshot: OpenSearchMoment(snapshot).get(level, listed))

    def kept(self, series: Iterable[str]) -> dict[str, bytes]:
        listed = list(series)
        return self._asked(lambda snapshot: OpenSearchMoment(snapshot).kept(listed))

    def placed(self, studies: Iterable[str]) -> dict[str, dict[str, set[str]]]:
        listed = list(studies)
        return self._asked(lambda snapshot: snapshot.run(look.placed(listed)))

    def search(self, plan: Plan) -> Found:
        return self._asked(lambda snapshot: search(snapshot, plan))

    def place(self, plan: Plan, skip: int) -> Place | None:
        return self._asked(lambda snapshot: place(snapshot, plan, skip))

    def moment(self) -> OpenSearchMoment:
        return OpenSearchMoment(self._snapshot)

    def present(self, level: RecordLevel) -> dict[str, int]:
        def counted(snapshot: Snapshot) -> dict[str, int]:
            if level not in snapshot.present:
                snapshot.present[level] = snapshot.run(look.present(level, list(self._state.paths())))
            return dict(snapshot.present[level])

        return self._asked(counted)

    def vocabulary(self, level: RecordLevel, path: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        return self._asked(lambda snapshot: snapshot.run(look.vocabulary(snapshot, level, path, prefix, limit)))

    def describe(self, level: RecordLevel, query: Resolved) -> Any:
        return described(self._snapshot, kind_of(level), query)

    def scan(self, level: RecordLevel) -> Iterator[Member]:
        return self.moment().walk(level, Everything())

    def refresh(self) -> str:
        self._snapshot = self._commits.snapshot(self._snapshot)
        self._commits.let_go()
        return self._snapshot.generation

    def stats(self) -> Stats:
        lines = [Line(kind_of(level), counting(EVERYTHING)) for level in _LEVELS]
        instances, series = self._asked(lambda snapshot: [total(answer) for answer in snapshot.ask(lines)])
        extra = MappingProxyType({"engine": "opensearch", "shards": self._snapshot.shards})
        return Stats(instances, series, self._indices.size(), self._snapshot.generation, extra)

    def close(self) -> None:
        if self._bulk is not None:
            with suppress(EngineError):  # the next writer does it then
                self._indices.settle()
        self._stop()
        self._client.close()

    def remove(self) -> None:
        """Delete the indices and templates of this lake from the server, and close."""
        self._stop()  # first: the server goes on counting what is open of an index that was deleted
        self._indices.remove()
        self._client.close()

    def _stop(self) -> None:
        if self._bulk is not None:
            self._bulk.close()
            self._bulk = None
        del self._snapshot
        with suppress(EngineError):  # the server lets go by itself, too
            self._commits.let_go()


_LEVELS: Final[tuple[RecordLevel, ...]] = ("instance", "series")


def described(snapshot: Snapshot, kind: Kind, query: Resolved) -> dict[str, Any]:
    """What is asked of an index; of another series in the study, what is asked of that series."""
    asked: list[dict[str, Any]] = []

    def told(part: Resolved) -> dict[str, Any]:
        asked.append(described(snapshot, "series", part))
        return {"another series in the study": len(asked)}

    compiler = snapshot.compiler.asking(told)
    found: dict[str, Any] = {"index": kind, "query": compiler.compile(query)}
    if asked:
        found["series"] = asked
    return found


def _base64(content: bytes) -> str:
    return b64encode(content).decode()

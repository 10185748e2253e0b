"""The indices of a lake on an OpenSearch server, ``PREFIX-*-<n>``; the lock of their writer is in the data folder."""

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

import orjson

from dicomlake.engines.base import Engine
from dicomlake.engines.opensearch import OpenSearchEngine, Server, Shape
from dicomlake.engines.opensearch.client import Client
from dicomlake.engines.opensearch.health import examine
from dicomlake.engines.opensearch.indices import Indices
from dicomlake.engines.opensearch.state import State
from dicomlake.errors import LakeBusyError, LakeError, OtherEngineError
from dicomlake.lake.choice import Choice
from dicomlake.lake.home import Home
from dicomlake.lake.mark import NAME, SECRET, Mark, built_with
from mappings import schemas

LOCK: Final = "writer.lock"

GRACE: Final = 30.0
"""Seconds that those who still read an index get, once another has taken its place."""

_OWNER: Final = "owner"
_MAPPING: Final = "mapping"


class ServerHome(Home):
    """Versions of the indices ``prefix-*``. They say whose they are: two data folders never share them."""

    kind = "opensearch"

    def __init__(self, lake: Path, choice: Choice) -> None:
        super().__init__(lake)
        self._choice = choice
        self._server = Server(
            choice.urls,
            choice.user,
            choice.password,
            str(choice.authority) if choice.authority else None,
            choice.verify,
            choice.seconds,
            choice.connections,
        )

    @property
    def prefix(self) -> str:
        return self._choice.prefix

    def check(self, index: str) -> None:
        with self._indices(index) as indices:
            if not indices.exist():
                raise LakeError(
                    f"there are no indices {self._called(index)} on the search server; restore them, or index the "
                    "sources into a new folder (--data NEW)"
                )
            self._check_owner(indices.about())

    def check_new(self, index: str) -> None:
        with self._indices(index) as indices:
            if indices.exist() and State(indices.client, indices.state).read().number:
                self._check_owner(indices.about())
                raise LakeError(
                    f"{self.lake / NAME} is missing, and the search server has the indices {self._called(index)} of "
                    "this lake; restore it, or name a new folder and another DICOMLAKE_ENGINE_PREFIX"
                )

    def current(self, index: str) -> bool:
        with self._indices(index) as indices:
            return _is_current(indices.about())

    def goal(self) -> dict[str, str]:
        return {"engine": self.kind, "prefix": self.prefix, _MAPPING: _mapping()}

    def open(self, index: str, tables: int) -> Engine:
        return self._opened(index, write=False, same=True)

    def open_any(self, index: str) -> Engine:
        return self._opened(index, write=False, same=False)

    def open_for_writing(self, index: str) -> Engine:
        return self._opened(index, write=True, same=True)

    def _opened(self, index: str, *, write: bool, same: bool) -> Engine:
        with self._indices(index) as indices:
            if indices.exist():
                about = indices.about()
                self._check_owner(about)
                if same and not _is_current(about):
                    raise LakeError(
                        f"the indices {self._called(index)} on the search server were made by another version of "
                        f"Dicomlake; build them anew: dicomlake engine migrate --data {self.lake}"
                    )
        about = {_OWNER: self._owner(), **built_with(), _MAPPING: _mapping()}
        # A first load has nothing to lose; what a migration makes takes the place of what has its copies.
        shape = Shape(self._choice.shards, self._choice.replicas, later=not Mark.is_in(self.lake))
        columns = schemas.embedded_columns()
        return OpenSearchEngine(
            self._server, self.prefix, columns, write=write, shape=shape, version=_number(index), about=about
        )

    def _check_owner(self, about: Mapping[str, str]) -> None:
        if about.get(_OWNER) != self._owner():
            raise OtherEngineError(
                f"the indices {self.prefix} on the search server belong to another data folder; name others with "
                "DICOMLAKE_ENGINE_PREFIX, or delete them when that folder is gone"
            )

    def _owner(self) -> str:
        """What tells the lake of this data folder from others, copies and backups of it aside."""
        try:
            secret = (self.lake / SECRET).read_bytes()
        except OSError as error:
            raise LakeError(f"{self.lake / SECRET} cannot be read ({error.strerror}); restore it") from error
        return blake2b(secret, digest_size=8, person=b"owner").hexdigest()

    def writing(self) -> AbstractContextManager[object]:
        return self._locked()

    def unwritten(self, index: str) -> AbstractContextManager[object]:
        return self._locked()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self.lake / LOCK, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LakeBusyError(
                    f"another process is indexing into {self.lake} or migrating it; wait until it ends and run this "
                    "again"
                ) from error
            yield
        finally:
            os.close(descriptor)

    def has(self, index: str) -> bool:
        with self._indices(index) as indices:
            return indices.exist()

    def size(self, index: str) -> int:
        with self._indices(index) as indices:
            return indices.size() if indices.exist() else 0

    def room(self) -> int | None:
        return None

    def publish(self, index: str) -> None:
        with self._indices(index) as indices:
            indices.publish()

    def put_away(self, index: str, old: Path | None) -> None:
        if old is None:
            self.remove(index)

    def bring_back(self, index: str, old: Path) -> None:
        """Nothing: it has never left its place."""

    def examine(self, index: str) -> Iterator[tuple[str, bool, str]]:
        yield "engine", True, f"opensearch, indices {self._called(index)}"
        with self._indices(index) as indices:
            yield from examine(indices)

    def remove(self, index: str) -> None:
        """Those who read it get a while to end: the service turns to the new one with its next request."""
        with self._indices(index) as indices:
            until = time.monotonic() + GRACE
            while indices.exist() and indices.in_use() and time.monotonic() < until:
                time.sleep(0.2)
            indices.delete()

    @contextmanager
    def _indices(self, index: str) -> Iterator[Indices]:
        client = Client(self._server)
        try:
            yield Indices(client, self.prefix, (), _number(index))
        finally:
            client.close()

    def _called(self, index: str) -> str:
        return f"{self.prefix}-*-{_number(index)}"


@lru_cache(maxsize=1)
def _mapping() -> str:
    """A hash of the mapping that this process makes: it may change while the registry does not."""
    return blake2b(
        orjson.dumps(schemas.opensearch_templates(), option=orjson.OPT_SORT_KEYS), digest_size=16
    ).hexdigest()


def _is_current(about: Mapping[str, str]) -> bool:
    return (about.get(_MAPPING), about.get("registry")) == (_mapping(), built_with()["registry"])


def _number(index: str) -> int:
    return int(index.rpartition("-")[2])

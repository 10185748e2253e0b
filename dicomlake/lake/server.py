"""The indices of a lake on an OpenSearch server, ``PREFIX-*-<n>``.

Data folders with the same secret are folders of one lake, on several hosts. Of each folder one process at a time
writes, which a lock in it sees to; processes of several folders get out of each other's way by leases on the server.
"""

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import Final

import orjson

from dicomlake.documents.mend import mend
from dicomlake.engines.base import Engine
from dicomlake.engines.opensearch.client import Client, Server
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.engines.opensearch.health import examine
from dicomlake.engines.opensearch.indices import KINDS, Indices, Shape
from dicomlake.engines.opensearch.leases import Leases
from dicomlake.engines.opensearch.state import State
from dicomlake.engines.reach import Reach
from dicomlake.errors import LakeError, OtherEngineError
from dicomlake.lake.choice import Choice
from dicomlake.lake.home import Home
from dicomlake.lake.lock import locked, who
from dicomlake.lake.mark import FIRST_INDEX, NAME, SECRET, Mark, built_with
from mappings import schemas

GRACE: Final = 30.0
"""Seconds that those who still read an index get, once another has taken its place."""

_OWNER: Final = "owner"
_MAPPING: Final = "mapping"
_CALLED: Final = {
    _OWNER: "secret",
    _MAPPING: "mapping",
    "registry": "field registry",
    "canonical": "table of canonical values",
    "patients": "table of patients",
}


class ServerHome(Home):
    """Versions of the indices ``prefix-*``. They say whose they are: data folders of two lakes never share them."""

    kind = "opensearch"

    def __init__(self, lake: Path, choice: Choice) -> None:
        super().__init__(lake)
        self._choice = choice
        self._held: dict[str, Leases] = {}
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
                if (other := self.shared()) is not None:
                    raise LakeError(
                        f"the index of {self.lake} was built anew from another data folder, and is called "
                        f"{self._called(other)} now; follow it with: dicomlake engine migrate --data {self.lake}"
                    )
                raise LakeError(
                    f"there are no indices {self._called(index)} on the search server; restore them, or index the "
                    "sources into a new folder (--data NEW)"
                )
            self._check_owner(indices.about())

    def check_new(self, index: str) -> None:
        with self._indices(index) as indices:
            if indices.exist() and State(indices.client, indices.state).read().number:
                self._check_owner(indices.about())
                raise self._unmarked(index)
        if (other := self.shared()) not in (None, index):
            raise self._unmarked(str(other))

    def _unmarked(self, index: str) -> LakeError:
        return LakeError(
            f"{self.lake / NAME} is missing, and the search server has the indices {self._called(index)} of this lake; "
            f"restore it, or name a new folder and another DICOMLAKE_ENGINE_PREFIX. For another host of the same lake "
            f"begin with a folder that has {SECRET} alone"
        )

    def check_shared(self, index: str) -> None:
        with self._indices(index) as indices:
            about = indices.about()
        for name, hash in self._about().items():
            if about.get(name) != hash:
                raise LakeError(
                    f"the indices {self._called(index)} of this lake were made with another {_CALLED[name]} than this "
                    "process has; use the same version of Dicomlake and the same tables on every host"
                )

    def shared(self) -> str | None:
        """The index of this lake that the aliases name, unless nobody may write into it any more."""
        if not (self.lake / SECRET).exists():
            return None
        with self._indices(FIRST_INDEX) as indices:
            number = indices.published()
        if number is None:
            return None
        with self._indices(f"index-{number}") as indices:
            there = indices.exist() and indices.about().get(_OWNER) == self._owner()
            return f"index-{number}" if there and not Leases(indices.client, indices.state).closed else None

    def retire(self, index: str) -> None:
        self._close(index, True)

    def _close(self, index: str, closed: bool) -> None:
        with self._indices(index) as indices:
            if indices.exist():
                Leases(indices.client, indices.state).close(closed)

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
        # A first load has nothing to lose; what a migration makes takes the place of what has its copies.
        shape = Shape(self._choice.shards, self._choice.replicas, later=not Mark.is_in(self.lake))
        columns = schemas.embedded_columns()
        return OpenSearchEngine(
            self._server,
            self.prefix,
            columns,
            write=write,
            shape=shape,
            version=_number(index),
            about=self._about(),
            who=who(self.lake) if write else "",
        )

    def _about(self) -> dict[str, str]:
        """What is kept with indices that this process makes."""
        return {_OWNER: self._owner(), **built_with(), _MAPPING: _mapping()}

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
        return locked(self.lake)

    @contextmanager
    def unwritten(self, index: str) -> Iterator[None]:
        with locked(self.lake), self._indices(index) as indices:
            if not indices.exist():
                yield
                return
            leases = Leases(indices.client, indices.state, who(self.lake))
            with leases.held(Reach(everything=True), partial(self._mend, index), although_closed=True):
                self._held[index] = leases
                yield

    def _mend(self, index: str, number: int, series: Collection[str]) -> None:
        """Mend what a writer that died has left, where this process writes such indices; a migration goes by what is
        kept of the series in any case."""
        with self._indices(index) as indices:
            if not _is_current(indices.about()) or Leases(indices.client, indices.state).closed:
                return
            indices.refresh(KINDS)
        engine = self.open_for_writing(index)  # its own number is higher than that of the lease
        try:
            mend(engine, series)
        finally:
            engine.close()

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
        """It has never left its place."""
        self._close(index, False)

    def examine(self, index: str) -> Iterator[tuple[str, bool, str]]:
        yield "engine", True, f"opensearch, indices {self._called(index)}"
        with self._indices(index) as indices:
            yield from examine(indices)

    def remove(self, index: str) -> None:
        """Those who read it get a while to end: the service turns to the new one with its next request."""
        if (held := self._held.pop(index, None)) is not None:
            held.let_go()  # the document would be made anew, and an index for it
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

"""Tables of a commit on the disk, beside its index: a process that opens it finds them and reads no document.

A folder has the tables of one commit, named by its segments, so that a table can never be taken for that of another
commit. A file is written under another name, synced and renamed, so it is whole or not there; whoever misses one makes
the table itself. Arrays are mapped: only what is looked at is read, and the system may take it back.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

VERSION = 1
"""Of what tables hold and of how files hold them."""

FOLDER = "tables"

_ALIGNED = 64


@dataclass(frozen=True, slots=True)
class Stored:
    """One table: its arrays, read only, and what else it has, as JSON has it."""

    arrays: Mapping[str, NDArray[Any]]
    more: Any


class Store:
    """The tables of the commit with these ``segments`` (any text that names them) of the index in ``folder``."""

    def __init__(self, folder: Path, segments: bytes) -> None:
        self.commit = blake2b(segments, digest_size=12).hexdigest()
        self._all = folder / FOLDER
        self._folder = self._all / f"{VERSION}-{self.commit}"

    def fits(self, size: int) -> bool:
        """Whether tables can be kept here, and so many bytes are free."""
        folder = self._all if self._all.exists() else self._all.parent
        with suppress(OSError):
            return os.access(folder, os.W_OK | os.X_OK) and shutil.disk_usage(folder).free >= size
        return False

    def has(self, name: str) -> bool:
        """Whether there is a table of a name."""
        return self._path(name).exists()

    def load(self, name: str) -> Stored | None:
        """A table; None when it is not there or not as it was written."""
        path = self._path(name)
        try:
            with path.open("rb") as file:
                length = int.from_bytes(file.read(8))
                head = orjson.loads(file.read(length))
                if head["name"] != name or os.fstat(file.fileno()).st_size != head["size"]:
                    return None
                more = orjson.loads(file.read(head["more"]))
                arrays = {key: _mapped(path, *of) for key, of in head["arrays"].items()}
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Stored(arrays, more)

    def save(self, name: str, arrays: Mapping[str, NDArray[Any]], more: Any = None) -> None:
        """Keep a table. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = orjson.dumps(more)
        head = _head(name, arrays, len(text), 0)
        while (fitting := _head(name, arrays, len(text), len(head))) != head:  # its length is among what it says
            head = fitting
        content = bytearray(len(head).to_bytes(8) + head + text)
        for array in arrays.values():
            content += b"\0" * (-len(content) % _ALIGNED)
            content += np.ascontiguousarray(array).tobytes()
        path = self._path(name)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())  # else a name could outlast a power cut whose content did not
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def clean(self) -> None:
        """Remove the tables of other commits; who has them mapped keeps them."""
        with suppress(OSError):
            for folder in self._all.iterdir():
                if folder != self._folder:
                    shutil.rmtree(folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{blake2b(name.encode(), digest_size=12).hexdigest()}.table"


def _head(name: str, arrays: Mapping[str, NDArray[Any]], more: int, length: int) -> bytes:
    place = 8 + length + more
    listed: dict[str, Sequence[Any]] = {}
    for key, array in arrays.items():
        place += -place % _ALIGNED
        listed[key] = (array.dtype.str, len(array), place)
        place += array.nbytes
    return orjson.dumps({"name": name, "more": more, "arrays": listed, "size": place})


def _mapped(path: Path, kind: str, length: int, place: int) -> NDArray[Any]:
    if not length:
        return np.zeros(0, kind)
    return np.asarray(np.memmap(path, kind, "r", place, (length,)))

"""A lake: the data folder with its index, its catalogue and its format mark.

::

    lake/format.json      format version, hashes of the registry and the site's files
    lake/index/           the embedded engine's index
    lake/catalog.sqlite   what was seen
    lake/secret.key       signs cursors; made with the lake, never leaves it
"""

import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from dicomlake.catalog import Catalog
from dicomlake.engines.base import Engine
from dicomlake.engines.embedded import EmbeddedEngine
from dicomlake.errors import LakeError
from dicomlake.site import current
from mappings import registry, schemas

FORMAT = 1
"""Version of the data folder; a newer one is refused, an older one is migrated."""


class Lake:
    """An open data folder. Use :meth:`open` for reading, :meth:`open_for_writing` to index into it."""

    def __init__(self, path: Path, engine: Engine, catalog: Catalog) -> None:
        self.path = path
        self.engine = engine
        self.catalog = catalog

    @classmethod
    def open(cls, path: Path) -> Self:
        """An existing lake, to read. Raises LakeError when there is none or its format is another."""
        if not (path / "format.json").exists():
            raise LakeError(f"there is no lake in {path}; make one with: dicomlake index SOURCE --data {path}")
        _check_format(path)
        engine = EmbeddedEngine(path / "index", schemas.embedded_columns())
        return cls(path, engine, Catalog(path / "catalog.sqlite", write=False))

    @classmethod
    def open_for_writing(cls, path: Path) -> Self:
        """A lake to index into, made when missing. One process at a time: raises LakeBusyError for a second one, and
        LakeError when the folder cannot be written or its format is another."""
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if (path / "format.json").exists():
                _check_format(path)
            elif any(entry.name not in _PARTS for entry in path.iterdir()):
                raise LakeError(f"{path} is not empty and holds no lake; name an empty or a new folder")
            if not os.access(path, os.W_OK | os.X_OK):
                raise LakeError(f"{path} cannot be written; change its permissions or name another folder")
            engine = EmbeddedEngine(path / "index", schemas.embedded_columns(), write=True)
            _make_secret(path)
            if not (path / "format.json").exists():
                mark = {"format": FORMAT, **built_with()}
                _write_durably(path / "format.json", orjson.dumps(mark, option=orjson.OPT_INDENT_2))
            return cls(path, engine, Catalog(path / "catalog.sqlite", write=True))
        except OSError as error:
            raise LakeError(
                f"{path} cannot be written ({error.strerror}); change its permissions or name another folder"
            ) from error

    @property
    def secret(self) -> bytes:
        """The key that signs what leaves the service and comes back."""
        return (self.path / "secret.key").read_bytes()

    def close(self) -> None:
        """Let go of the index and the catalogue; what was not committed is dropped."""
        self.engine.close()
        self.catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_PARTS = frozenset(
    {"index", "catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm", "secret.key"}
    | {"secret.key.new", "format.json.new"}  # left by a process that was killed while it made the lake
)


_DIFFERENCES = {
    "registry": "another field registry; build it anew",
    "canonical": "other canonical values; set DICOMLAKE_CANONICAL_FILE as it was then, or build it anew",
    "patients": "another table of patients; set DICOMLAKE_PATIENTS_FILE as it was then, or build it anew",
}


def built_with() -> dict[str, str]:
    """The hashes of what decides how this process builds documents, as ``format.json`` has them."""
    site = current()
    return {
        "registry": registry.load().hash,
        "canonical": site.canonical_hash,
        "patients": site.patients_hash,
    }


def _check_format(path: Path) -> None:
    try:
        mark = orjson.loads((path / "format.json").read_bytes())
        version, hashes = int(mark["format"]), {"canonical": "", "patients": "", "registry": mark["registry"]} | mark
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise LakeError(f"{path / 'format.json'} cannot be read: {error}") from error
    if version != FORMAT:
        age = "a newer" if version > FORMAT else "an older"
        raise LakeError(f"{path} was written by {age} Dicomlake (format {version}, this one knows {FORMAT})")
    for name, hash in built_with().items():
        if hashes[name] != hash:
            raise LakeError(
                f"{path} was built with {_DIFFERENCES[name]} from the headers it keeps: "
                f"dicomlake engine migrate --data {path}"
            )


def _make_secret(path: Path) -> None:
    if not (path / "secret.key").exists():
        _write_durably(path / "secret.key", secrets.token_bytes(32))


def _write_durably(path: Path, content: bytes) -> None:
    """Whole or not at all, and on the disk before it has its name."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

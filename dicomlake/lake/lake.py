"""The data folder.

::

    lake/format.json      the mark: format version, name of the index folder, what it was built with; written last
    lake/index-<n>/       the embedded engine's index; a migration makes the next one beside it. Where a server has
                          the index, its names end with the number, and writer.lock keeps a second writer out
    lake/catalog.sqlite   what was seen
    lake/secret.key       signs cursors, says whose the indices on a server are; made with the lake, and leaves it only
                          for another data folder of the same lake
    lake/state            settings, saved searches and jobs (:mod:`dicomlake.state`); may be there before the lake is
    lake/sample           the sample archive, when a job wrote it
    lake/images/          pictures that were made (:mod:`dicomlake.images`); may be deleted at any time
"""

import os
import secrets
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import orjson

from dicomlake import disk, settings
from dicomlake.catalog import Catalog
from dicomlake.closing import Closing
from dicomlake.engines.base import Engine
from dicomlake.engines.embedded import BUDGET
from dicomlake.errors import LakeError
from dicomlake.lake.choice import Choice
from dicomlake.lake.home import Home
from dicomlake.lake.mark import FIRST_INDEX, INDEX_NAME, NAME, SECRET, Mark


class Lake(Closing):
    """An open data folder. Use :meth:`open` for reading, :meth:`open_for_writing` to index into it. Where a server has
    the index, a folder that holds the secret of a lake alone becomes another one of that lake.

    ``choice``: the engine that has its index, by default that of the settings.
    """

    def __init__(self, path: Path, engine: Engine, catalog: Catalog, held: ExitStack | None = None) -> None:
        self.path = path
        self.engine = engine
        self.catalog = catalog
        self._held = held or ExitStack()

    @classmethod
    def open(cls, path: Path, *, tables: int = BUDGET, choice: Choice | None = None) -> Self:
        """An existing lake, to read; ``tables``: bytes that the tables of a level may take.
        Raises LakeError when there is none or its format is another, OtherEngineError when its index is elsewhere."""
        while True:
            mark = Mark.read(path)
            home = home_in(path, choice)
            try:
                mark.check(home, write=False)
                engine = home.open(mark.index, tables)
                return cls(path, engine, Catalog(path / CATALOG, write=False))
            except LakeError:
                if Mark.read(path) == mark:
                    raise  # otherwise a migration has just put another index in its place

    @staticmethod
    def check_place(path: Path, *, write: bool = False) -> bool:
        """Whether a lake is there; False where one can be made. Raises LakeError when the folder holds something else,
        or a lake that cannot be read, or with ``write`` not be written to."""
        if (path / NAME).exists():
            Mark.read(path).check(home_in(path), write=write)
            return True
        try:
            if path.exists():
                _check_unmarked(path)
        except OSError as error:
            raise LakeError(f"{path} cannot be read ({error.strerror}); name another folder") from error
        return False

    @classmethod
    def open_for_writing(cls, path: Path, *, choice: Choice | None = None) -> Self:
        """A lake to index into, made when missing. One process at a time: raises LakeBusyError for a second one, and
        LakeError when the folder cannot be written or its format is another."""
        home = home_in(path, choice)
        try:
            _make_folder(path)
            while True:
                new = not (path / NAME).exists()
                if new:
                    _check_unmarked(path)
                shared = home.shared() if new and _is_blank(path) else None
                mark = Mark.of(home, shared or FIRST_INDEX) if new else Mark.read(path)
                if shared:
                    home.check_shared(shared)
                if not new or shared:
                    mark.check(home, write=True)
                if not os.access(path, os.W_OK | os.X_OK):
                    raise LakeError(f"{path} cannot be written; change its permissions or name another folder")
                opened = cls._write_to(home, mark, new=new and not shared)
                if new:
                    if not shared:
                        home.publish(mark.index)
                    mark.write(path)
                if Mark.read(path) == mark:
                    return opened
                opened.close()  # a migration has just put another index in its place
        except OSError as error:
            raise disk.full(path, error) or LakeError(
                f"{path} cannot be written ({error.strerror}); change its permissions or name another folder"
            ) from error

    @classmethod
    def _write_to(cls, home: Home, mark: Mark, *, new: bool) -> Self:
        path = home.lake
        catalog = Catalog(path / CATALOG, write=False)
        catalog.check()  # before anything is touched
        catalog.close()
        with ExitStack() as stack:
            stack.enter_context(home.writing())
            if new:
                _make_secret(path)
                home.check_new(mark.index)
            engine = home.open_for_writing(mark.index)
            try:
                return cls(path, engine, Catalog(path / CATALOG, write=True), stack.pop_all())
            except BaseException:
                engine.close()
                raise

    @property
    def secret(self) -> bytes:
        """The key that signs what leaves the service and comes back."""
        return (self.path / SECRET).read_bytes()

    def close(self) -> None:
        """Let go of the index and the catalogue; what was not committed is dropped."""
        self.engine.close()
        self.catalog.close()
        self._held.close()


CATALOG = "catalog.sqlite"
IMAGES = "images"

_PARTS = frozenset(
    {CATALOG, f"{CATALOG}-wal", f"{CATALOG}-shm", f"{CATALOG}-journal", SECRET, IMAGES}
    | {f"{SECRET}.new", f"{NAME}.new"}  # left by a process that was killed while it made the lake
    | {"state", "sample", "writer.lock"}
)


def home_in(path: Path, choice: Choice | None = None) -> Home:
    """Where the indices of the lake in a folder are, by default as the settings choose. Raises UsageError."""
    choice = choice or Choice.of(settings.load())
    if choice.kind == "embedded":
        from dicomlake.lake.folder import FolderHome  # noqa: PLC0415  (each engine takes a while to import)

        return FolderHome(path)
    from dicomlake.lake.server import ServerHome  # noqa: PLC0415

    return ServerHome(path, choice)


def _make_folder(path: Path) -> None:
    made = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in made:
        disk.sync(folder.parent)


def _check_unmarked(path: Path) -> None:
    """Raises LakeError unless the folder is empty, or what a process left that was killed while it made a lake."""
    for entry in path.iterdir():
        if INDEX_NAME.fullmatch(entry.name):
            if _has_documents(entry):
                raise LakeError(f"{path / NAME} is missing beside an index; restore it, or name a new folder")
        elif entry.name not in _PARTS:
            raise LakeError(f"{path} is not empty and holds no lake; name an empty or a new folder")


def _is_blank(path: Path) -> bool:
    """Whether nothing was indexed by way of this folder: no file is in its catalogue."""
    catalog = Catalog(path / CATALOG, write=False)
    try:
        return not any(catalog.counts().values()) and not catalog.announced()
    finally:
        catalog.close()


def _has_documents(index: Path) -> bool:
    try:
        return bool(orjson.loads((index / "meta.json").read_bytes())["segments"])
    except FileNotFoundError:
        return False
    except (KeyError, TypeError, ValueError):
        return True


def _make_secret(path: Path) -> None:
    if not (path / SECRET).exists():
        disk.write(path / SECRET, secrets.token_bytes(32))

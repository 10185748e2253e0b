"""The embedded engine's indices: folders in the data folder."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from dicomlake import disk
from dicomlake.engines.base import Engine
from dicomlake.engines.embedded import BUDGET
from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.embedded.lock import unwritten
from dicomlake.errors import LakeError
from dicomlake.lake.home import Home
from mappings import schemas


class FolderHome(Home):
    """Folders ``index-<n>``. The engine itself keeps a second writer out."""

    kind = "embedded"

    def check(self, index: str) -> None:
        if not (self.lake / index / "meta.json").exists():
            raise LakeError(
                f"{self.lake / index} is missing or no index; restore it, or index the sources into a new folder "
                "(--data NEW)"
            )

    def open(self, index: str, tables: int = BUDGET) -> Engine:
        return EmbeddedEngine(self.lake / index, schemas.embedded_columns(), tables=tables)

    def open_any(self, index: str) -> Engine:
        return EmbeddedEngine(self.lake / index, None)

    def open_for_writing(self, index: str) -> Engine:
        new = not self.has(index)
        engine = EmbeddedEngine(self.lake / index, schemas.embedded_columns(), write=True)
        if new:
            for folder in (self.lake / index, self.lake):
                disk.sync(folder)
        return engine

    def writing(self) -> AbstractContextManager[object]:
        return nullcontext()

    def unwritten(self, index: str) -> AbstractContextManager[object]:
        return unwritten(self.lake / index)

    def has(self, index: str) -> bool:
        return (self.lake / index).exists()

    def size(self, index: str) -> int:
        return disk.size(self.lake / index)

    def room(self) -> int | None:
        return shutil.disk_usage(self.lake).free

    def publish(self, index: str) -> None:
        """Nothing: the mark says it all."""

    def put_away(self, index: str, old: Path | None) -> None:
        source = self.lake / index
        place = old / index if old is not None else self.lake / f"{index}.old"
        if source.exists():
            source.rename(place)  # at once: nobody shall find half an index
            disk.sync(place.parent)
        if old is None:
            shutil.rmtree(place, ignore_errors=True)

    def bring_back(self, index: str, old: Path) -> None:
        if not self.has(index):
            (old / index).rename(self.lake / index)
            disk.sync(self.lake)

    def examine(self, index: str) -> Iterator[tuple[str, bool, str]]:
        from importlib.metadata import version  # noqa: PLC0415  (only the doctor asks)

        yield "engine", True, f"embedded, tantivy {version('tantivy')}"

    def remove(self, index: str) -> None:
        shutil.rmtree(self.lake / index, ignore_errors=True)

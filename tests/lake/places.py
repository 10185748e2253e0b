"""Lakes whose index is in the data folder or on a server, and the way to either."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from dicomlake.lake import Choice, Lake
from tests.cli.run import Ended, command
from tools.opensearch import Server

_numbers = itertools.count()


@dataclass(frozen=True)
class Place:
    """A data folder, the engine that has its index, and the settings that say so."""

    data: Path
    choice: Choice

    @property
    def settings(self) -> dict[str, str]:
        """Environment variables of a process that uses it."""
        if self.choice.kind == "embedded":
            return {}
        return {"DICOMLAKE_ENGINE_URL": ",".join(self.choice.urls), "DICOMLAKE_ENGINE_PREFIX": self.choice.prefix}

    def command(self, *words: str | Path, **settings: str) -> Ended:
        """``dicomlake WORD... --data DATA``, ended."""
        return command(*words, "--data", self.data, **{**self.settings, **settings})

    def open(self) -> Lake:
        """The lake, to read."""
        return Lake.open(self.data, choice=self.choice)

    def documents(self) -> dict[str, Any]:
        """Every document and every kept header."""
        with self.open() as lake:
            found: dict[str, Any] = {
                level: sorted(lake.engine.scan(level), key=lambda one: one.uid) for level in ("instance", "series")
            }
            found["kept"] = lake.engine.kept([one.uid for one in found["series"]])
        return found

    def at(self, data: Path) -> "Place":
        """The same engine for another folder."""
        return replace(self, data=data)


def embedded(data: Path) -> Place:
    """A lake with its index inside."""
    return Place(data, Choice())


@contextmanager
def on_server(server: Server, data: Path) -> Iterator[Place]:
    """A lake with its indices on a server; they are removed at the end."""
    choice = Choice("opensearch", f"{server.prefix}lake-{next(_numbers)}", (server.url,))
    try:
        yield Place(data, choice)
    finally:
        with httpx.Client(base_url=server.url) as client:
            for row in client.get(f"/_cat/indices/{choice.prefix}*", params={"h": "index", "format": "json"}).json():
                client.delete(f"/{row['index']}")

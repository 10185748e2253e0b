"""``format.json``: which folder is the index, and what it was built with. Written last, so what it names is whole."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import orjson

from dicomlake import __version__, disk
from dicomlake.errors import LakeError, OtherEngineError
from dicomlake.lake.choice import Kind
from dicomlake.lake.home import Home
from dicomlake.site import current
from mappings import registry

FORMAT = 3
"""Version of the data folder; a newer one is refused, an older one is migrated.

1: one folder ``index``. 2: the mark names the folder, ``index-<n>``, so that a new index takes over at once.
3: the embedded engine has the paths that a document has in one text, and no norms.
"""

_AS_GOOD: Mapping[Kind, int] = {"opensearch": 2}
"""The oldest format, of each kind of engine, that differs from this one in nothing that engine has."""

NAME = "format.json"
SECRET = "secret.key"
FIRST_INDEX = "index-1"
INDEX_NAME = re.compile(r"index(?:-([1-9]\d*))?")
"""An index folder in the lake; ``index`` alone is that of format 1."""

_DIFFERENCES = {
    "registry": "another field registry; ",
    "canonical": "other canonical values; set DICOMLAKE_CANONICAL_FILE as it was then, or ",
    "patients": "another table of patients; set DICOMLAKE_PATIENTS_FILE as it was then, or ",
}


def built_with() -> dict[str, str]:
    """The hashes of what decides how this process builds documents, as the mark has them."""
    site = current()
    return {
        "registry": registry.load().hash,
        "canonical": site.canonical_hash,
        "patients": site.patients_hash,
    }


@dataclass(frozen=True, slots=True)
class Mark:
    """What ``format.json`` says: the format, the name of the index, the hashes of :func:`built_with`, the version of
    Dicomlake that wrote it, the kind of engine, and what names on its server begin with."""

    index: str = FIRST_INDEX
    format: int = FORMAT
    hashes: Mapping[str, str] = field(default_factory=built_with)
    dicomlake: str = __version__
    engine: Kind = "embedded"
    prefix: str = ""

    @classmethod
    def of(cls, home: Home, index: str = FIRST_INDEX) -> Self:
        """The mark of a lake that this process makes, with an index in this place."""
        return cls(index, engine=home.kind, prefix=home.prefix)

    @staticmethod
    def is_in(lake: Path) -> bool:
        """Whether a folder has a mark."""
        return (lake / NAME).exists()

    @classmethod
    def read(cls, lake: Path) -> Self:
        """The mark of a lake. Raises LakeError when there is none, it cannot be read, or its format is a newer one."""
        try:
            content = orjson.loads((lake / NAME).read_bytes())
            format = int(content["format"])
            writer = str(content.get("dicomlake", ""))
            if format > FORMAT:
                raise LakeError(
                    f"{lake} was written by a newer Dicomlake{writer and ' ' + writer} (format {format}, this one "
                    f"knows {FORMAT}); upgrade Dicomlake, or name another folder with --data"
                )
            index = str(content.get("index", "index"))
            engine, prefix = content.get("engine", "embedded"), str(content.get("prefix", ""))
            hashes = {name: str(content.get(name, "")) for name in _DIFFERENCES} | {"registry": content["registry"]}
        except FileNotFoundError as error:
            raise LakeError(
                f"there is no lake in {lake}; make one with: dicomlake index SOURCE --data {lake}"
            ) from error
        except OSError as error:
            raise LakeError(f"{lake / NAME} cannot be read ({error.strerror}); check its permissions") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(lake, str(error)) from error
        if not INDEX_NAME.fullmatch(index):
            raise _damaged(lake, f"{index!r} is no folder of an index")
        if engine not in ("embedded", "opensearch"):
            raise _damaged(lake, f"{engine!r} is no engine")
        return cls(index, format, hashes, writer, engine, prefix)

    def write(self, lake: Path) -> None:
        """Put the mark into its place, durably: from then on this is the lake's index."""
        content: dict[str, Any] = {"format": self.format, "index": self.index, "engine": self.engine}
        if self.prefix:
            content["prefix"] = self.prefix
        content |= {**self.hashes, "dicomlake": self.dicomlake}
        disk.write(lake / NAME, orjson.dumps(content, option=orjson.OPT_INDENT_2))

    @property
    def is_current(self) -> bool:
        """Whether what it says of the engine's index is as this process writes it."""
        return self.format >= _AS_GOOD.get(self.engine, FORMAT)

    def check(self, home: Home, *, write: bool) -> None:
        """Raises LakeError with the way out when this process cannot read from the lake, or write to it.

        Reading takes an index as it is, whatever the site's tables say by now; to write, the tables must be the same.
        """
        lake = home.lake
        self.check_home(home)
        if not self.is_current:
            raise LakeError(
                f"{lake} was written by an older Dicomlake (format {self.format}, this one writes {FORMAT}); "
                f"{_advice(lake)}"
            )
        for name, hash in built_with().items():
            if self.hashes[name] != hash and (write or name == "registry"):
                raise LakeError(f"{lake} was built with {_DIFFERENCES[name]}{_advice(lake)}")
        home.check(self.index)

    def check_home(self, home: Home) -> None:
        """Raises OtherEngineError when the lake's index is somewhere else than the settings say."""
        if (self.engine, self.prefix) == (home.kind, home.prefix):
            return
        if home.kind == "embedded":
            raise OtherEngineError(
                f"the index of {home.lake} is on an OpenSearch server; name the server with DICOMLAKE_ENGINE_URL or "
                "--engine-url, or another folder with --data"
            )
        if self.engine == "embedded":
            raise OtherEngineError(
                f"the index of {home.lake} is in the folder itself, not on an OpenSearch server; choose --engine "
                "embedded, or another folder with --data"
            )
        raise OtherEngineError(
            f"the indices of {home.lake} are called {self.prefix}, not {home.prefix}; set DICOMLAKE_ENGINE_PREFIX="
            f"{self.prefix}, or name another folder with --data"
        )


def _advice(lake: Path) -> str:
    return f"build it anew from the headers it keeps: dicomlake engine migrate --data {lake}"


def _damaged(lake: Path, why: str) -> LakeError:
    return LakeError(
        f"{lake / NAME} cannot be read: {why}; restore it, or index the sources into a new folder (--data NEW)"
    )

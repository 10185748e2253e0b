"""Tables of one level as :mod:`dicomlake.engines.embedded.store` keeps them, by what they are of."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from numpy.typing import NDArray

from dicomlake.engines.base import RecordLevel
from dicomlake.engines.embedded.columns import Codes, Numbers
from dicomlake.engines.embedded.order import Ordering
from dicomlake.engines.embedded.source import IDENTITIES, Base
from dicomlake.engines.embedded.store import Store, Stored

Arrays = Mapping[str, NDArray[Any]]

Asked = str | Ordering
"""What can be kept: the values of a path, or an order."""


class Saved:
    """The tables of a level that are on the disk; with ``write`` those that are made are kept there.

    What a commit cannot have (a path of too many values) is kept as a table without arrays.
    """

    def __init__(self, store: Store | None, level: RecordLevel, *, write: bool = False) -> None:
        self._store = store
        self._level = level
        self._write = write

    @property
    def writes(self) -> bool:
        """Whether tables that are made are kept."""
        return self._write

    def has(self, asked: Asked | None = None) -> bool:
        """Whether the table is on the disk; None for that of all documents."""
        return self._store is not None and self._store.has(self._name(asked))

    def base(self) -> Base | None:
        """What every table needs."""
        found = self._load(self._name(None))
        if found is None:
            return None
        numbers = {name: found.arrays[f"{name} numbers"] for name in IDENTITIES}
        hashes = {name: found.arrays[f"{name} hashes"] for name in IDENTITIES}
        return Base(found.arrays["places"], found.arrays["instances"], found.arrays["size"], numbers, hashes)

    def keep_base(self, base: Base) -> None:
        """Keep that."""
        arrays: dict[str, NDArray[Any]] = {"places": base.places, "instances": base.instances, "size": base.size}
        for name in IDENTITIES:
            arrays |= {f"{name} numbers": base.numbers[name], f"{name} hashes": base.hashes[name]}
        self._save(self._name(None), arrays, None)

    def codes(self, path: str, make: Callable[[], Codes | None] | None = None) -> Codes | None:
        """The values of a path, made when they are not there; None when there are too many."""
        found = self._load(self._name(path))
        if found is not None and found.more:
            if not found.more["tokens"]:
                return Codes.none(int(found.arrays["counts"][0]), told=found.more["told"])
            return Codes(tokens=found.more["tokens"], told=found.more["told"], **found.arrays)
        if found is not None:
            return None
        made = make() if make else None
        if make:
            arrays, more = _written(made) if made else ({}, None)
            self._save(self._name(path), arrays, more)
        return made

    def groups(self, name: str, make: Callable[[], tuple[Numbers, Numbers] | None]) -> tuple[Numbers, Numbers] | None:
        """The numbers of what documents belong to, in order of the keys, and a document of each; None when the keys
        cannot be told by their hashes."""
        found = self._load(f"{self._level} groups {name}")
        if found is not None:
            return (found.arrays["numbers"], found.arrays["examples"]) if found.arrays else None
        made = make()
        arrays: Arrays = dict(zip(("numbers", "examples"), made, strict=True)) if made else {}
        self._save(f"{self._level} groups {name}", arrays, None)
        return made

    def head(self, make: Callable[[], Numbers]) -> Numbers:
        """The first documents in order of their uid."""
        return self._ids(f"{self._level} head", make)

    def order(self, ordering: Ordering, make: Callable[[], Numbers]) -> Numbers:
        """The numbers of the documents in an order."""
        return self._ids(self._name(ordering), make)

    def _ids(self, name: str, make: Callable[[], Numbers]) -> Numbers:
        found = self._load(name)
        if found is not None and "ids" in found.arrays:
            return found.arrays["ids"]
        made = make()
        self._save(name, {"ids": made}, None)
        return made

    def beyond(self, ordering: Ordering) -> None:
        """Keep that there is no such order."""
        self._save(self._name(ordering), {}, None)

    def _name(self, asked: Asked | None) -> str:
        if asked is None:
            return f"{self._level} base"
        if isinstance(asked, str):
            return f"{self._level} values {asked}"
        sort = [[one.path, one.descending, *([one.letter] if one.letter else [])] for one in asked.sort]
        return f"{self._level} order {orjson.dumps([asked.level, sort]).decode()}"

    def _load(self, name: str) -> Stored | None:
        return self._store.load(name) if self._store is not None else None

    def _save(self, name: str, arrays: Arrays, more: Any) -> None:
        if self._write and self._store is not None:
            self._store.save(name, arrays, more)


def _written(codes: Codes) -> tuple[Arrays, Any]:
    more = {"tokens": codes.tokens, "told": codes.told}
    if not codes.tokens:
        return {"counts": codes.counts}, more
    return {name: getattr(codes, name) for name in ("codes", "more", "more_ids", "counts")}, more

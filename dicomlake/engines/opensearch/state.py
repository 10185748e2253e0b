"""What the server knows of a lake besides its documents: the last commit, the names of its paths. Who holds what of
it stands there too: see :mod:`dicomlake.engines.opensearch.leases`.

One document says which commit readers may see. A commit that refreshes the indices says so before and after, so that
nobody takes half of it for a commit: see docs/decisions/0030.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final
from uuid import uuid4

import orjson

from dicomlake.engines.opensearch.client import PATIENCE, Client, Pauses
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.schema import path_key
from dicomlake.engines.opensearch.shared import Body, Shared
from dicomlake.errors import EngineAwayError

_DOCUMENT: Final = "commit"
_PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Commit:
    """The last commit. ``lake`` tells one lake from another that was made in its place; ``marks``: for each kind of
    index the commit that last changed it; ``pending``: commits that are being made, or whose writers died over them."""

    lake: str
    number: int = 0
    pending: tuple[str, ...] = ()
    marks: Mapping[Kind, int] = field(default_factory=dict)

    @property
    def generation(self) -> str:
        """The name of this commit."""
        return f"{self.lake}-{self.number}"


_FIELDS: Final = tuple(one.name for one in fields(Commit))


class State:
    """The index of the state of one lake."""

    def __init__(self, client: Client, index: str) -> None:
        self._client = client
        self._index = index
        self._commit = Shared(client, index, _DOCUMENT)
        self._known: set[str] = set()

    def read(self) -> Commit:
        """The last commit. Raises LakeError when there is no such index."""
        return _commit(self._commit.read())

    def begin(self) -> None:
        """Give the lake its name, unless it has one."""
        self.change(lambda before: before)

    def change(self, change: Callable[[Commit], Commit]) -> Commit:
        """Replace what stands there by what is made of it, also when others do at the same time."""

        def changed(body: Body | None) -> Body | None:
            before = _commit(body)
            after = change(before)
            return {name: getattr(after, name) for name in _FIELDS} if body is None or after != before else None

        return _commit(self._commit.change(changed, known=True))

    def learn(self, texts: Iterable[str]) -> None:
        """Keep the names of paths, each text a JSON list of them."""
        found = {path for text in texts for path in orjson.loads(text)} - self._known
        if not found:
            return
        lines: list[bytes] = []
        for path in found:
            key = path_key(path)
            lines += [orjson.dumps({"index": {"_id": key}}), orjson.dumps({"key": key, "path": path})]
        for start in range(0, len(lines), _PAGE):
            body = b"\n".join(lines[start : start + _PAGE]) + b"\n"
            pauses = Pauses(PATIENCE)
            while self._client.patiently("POST", f"/{self._index}/_bulk", body, pauses, filter_path="errors")["errors"]:
                if not pauses.wait():
                    raise EngineAwayError("the server has had no room for the names of paths; add nodes, or wait")
        self._known |= found

    def paths(self) -> Iterator[str]:
        """The names of all paths that documents have, or have had."""
        self._client.call("POST", f"/{self._index}/_refresh")
        wanted: dict[str, Any] = {"size": _PAGE, "sort": ["key"], "query": {"exists": {"field": "key"}}}
        while True:
            answer = self._client.call("POST", f"/{self._index}/_search", wanted, filter_path="hits.hits")
            hits = answer.get("hits", {}).get("hits", [])
            yield from (hit["_source"]["path"] for hit in hits)
            if len(hits) < _PAGE:
                return
            wanted["search_after"] = hits[-1]["sort"]


def _commit(body: Body | None) -> Commit:
    if body is None:
        return Commit(uuid4().hex[:8])
    pending = body["pending"]  # true or false where an earlier version wrote it, which only a migration reads
    names = () if isinstance(pending, bool) else tuple(pending)
    return Commit(body["lake"], body["number"], names, body["marks"])

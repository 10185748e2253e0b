"""What the server knows of a lake besides its documents: the last commit, the writers, the names of its paths.

One document says which commit readers may see. A commit that refreshes the indices says so before and after, so that
nobody takes half of it for a commit: see docs/decisions/0030.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final
from uuid import uuid4

import orjson

from dicomlake.engines.opensearch.client import PATIENCE, Client, Pauses
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.schema import path_key
from dicomlake.errors import EngineAwayError, LakeBusyError, LakeError

_DOCUMENT: Final = "commit"
_PAGE: Final = 10_000
_PATIENCE: Final = 30.0
"""Seconds in which a document of many writers can be changed."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The last commit. ``lake`` tells one lake from another that was made in its place; ``marks``: for each kind of
    index the commit that last changed it; ``pending``: another commit is being made, or its writer died over it;
    ``writers``: how many have been opened so far."""

    lake: str
    number: int = 0
    pending: bool = False
    writers: int = 0
    marks: Mapping[Kind, int] = field(default_factory=dict)

    @property
    def generation(self) -> str:
        """The name of this commit."""
        return f"{self.lake}-{self.number}"


class State:
    """The index of the state of one lake."""

    def __init__(self, client: Client, index: str) -> None:
        self._client = client
        self._index = index
        self._known: set[str] = set()

    def read(self) -> Commit:
        """The last commit."""
        return self._read()[0]

    def _read(self, pauses: Pauses | None = None) -> tuple[Commit, dict[str, int]]:
        ask = partial(self._client.patiently, pauses=pauses) if pauses else self._client.call
        answer = ask("GET", f"/{self._index}/_doc/{_DOCUMENT}", allowed=(404,))
        if not answer.get("found"):
            if "error" in answer:
                raise self._missing(answer)
            return Commit(uuid4().hex[:8]), {}
        at = {"if_seq_no": answer["_seq_no"], "if_primary_term": answer["_primary_term"]}
        return Commit(**answer["_source"]), at

    def _missing(self, answer: Mapping[str, Any]) -> Exception:
        return LakeError(f"there is no index {self._index} on the server; index something first")

    def change(self, change: Callable[[Commit], Commit]) -> Commit:
        """Replace what stands there by what is made of it, also when others do at the same time."""
        pauses, away = Pauses(_PATIENCE), Pauses(PATIENCE)
        while True:
            before, at = self._read(away)
            after = change(before)
            body = {name: getattr(after, name) for name in ("lake", "number", "pending", "writers", "marks")}
            path = f"/{self._index}/_doc/{_DOCUMENT}" if at else f"/{self._index}/_create/{_DOCUMENT}"
            # When its answer gets lost, it is refused the second time, and made once more of what stands there then.
            answer = self._client.patiently("PUT", path, body, away, allowed=(409,), **at)
            if "error" not in answer:
                return after
            if not pauses.wait():
                raise LakeBusyError("too many processes are writing into this lake")

    def opened(self) -> int:
        """Count a writer that is opened; gives its number, that no other has."""
        return self.change(lambda before: replace(before, writers=before.writers + 1)).writers

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

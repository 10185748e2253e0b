"""A document that several processes change, each on what the others made of it."""

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from dicomlake.engines.opensearch.client import PATIENCE, Client, Pauses
from dicomlake.errors import LakeBusyError, LakeError

_PATIENCE: Final = 30.0
"""Seconds in which a document of many writers can be changed."""

Body = Mapping[str, Any]
Change = Callable[[Body | None], Body | None]
"""What is to stand there instead of this; None: leave it as it is. May be called again when others came first."""

Seen = tuple[Body | None, dict[str, int]]
"""A document and its place in the history of the index; None when it was not made yet."""


class Shared:
    """The document ``name`` of the index of the state, for several threads."""

    def __init__(self, client: Client, index: str, name: str) -> None:
        self._client = client
        self._index = index
        self._name = name
        self._lock = threading.Lock()
        self._last: Seen | None = None

    def read(self) -> Body | None:
        """What stands there. Raises LakeError when there is no such index."""
        return self._read()[0]

    def change(self, change: Change, *, known: bool = False, patience: float = PATIENCE) -> Body | None:
        """Replace what stands there by what is made of it, also when others do at the same time; gives what stands
        there then. ``known``: begin with what was there last, which saves a request when nobody else has come.
        ``patience``: seconds in which a server that is away is asked again."""
        pauses, away = Pauses(_PATIENCE), Pauses(patience)
        with self._lock:
            guessed = known and self._last is not None
            before, at = self._last if guessed and self._last is not None else self._read(away)
            while True:
                after = change(before)
                if after is None and not guessed:
                    return before
                if after is not None:
                    path = f"/{self._index}/_doc/{self._name}" if at else f"/{self._index}/_create/{self._name}"
                    # When its answer gets lost, it is refused the second time, and made once more of what stands there.
                    answer = self._client.patiently("PUT", path, after, away, allowed=(409,), **at)
                    if "error" not in answer:
                        self._last = after, _place(answer)
                        return after
                    if not guessed and not pauses.wait():
                        raise LakeBusyError("too many processes are writing into this lake")
                guessed = False
                before, at = self._read(away)

    def _read(self, pauses: Pauses | None = None) -> Seen:
        ask = partial(self._client.patiently, pauses=pauses) if pauses else self._client.call
        answer = ask("GET", f"/{self._index}/_doc/{self._name}", allowed=(404,))
        if "error" in answer:
            raise LakeError(f"there is no index {self._index} on the server; index something first")
        self._last = (answer["_source"], _place(answer)) if answer["found"] else (None, {})
        return self._last


def _place(answer: Mapping[str, Any]) -> dict[str, int]:
    return {"if_seq_no": answer["_seq_no"], "if_primary_term": answer["_primary_term"]}

"""Documents on their way into the server: bounded bodies over few connections, in an order that retries cannot break.

Every operation has a version that grows, so the last one on a uid wins whichever arrives first, and one that is sent
again because its answer was lost changes nothing.
"""

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Final

from dicomlake.engines.base import RecordLevel, Rejection
from dicomlake.engines.opensearch.client import PATIENCE, Client, Pauses, cause, told
from dicomlake.errors import EngineAwayError

BODY: Final = 5_000_000
"""Characters of a body, about: the server holds a few of them at a time."""

CONNECTIONS: Final = 2
"""Bodies under way at a time."""

_SUPERSEDED: Final = 409
_BUSY: Final = frozenset({429, 502, 503, 504})
_WRONG: Final = 400
_TOO_LARGE: Final = 413

Operation = tuple[str, str | None, RecordLevel | None, str]
"""Its header, its document if it has one, and the record it is about."""


ANSWER: Final = "errors,status,items.*.status,items.*.error"
"""What is read of an answer."""


def body_of(operations: Sequence[Operation]) -> bytes:
    """Operations as the server takes them."""
    lines = [line for header, document, _, _ in operations for line in (header, document) if line is not None]
    return ("\n".join(lines) + "\n").encode()


class Bulk:
    """Sends operations in the background. Not for several threads."""

    def __init__(self, client: Client, patience: float = PATIENCE) -> None:
        self._client = client
        self._patience = patience
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="bulk")
        self._sending: deque[tuple[Future[None], frozenset[str]]] = deque()
        """Each with the uids of the documents in it."""
        self._operations: list[Operation] = []
        self._size = 0
        self._lock = threading.Lock()
        self._rejected: list[Rejection] = []
        self._returned: list[Operation] = []
        self._closed = False

    def add(self, header: str, document: str | None, level: RecordLevel | None, uid: str) -> None:
        """One more operation. May wait for earlier ones; raises their errors.

        A deletion waits for a document of the same uid that is on its way: the server forgets versions of what it
        deleted when it is started again, and would take the document if it came after that.
        """
        if document is None:
            self._wait_for(uid)
        self._operations.append((header, document, level, uid))
        self._size += len(header) + len(document or "")
        if self._size >= BODY:
            self._send()

    def flush(self) -> None:
        """Send what is left and wait until the server has everything. Raises EngineError; what could not be sent is
        kept for the next time."""
        if self._operations or self._returned:
            self._send()
        sent = [future for future, _ in self._sending]
        self._sending.clear()
        wait(sent)
        for one in sent:
            one.result()

    def rejected(self) -> list[Rejection]:
        """What the server refused since this was last asked."""
        with self._lock:
            found, self._rejected = self._rejected, []
        return found

    def close(self) -> None:
        """Drop what was not sent."""
        self._operations, self._returned = [], []
        self._closed = True
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _send(self) -> None:
        while len(self._sending) >= CONNECTIONS:
            self._wait()
        with self._lock:  # what comes behind what could not be sent is not to overtake it
            operations, self._returned = [*self._returned, *self._operations], []
        self._operations, self._size = [], 0
        documents = frozenset(uid for _, document, _, uid in operations if document is not None)
        self._sending.append((self._threads.submit(self._sent, operations), documents))

    def _wait(self) -> None:
        self._sending.popleft()[0].result()

    def _wait_for(self, uid: str) -> None:
        while any(uid in documents and not future.done() for future, documents in self._sending):
            self._wait()

    def _sent(self, operations: Sequence[Operation]) -> None:
        """Send operations; they are kept when that fails. Those that did arrive may arrive again: see the versions."""
        arrived = False
        try:
            self._deliver(operations)
            arrived = True
        finally:
            if not arrived:
                with self._lock:
                    self._returned += operations

    def _deliver(self, operations: Sequence[Operation]) -> None:
        """Send operations until each is done or refused."""
        pauses = Pauses(self._patience)
        left = operations
        while left:
            try:
                answer = self._post(left)
            except EngineAwayError as error:
                if self._closed or not pauses.wait():
                    raise error
                continue
            if answer.get("status") == _TOO_LARGE and len(left) > 1:
                self._deliver(left[: len(left) // 2])
                left = left[len(left) // 2 :]
                continue
            if not answer.get("errors"):
                return
            left = self._unfinished(left, answer["items"])
            if left and (self._closed or not pauses.wait()):
                raise EngineAwayError("the server has had no room for documents for too long; add nodes, or wait")

    def _post(self, operations: Sequence[Operation]) -> dict[str, Any]:
        body = body_of(operations)
        answer: dict[str, Any] = self._client.call("POST", "/_bulk", body, allowed=(_TOO_LARGE,), filter_path=ANSWER)
        return answer

    def _unfinished(self, operations: Sequence[Operation], items: Sequence[Any]) -> list[Operation]:
        """Those to be sent again; keeps those that were refused."""
        again: list[Operation] = []
        for operation, item in zip(operations, items, strict=True):
            (found,) = item.values()
            status = found["status"]
            if status in _BUSY and "block" not in cause(found.get("error"))[0]:
                again.append(operation)
            elif status == _WRONG:
                _, _, level, uid = operation
                kind, text = cause(found.get("error"))
                rejection = Rejection(level or "series", uid, f"{kind}: {text}")
                with self._lock:
                    self._rejected.append(rejection)
            elif "error" in found and status != _SUPERSEDED:
                raise told("the server", status, found)
        return again

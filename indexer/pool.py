"""Worker processes that survive their own death.

Each worker has a pipe of its own and one batch at a time, so it is always known which items a dead worker had. They
are tried again one by one, and the one that ends its worker again is given up. Workers end when their pipe closes, so
none outlives the main process, however that ends. A thread hands out batches; the caller is never needed for that.
"""

import gc
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from dicomlake.closing import Closing
from dicomlake.errors import WorkerError
from indexer.crew import Crew

Item = TypeVar("Item")
Result = TypeVar("Result")

_CONTEXT = multiprocessing.get_context("spawn")
_STARTS = 3
"""Workers that may end before they are ready, one after another, until the pool gives up."""


_COLLECT = 50_000
"""Objects made in a worker, more than were let go, until cycles among them are looked for."""

_MOST_BYTES = 64_000_000
"""Bytes of results that may wait to be taken before workers get more to do."""


@dataclass(slots=True)
class _Batch(Generic[Item]):
    items: Sequence[Item]
    again: bool = False


@dataclass(slots=True)
class _Answer(Generic[Result]):
    """The result of a batch; pickled, as a worker sent it, until it is taken."""

    result: Result | None = None
    pickled: bytes = b""


@dataclass(slots=True)
class _Worker(Generic[Item]):
    process: BaseProcess
    pipe: Connection
    ready: bool = False
    batch: _Batch[Item] | None = None


class Pool(Closing, Generic[Item, Result]):
    """``size`` processes that apply ``work`` to batches of items; 0 does it in this process.

    ``work`` is a function of a module; ``lost(item, how)`` gives the result of an item that ended its worker. Results
    come in any order, a batch in one part or several. ``limit``: items that may be inside before results are taken.
    ``nice``: how far workers give way to others (as of the system's ``nice``), where whoever takes the results is what
    takes the longest. ``crew``: processes that :func:`attend` to become workers; without one, or when it is used up,
    workers are started from nothing.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Result],
        lost: Callable[[Item, str], Result],
        *,
        size: int,
        limit: int,
        nice: int = 0,
        crew: Crew | None = None,
    ) -> None:
        self._work = work
        self._nice = nice
        self._crew = crew
        self._lost = lost
        self._size = size
        self.limit = limit
        """Items that may be inside before results are taken; it may change at any time."""
        self._inside = 0
        self._waiting = 0
        self._failed_starts = 0
        self.spent = 0.0
        """CPU seconds of the thread that talks with the workers."""
        self._todo: deque[_Batch[Item]] = deque()
        self._done: SimpleQueue[tuple[Sequence[Item], _Answer[Result]] | WorkerError] = SimpleQueue()
        self._workers: list[_Worker[Item]] = []
        self._bell, self._ear = _CONTEXT.Pipe()
        self._closing = False
        self._scales = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def full(self) -> bool:
        """Whether results should be taken before more is given."""
        return self._inside >= self.limit

    @property
    def busy(self) -> bool:
        """Whether results are still to come."""
        return self._inside > 0

    def give(self, batch: Sequence[Item]) -> None:
        """Hand in a batch. The first one starts the workers."""
        self._inside += len(batch)
        if self._size == 0:
            self._done.put((batch, _Answer(result=self._work(batch))))
            return
        self._todo.append(_Batch(batch))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="worker pool", daemon=True)
            self._thread.start()
        self._bell.send_bytes(b"!")

    def take(self, timeout: float = 0) -> tuple[Sequence[Item], Result] | None:
        """Items and their result; None when none came within ``timeout`` seconds. Raises WorkerError."""
        try:
            done = self._done.get(timeout=timeout) if timeout > 0 else self._done.get_nowait()
        except Empty:
            if self._thread is not None and not self._thread.is_alive():
                raise WorkerError("what feeds the worker processes has ended; run again with --workers 0") from None
            return None
        if isinstance(done, WorkerError):
            raise done
        items, answer = done
        self._inside -= len(items)
        if answer.pickled:
            self._weigh(-len(answer.pickled))
            self._bell.send_bytes(b"!")
            return items, pickle.loads(answer.pickled)
        assert answer.result is not None
        return items, answer.result

    def drop(self) -> None:
        """Forget what no worker has begun; it has no results."""
        with suppress(IndexError):  # there is nothing more
            while True:
                self._inside -= len(self._todo.pop().items)

    def close(self) -> None:
        """End the workers at once; what they were doing is dropped."""
        self._closing = True
        if self._thread is not None:
            self._bell.send_bytes(b"!")
            self._thread.join()
        self._bell.close()
        self._ear.close()

    def _weigh(self, change: int) -> None:
        with self._scales:
            self._waiting += change

    def _run(self) -> None:
        """The thread: gives idle workers batches, takes results, replaces the dead."""
        _leave_signals_to_the_main_thread()
        try:
            self._workers = [self._start() for _ in range(self._size)]
            while not self._closing:
                for worker in self._workers:
                    if worker.ready and worker.batch is None and self._todo and self._waiting < _MOST_BYTES:
                        worker.batch = self._todo.popleft()
                        self._send(worker)
                told = wait([self._ear, *(worker.pipe for worker in self._workers)])
                if self._ear in told:
                    self._ear.recv_bytes()
                for worker in [worker for worker in self._workers if worker.pipe in told]:
                    self._hear(worker)
                self.spent = time.thread_time()
        except OSError as error:
            self._done.put(WorkerError(f"worker processes cannot be started ({error}); run again with --workers 0"))
        except WorkerError as error:
            self._done.put(error)
        finally:
            for worker in self._workers:
                worker.process.kill()
                worker.process.join()
                worker.pipe.close()

    def _start(self) -> _Worker[Item]:
        member = self._crew.take() if self._crew is not None else None
        if member is not None:
            with suppress(OSError):  # as in _send
                member[1].send((self._work, self._nice))
            return _Worker(*member)
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(
            target=_serve, args=(theirs, self._work, self._nice), name="dicomlake worker", daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _send(self, worker: _Worker[Item]) -> None:
        assert worker.batch is not None
        with suppress(OSError):  # a dead worker is noticed when its pipe ends
            worker.pipe.send(worker.batch.items)

    def _hear(self, worker: _Worker[Item]) -> None:
        try:
            message = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            self._replace(worker)
            return
        if not worker.ready:
            worker.ready = True
            self._failed_starts = 0
        elif worker.batch is not None:
            self._weigh(len(message))
            self._done.put((worker.batch.items, _Answer(pickled=message)))
            worker.batch = None

    def _replace(self, worker: _Worker[Item]) -> None:
        """Start another worker, and try the items of the dead one again, one by one."""
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        how = _how_it_ended(worker.process.exitcode)
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts == _STARTS:
                raise WorkerError(f"worker processes cannot be started ({how}); run again with --workers 0")
        if worker.batch is not None and worker.batch.again:
            for item in worker.batch.items:
                self._done.put(([item], _Answer(result=self._lost(item, how))))
        elif worker.batch is not None:
            self._todo.extendleft(_Batch([item], again=True) for item in reversed(worker.batch.items))
        self._workers.append(self._start())


def attend(pipe: Connection) -> None:
    """A process of a crew: the first that it hears is what it shall do."""
    try:
        work, nice = pipe.recv()
    except (EOFError, OSError):
        return
    _serve(pipe, work, nice)


def _serve(pipe: Connection, work: Callable[[Sequence[Item]], Result], nice: int) -> None:
    """A worker process: batches in, results out, until the pipe ends.

    What it makes has no cycles and is soon gone, so looking for some is rarely worth it.
    """
    if nice and hasattr(os, "nice"):
        os.nice(nice)
    gc.freeze()
    gc.set_threshold(_COLLECT)
    try:
        pipe.send_bytes(b"ready")
        while True:
            items = pipe.recv()
            pipe.send_bytes(pickle.dumps(work(items), pickle.HIGHEST_PROTOCOL))
    except (EOFError, OSError):
        return


def _leave_signals_to_the_main_thread() -> None:
    """Ctrl-C reaches every process of a terminal; only the main one decides. Processes started here inherit this."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})


def _how_it_ended(code: int | None) -> str:
    if code is not None and code < 0:
        return f"the process that read it was ended by {signal.Signals(-code).name}"
    return f"the process that read it ended with code {code}"

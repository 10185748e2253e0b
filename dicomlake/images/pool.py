"""The processes that decode, as the service sees them: as many as may be at once, each replaced when it ends.

A process has one job at a time. One that takes too long is killed; one that ends by itself took its file with it, and
the file is told of in words. Whoever asks waits for a free process.
"""

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final

from dicomlake.errors import PictureLimitError, UndecodableError, WorkerError
from dicomlake.images.jobs import READY, TAKEN, Job
from dicomlake.images.worker import serve
from dicomlake.messages import Message

START: Final = 60.0
"""Seconds that a process gets until it is ready."""
MOST_JOBS: Final = 1_000
"""Jobs after which a process is replaced: native code may leak."""
_ATTEMPTS: Final = 3
"""Processes that may have ended before they took a job."""
_LARGEST: Final = 1 << 27
"""Bytes of a message: a picture of 2048 x 2048 has a tenth of it."""

_CONTEXT: Final = multiprocessing.get_context("spawn")

Serve = Callable[[Connection, int], None]


class _Ended(Exception):
    """A process ended before it took its job."""


@dataclass(slots=True)
class _Worker:
    """A process and the pipe to it."""

    process: SpawnProcess
    pipe: Connection
    jobs: int = 0

    def end(self) -> int | None:
        """End it at once; its exit code."""
        with suppress(OSError, ValueError):
            self.pipe.close()
        self.process.kill()
        self.process.join()
        return self.process.exitcode


class Pool:
    """``size`` processes at most, started when they are needed. Safe to share between threads.

    ``memory``: bytes that each may take. ``work``: what a process does, for tests.
    """

    def __init__(self, size: int, memory: int, work: Serve = serve) -> None:
        self._memory = memory
        self._work = work
        self._free = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []
        self._closed = False

    def ask(self, job: Job) -> bytes:
        """The message that a process answers a job with. Raises PictureLimitError when it takes too long,
        UndecodableError when the process ends over it, and WorkerError when none can be started."""
        with self._free:
            for _ in range(_ATTEMPTS):
                worker = self._take()
                try:
                    return self._asked(worker, job)
                except _Ended:
                    continue
        raise WorkerError("the processes that decode pictures end as soon as they begin; is there memory for them?")

    def warm(self) -> None:
        """Have a process ready for the first picture; returns at once."""
        with self._lock:
            if self._closed or self._idle or self._busy:
                return
        threading.Thread(target=self._warm, name="first picture", daemon=True).start()

    def close(self) -> None:
        """End all processes; what they were doing is dropped."""
        with self._lock:
            self._closed = True
            workers = [*self._idle, *self._busy]
            self._idle.clear()
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            worker.process.join()

    def _warm(self) -> None:
        if self._free.acquire(blocking=False):
            try:
                with suppress(WorkerError):
                    self._give_back(self._take())
            finally:
                self._free.release()

    def _take(self) -> _Worker:
        while True:
            with self._lock:
                if self._closed:
                    raise WorkerError("the service is ending")
                worker = self._idle.pop() if self._idle else None
                if worker is not None:
                    self._busy.append(worker)
            if worker is None:
                return self._start()
            if worker.process.is_alive():
                return worker
            self._drop(worker)

    def _start(self) -> _Worker:
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(
            target=self._work, args=(theirs, self._memory), name="dicomlake picture", daemon=True
        )
        try:
            process.start()
        except OSError as error:
            ours.close()
            raise WorkerError(
                Message("no process for pictures can be started ({strerror})", strerror=error.strerror)
            ) from error
        finally:
            theirs.close()
        worker = _Worker(process, ours)
        with self._lock:
            self._busy.append(worker)
            closed = self._closed
        try:
            if closed or not ours.poll(START) or ours.recv_bytes() != READY:
                raise EOFError
        except (EOFError, OSError) as error:
            self._drop(worker)
            raise WorkerError("a process for pictures did not start; is there memory for it?") from error
        return worker

    def _asked(self, worker: _Worker, job: Job) -> bytes:
        try:
            worker.pipe.send(job)
            if worker.pipe.recv_bytes(len(TAKEN)) != TAKEN:
                raise EOFError
        except (EOFError, OSError) as error:
            self._drop(worker)
            raise _Ended from error
        until = time.monotonic() + job.seconds
        try:
            if not worker.pipe.poll(job.seconds):
                self._drop(worker)
                raise too_long(job.seconds)
            message = worker.pipe.recv_bytes(_LARGEST)
        except (EOFError, OSError) as error:
            code = self._drop(worker)
            if code == -signal.SIGXCPU or time.monotonic() >= until:
                raise too_long(job.seconds) from error
            raise UndecodableError(Message("the decoder did not survive this file ({how})", how=_how(code))) from error
        self._give_back(worker)
        return message

    def _give_back(self, worker: _Worker) -> None:
        worker.jobs += 1
        with self._lock:
            if not self._closed and worker.jobs < MOST_JOBS:
                self._busy.remove(worker)
                self._idle.append(worker)
                return
        self._drop(worker)

    def _drop(self, worker: _Worker) -> int | None:
        # A process that has just ended gets a moment, so that its own code is told and not that of being killed.
        if not worker.pipe.closed and worker.pipe.poll():
            worker.process.join(1)
        code = worker.end()
        with self._lock, suppress(ValueError):
            self._busy.remove(worker)
        return code


def too_long(seconds: float) -> PictureLimitError:
    """What is said of a picture that takes more time than one may."""
    return PictureLimitError(
        Message(
            "the picture is not decoded after {seconds:g} s and was given up (DICOMLAKE_IMAGE_SECONDS)", seconds=seconds
        ),
        limit="DICOMLAKE_IMAGE_SECONDS",
    )


def _how(code: int | None) -> Message:
    if code is not None and code < 0:
        return Message("ended by {signal}", signal=signal.Signals(-code).name)
    return Message("ended with code {code}", code=code)

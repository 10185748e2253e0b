"""Worker processes that are there before there is work for them: copies of this process, with all that it has loaded.

To start Python and import what reads files takes a worker a fifth of a second of processor time. A copy (fork) takes
a few milliseconds, but is safe only while this process has no other thread and nothing open that must not be in two
processes at once, such as the lock of a lake or a database. So it is made at the very start of a run, and workers that
are wanted later are started from nothing.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Self

from dicomlake.closing import Closing

Member = tuple[BaseProcess, Connection]
"""A process and our end of its pipe."""


class Crew(Closing):
    """Processes that wait at their pipes for what they shall do; those that nobody has taken end with this."""

    def __init__(self) -> None:
        self._waiting: list[Member] = []

    @classmethod
    def of(cls, size: int, serve: Callable[[Connection], None]) -> Self:
        """So many copies of this process that call ``serve`` with their end of the pipe; none where copying it is not
        safe. Call it before a lake is opened."""
        crew = cls()
        if is_alone():
            context = multiprocessing.get_context("fork")
            with _unsignalled():
                for _ in range(size):
                    ours, theirs = context.Pipe()
                    others = [ours, *(pipe for _, pipe in crew._waiting)]
                    process = context.Process(
                        target=_begin, args=(serve, theirs, others), name="dicomlake worker", daemon=True
                    )
                    process.start()
                    theirs.close()
                    crew._waiting.append((process, ours))
        return crew

    def take(self) -> Member | None:
        """One of them, which is the caller's from now on; None when there is none left."""
        return self._waiting.pop() if self._waiting else None

    def close(self) -> None:
        """End those that nobody has taken."""
        while member := self.take():
            process, pipe = member
            pipe.close()
            process.kill()
            process.join()


def is_alone() -> bool:
    """Whether this process has one thread, as far as can be told, on a system where a copy of it is a safe one."""
    if not sys.platform.startswith("linux") or threading.active_count() > 1:
        return False
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


def _begin(serve: Callable[[Connection], None], pipe: Connection, others: list[Connection]) -> None:
    """The copy: our ends of the pipes are closed in it, or none would ever end when the main process does."""
    for other in others:
        other.close()
    serve(pipe)


@contextmanager
def _unsignalled() -> Iterator[None]:
    """Processes that are made meanwhile leave Ctrl-C and SIGTERM to the main one."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

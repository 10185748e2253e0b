"""Work for worker processes, some of it deadly."""

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path


def double(items: Sequence[int]) -> list[int]:
    """Ordinary work."""
    return [item * 2 for item in items]


def or_die(items: Sequence[int]) -> list[int]:
    """13 kills its process, 14 leaves it, whatever the signal handlers."""
    if 13 in items:
        os.kill(os.getpid(), signal.SIGKILL)
    if 14 in items:
        os._exit(3)
    return double(items)


def die_once(marks: Sequence[str]) -> list[str]:
    """Kills its process the first time."""
    for path in map(Path, marks):
        if not path.exists():
            path.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return ["done" for _ in marks]


def when(paths: Sequence[str]) -> list[str]:
    """Waits until the files are there."""
    for path in paths:
        while not Path(path).exists():
            time.sleep(0.01)
    return ["done" for _ in paths]


def heavy(items: Sequence[int]) -> list[bytes]:
    """A result of 30 MB an item."""
    return [bytes(30_000_000) for _ in items]


def process_of(items: Sequence[int]) -> list[tuple[int, list[str]]]:
    """Who does the work, and whether it could be interrupted from a terminal."""
    time.sleep(0.05)
    blocked = sorted(s.name for s in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    return [(os.getpid(), blocked) for _ in items]


def kind_of(items: Sequence[int]) -> list[str]:
    """Whether the process is a copy of one that has the mark, and which it is. 13 ends it."""
    if 13 in items:
        os.kill(os.getpid(), signal.SIGKILL)
    return [f"{'copy' if MARK else 'new'}:{os.getpid()}" for _ in items]


MARK: list[str] = []
"""What a program puts here its copies have, and processes that are started from nothing have not."""


def lost(item: object, how: str) -> list[str]:
    """The result of an item whose worker died."""
    return [f"lost: {how}"]


if __name__ == "__main__":  # a main process that is killed while its workers wait
    from indexer.pool import Pool

    with Pool(process_of, lambda item, how: [(0, [])], size=2, limit=10) as pool:
        pool.give([1])
        pool.give([2])
        pids: set[int] = set()
        while pool.busy:
            if answer := pool.take(0.1):
                pids |= {pid for pid, _ in answer[1]}
        sys.stdout.write(" ".join(map(str, pids)) + "\n")
        sys.stdout.flush()
        time.sleep(60)

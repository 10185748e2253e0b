"""Work for worker processes, some of it deadly."""

import os
import signal
import sys
import time
from pathlib import Path


def double(item: int) -> int:
    """Ordinary work."""
    return item * 2


def or_die(item: int) -> int:
    """13 kills its process, 14 leaves it, whatever the signal handlers."""
    if item == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if item == 14:
        os._exit(3)
    return item * 2


def die_once(mark: str) -> str:
    """Kills its process the first time."""
    path = Path(mark)
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def heavy(item: int) -> bytes:
    """A result of 30 MB."""
    return bytes(30_000_000)


def process_of(item: int) -> tuple[int, list[str]]:
    """Who does the work, and whether it could be interrupted from a terminal."""
    time.sleep(0.05)
    return os.getpid(), sorted(s.name for s in signal.pthread_sigmask(signal.SIG_BLOCK, ()))


def lost(item: object, how: str) -> str:
    """The result of an item whose worker died."""
    return f"lost: {how}"


if __name__ == "__main__":  # a main process that is killed while its workers wait
    from indexer.pool import Pool

    with Pool(process_of, lambda item, how: (0, []), size=2, limit=10) as pool:
        pool.give([1])
        pool.give([2])
        pids: set[int] = set()
        while pool.busy:
            pids |= {result[0] for _, result in pool.take(0.1)}
        sys.stdout.write(" ".join(map(str, pids)) + "\n")
        sys.stdout.flush()
        time.sleep(60)

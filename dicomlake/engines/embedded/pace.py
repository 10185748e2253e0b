"""What Tantivy's threads do, so that documents are not handed to it faster than it indexes them.

Between us and the thread that indexes is a queue of 10,000 parsed documents, some 12 KB each: when the processors are
busy with other things, all documents of a commit are in it. Tantivy does not tell how long it is, but Linux tells
whether the thread sleeps, which it does when the queue is empty.
"""

import os
import time
from collections.abc import Iterable

_TASKS = "/proc/self/task"
_INDEXING = "thrd-tantivy-in"
_MERGING = "merge_thread_"
"""What the system calls Tantivy's threads begins with this: it keeps the first 15 letters of their names."""

_USER, _SYSTEM = 11, 12
"""Where the ticks that a thread has taken stand behind its state (proc(5))."""

_LOOK = 0.001
_PATIENCE = 2.0
"""Seconds between two looks, and until we go on anyway: this is about memory, and nothing depends on it."""


def let_catch_up() -> None:
    """Wait until the thread has indexed what it was given, if the system says so."""
    until = time.monotonic() + _PATIENCE
    busy = _busy(_tasks(), _INDEXING)
    while busy and time.monotonic() < until:
        time.sleep(_LOOK)
        busy = _busy(busy, _INDEXING)


def indexes() -> bool:
    """Whether the thread has documents to index, if the system says so."""
    return bool(_busy(_tasks(), _INDEXING))


def merges() -> bool:
    """Whether one of the threads merges segments, if the system says so. One that has taken no time yet, a hundredth of
    a second, only starts: that can last where the processors have other work."""
    return bool(_busy(_tasks(), _MERGING, started=True))


def _tasks() -> list[str]:
    """The threads of this process."""
    try:
        return os.listdir(_TASKS)
    except OSError:  # another system
        return []


def _busy(tasks: Iterable[str], name: str, *, started: bool = False) -> list[str]:
    """Those of the threads with such a name that run or are to (R), or wait for the disk (D); ``started``: and that
    have taken time of a processor."""
    found: list[str] = []
    for task in tasks:
        try:
            with open(f"{_TASKS}/{task}/stat", encoding="utf-8", errors="replace") as file:
                called, _, rest = file.read().partition(" (")[2].rpartition(") ")
        except OSError:  # the thread has ended
            continue
        if called.startswith(name) and rest[:1] in ("R", "D"):
            if started and rest.split()[_USER : _SYSTEM + 1] == ["0", "0"]:
                continue
            found.append(task)
    return found

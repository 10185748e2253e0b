"""Not handing Tantivy documents faster than it indexes them.

Between us and the thread that indexes is a queue of 10,000 parsed documents, some 12 KB each: when the processors are
busy with other things, all documents of a commit are in it. Tantivy does not tell how long it is, but Linux tells
whether the thread sleeps, which it does when the queue is empty.
"""

import os
import time
from collections.abc import Iterable

_TASKS = "/proc/self/task"
_INDEXING = "thrd-tantivy-in"
"""What the system calls Tantivy's indexing threads: the first 15 letters of their name."""

_LOOK = 0.001
_PATIENCE = 2.0
"""Seconds between two looks, and until we go on anyway: this is about memory, and nothing depends on it."""


def let_catch_up() -> None:
    """Wait until the thread has indexed what it was given, if the system says so."""
    until = time.monotonic() + _PATIENCE
    states = _states(_tasks())
    while (busy := [task for task, state in states.items() if state in "RD"]) and time.monotonic() < until:
        time.sleep(_LOOK)
        states = _states(busy)


def _tasks() -> list[str]:
    """The threads of this process."""
    try:
        return os.listdir(_TASKS)
    except OSError:  # another system
        return []


def _states(tasks: Iterable[str]) -> dict[str, str]:
    """Those of the threads that index: R when it runs or is to, D when the disk is waited for, S asleep."""
    found: dict[str, str] = {}
    for task in tasks:
        try:
            with open(f"{_TASKS}/{task}/stat", encoding="utf-8", errors="replace") as file:
                name, _, rest = file.read().partition(" (")[2].rpartition(") ")
        except OSError:  # the thread has ended
            continue
        if name == _INDEXING:
            found[task] = rest[:1]
    return found

"""Memory of a long run: what was freed goes back to the system.

Each commit takes tens of MB for a moment, in several threads, and much of it is freed by another thread than took it.
Left to itself, the C library (glibc) keeps what was freed, for each thread, and a process grows towards the sum of all
peaks that its threads ever had.
"""

import ctypes
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_M_MMAP_THRESHOLD = -3
"""``mallopt``'s number for it, from malloc.h."""

_LARGE = 512_000
"""Bytes of a block that the system gives and takes back by itself. Tantivy takes its memory in blocks of 1 MiB; the
library would raise its own threshold above that with the first one freed, and cut all later ones from its own heaps,
where something small that was taken meanwhile keeps them from going back."""


def keep_little() -> None:
    """Have large blocks go back to the system the moment they are freed, in this process from now on."""
    _function("mallopt")(_M_MMAP_THRESHOLD, _LARGE)


def give_back() -> None:
    """Return freed memory to the system, where the C library can. It takes about 2 ms."""
    _function("malloc_trim")(0)


@contextmanager
def old_left_out() -> Iterator[None]:
    """What is there now is not looked through for cycles meanwhile: then :func:`end_cycles` takes next to no time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def cycles_seldom(objects: int = 50_000) -> Iterator[None]:
    """Cycles are looked for when so many more objects were made than let go, meanwhile: what comes in large parts is
    gone with them, and would be looked through again and again while it is there."""
    first, *others = gc.get_threshold()
    gc.set_threshold(objects, *others)
    try:
        yield
    finally:
        gc.set_threshold(first, *others)


def end_cycles() -> None:
    """Free what only holds itself. Python would look through long-lived objects only when there is a quarter more of
    them: until then each commit's searcher would stay, with the files that it has mapped."""
    gc.collect()


@cache
def _function(name: str) -> Callable[..., object]:
    try:
        found: Any = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):  # another C library
        return lambda *_: None
    return found  # type: ignore[no-any-return]

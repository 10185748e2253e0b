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

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
"""``mallopt``'s numbers for them, from malloc.h."""

_HEAPS = 2
"""Heaps that all threads share. By itself the library gives each thread one, and each has holes of its own."""

_LARGE = 1_000_000
"""Bytes of a block that the system gives and takes back by itself. Tantivy takes its memory in blocks of 1 MiB; the
library would raise its own threshold above that with the first one freed, and cut all later ones from its own heaps,
where something small that was taken meanwhile keeps them from going back. Below it stay the 960,000 bytes that Tantivy
takes, clears and frees for the terms of each field of a segment: new pages for each time cost a twelfth of a run."""

_LAST = 1_200_000
"""Bytes at the end of a heap from which they go back: so that such a block is taken from there again."""

_LARGE_BESIDE_MERGES, _LAST_BESIDE_MERGES = 512_000, 128 * 1024
"""The same beside merges, which take many such blocks between those of the writer, and leave holes in its heap."""


def keep_little() -> None:
    """Have large blocks go back to the system the moment they are freed, in this process from now on; best called
    before it has threads."""
    _function("mallopt")(_M_ARENA_MAX, _HEAPS)
    _settle(_LARGE, _LAST)


def keep_less() -> None:
    """The same for more blocks, which takes more time: for a run that is long enough to merge."""
    _settle(_LARGE_BESIDE_MERGES, _LAST_BESIDE_MERGES)


def _settle(large: int, last: int) -> None:
    _function("mallopt")(_M_MMAP_THRESHOLD, large)
    _function("mallopt")(_M_TRIM_THRESHOLD, last)


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

"""Memory of a long run: what was freed goes back to the system."""

import ctypes
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Return freed memory to the system, where the C library can (glibc).

    Each commit takes tens of MB for a moment, in several threads. The C library keeps what one of them has freed for
    that thread, so that without this the process grows towards the sum of all their peaks.
    """
    _trim()(0)


@cache
def _trim() -> Callable[[int], object]:
    try:
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library
        return lambda pad: None
    return trim

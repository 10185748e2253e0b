"""The pages of an index that a process has mapped, and how it lets go of them.

Tantivy maps the files of its segments. What was once read of them counts as memory of the process until the system
needs the room: after looking for ids all over a large index, and after a merge, that is the index.
"""

import ctypes
import re
from collections.abc import Set
from functools import cache
from pathlib import Path

_MAPS = Path("/proc/self/maps")
_MAPPING = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) .*/([0-9a-f]{32})\.[^/\n]*$", re.MULTILINE)
"""A line of it for a file of a segment: first and last address, and the segment's name."""

_MADV_DONTNEED = 4
"""``madvise``'s number for it, on Linux."""


def let_go(segments: Set[str]) -> None:
    """Have the pages of these segments leave this process, which may go on reading: they stay in the system's cache and
    come back when they are touched. Does nothing where the system is not Linux.

    The caller holds a searcher that has these segments, and Tantivy maps a file once however many read it. So none of
    the mappings can end meanwhile, and nothing else can have come to its address.
    """
    if not segments:
        return
    wanted = {segment.replace("-", "").encode() for segment in segments}
    try:
        found = _MAPPING.findall(_MAPS.read_bytes())
    except OSError:
        return
    advise = _madvise()
    for start, end, name in found:
        if name in wanted:
            advise(int(start, 16), int(end, 16) - int(start, 16), _MADV_DONTNEED)


@cache
def _madvise() -> "ctypes._NamedFuncPointer":
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return advise

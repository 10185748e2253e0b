"""The bytes of a location: today a file, by its absolute path.

A location is text that every engine, catalogue and JSON parser takes. A path that is no valid UTF-8 (Linux allows any
bytes) is written with ``%XX`` for the undecodable bytes; a percent sign that would read like one becomes ``%25``, so
that :func:`path_of` gives back the exact path.
"""

import os
import re
from types import TracebackType
from typing import Self

_UNDECODABLE = re.compile("[\udc80-\udcff]|%(?=25|[89A-F][0-9A-F])")
_ENCODED = re.compile("%(25|[89A-F][0-9A-F])")


def location_of(path: str | bytes | os.PathLike[str]) -> str:
    """The location of a file: its absolute path (links are not resolved) as valid UTF-8 text."""
    absolute = os.path.abspath(os.fsencode(path))
    text = absolute.decode("utf-8", "surrogateescape")
    return _UNDECODABLE.sub(lambda match: "%25" if match[0] == "%" else f"%{ord(match[0]) - 0xDC00:02X}", text)


def path_of(location: str) -> str:
    """The path a location stands for, as :mod:`os` takes it."""
    text = _ENCODED.sub(lambda match: "%" if match[1] == "25" else chr(0xDC00 + int(match[1], 16)), location)
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))


def gone(location: str) -> bool:
    """Whether nothing is there any more; ``False`` too where the system does not tell."""
    try:
        os.stat(path_of(location))
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


class Opened:
    """An open location: random access to bytes that nobody changes. Raises OSError where the file cannot be read."""

    def __init__(self, location: str) -> None:
        # Non-blocking: a pipe that stands where a file was must not hold the reader up.
        flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path_of(location), flags)
        state = os.fstat(self._descriptor)
        self.size = state.st_size
        """Bytes."""
        self.mtime_ns = state.st_mtime_ns

    def read(self, offset: int, length: int) -> bytes:
        """``length`` bytes from ``offset``, fewer at the end of the file."""
        parts = []
        while length > 0 and (part := os.pread(self._descriptor, length, offset)):
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

"""What others use: the picture of a frame, from the cache or made by a process with limits."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dicomlake.errors import NoPictureError, NotAtHandError, PictureLimitError, UndecodableError
from dicomlake.images import jobs
from dicomlake.images.cache import Cache
from dicomlake.images.pool import Pool
from dicomlake.storage import path_of

FOLDER: Final = "images"
"""Of the data folder."""
EDITION: Final = "1"
"""Changes when the same file gives another picture than before, so that what was kept is not used any more."""
SMALLEST: Final = 64
LARGEST: Final = 2_048
"""Pixels of a picture's longest side."""
THUMBNAIL: Final = 256

_LASTING: Final = (NoPictureError, UndecodableError, PictureLimitError)
"""What is remembered for a while instead of being tried again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What pictures may cost: processes at once, seconds and bytes of memory of each picture, bytes of a decoded frame,
    bytes of the cache; and seconds that an address of one is good for."""

    processes: int = 2
    seconds: float = 10.0
    memory: int = 1 << 30
    frame: int = 1 << 27
    cache: int = 1 << 30
    link: int = 7_200


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture that is asked for: ``header`` is the hash of the file's header, ``frame`` from 0, ``window`` as
    :func:`dicomlake.images.windows.canonical` gives it, ``size`` in pixels of the longest side."""

    location: str
    header: str
    frame: int = 0
    window: str = "default"
    size: int = THUMBNAIL
    small: bool = False


class Pictures:
    """Pictures of the files that a lake knows. Safe to share between threads."""

    def __init__(self, data: Path, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._cache = Cache(data / FOLDER, self.limits.cache)
        self._pool = Pool(self.limits.processes, self.limits.memory)

    def picture(self, wanted: Wanted) -> bytes:
        """The bytes of a picture, PNG or JPEG.

        Raises NotAtHandError when the file is gone, NotFoundError for a frame or a window of the header that is not
        there, NoPictureError, UndecodableError and PictureLimitError when there is none to be had, and WorkerError.
        """
        return self.kept(wanted) or self.made(wanted)

    def kept(self, wanted: Wanted) -> bytes | None:
        """The picture where it was made before, None where it was not; quick. Raises what is remembered of
        :meth:`picture`, and NotAtHandError."""
        key = self._key(wanted)
        kept = self._cache.get(key)
        if kept is not None and jobs.is_picture(kept):  # a file may have been damaged since
            return jobs.read(kept)
        if (said := self._cache.get(key, lasting=False)) is not None:
            return jobs.read(said)
        return None

    def made(self, wanted: Wanted) -> bytes:
        """The picture, made anew; takes as long as it takes, within the limits. Raises as :meth:`picture` does."""
        key = self._key(wanted)
        try:
            message = self._pool.ask(self._job(wanted))
            picture = jobs.read(message)
        except _LASTING as error:
            self._cache.put(key, jobs.write_reason(error), lasting=False)
            raise
        self._cache.put(key, message)
        return picture

    def warm(self) -> None:
        """Have a process ready for pictures that will soon be asked for; returns at once."""
        self._pool.warm()

    def close(self) -> None:
        """End the processes."""
        self._pool.close()

    def _job(self, wanted: Wanted) -> jobs.Job:
        limits = self.limits
        return jobs.Job(
            wanted.location, wanted.frame, wanted.window, wanted.size, wanted.small, limits.frame, limits.seconds
        )

    def _key(self, wanted: Wanted) -> str:
        size, time = at_hand(wanted.location)
        # What a limit refused is tried again under another limit.
        costs = self.limits.seconds, self.limits.memory, self.limits.frame
        said = wanted.location, wanted.header, wanted.frame, wanted.window, wanted.size, wanted.small
        return hashlib.sha256(repr((EDITION, size, time, said, costs)).encode("utf-8", "surrogatepass")).hexdigest()


def at_hand(location: str) -> tuple[int, int]:
    """Bytes and time of change (ns) of the file that a location names or lies in. Raises NotAtHandError."""
    if "://" in location.partition("!/")[0]:
        raise NotAtHandError("the files of this series are elsewhere; the lake has its description only")
    try:
        state = os.stat(path_of(location))
    except (OSError, ValueError) as error:
        raise NotAtHandError("the file is not where it was when it was indexed; index its folder again") from error
    return state.st_size, state.st_mtime_ns

"""Pictures on disk: bounded in bytes, those longest unused go first, safe to delete at any time.

A file is a picture, or what was said instead of one: ``<folder>/<2 digits>/<the rest of the key>``. Its time of change
is when it was used last. It is whole or not there. Several processes may share a folder.
"""

import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

REMEMBERED: Final = 600.0
"""Seconds that is known what was said instead of a picture; then it is tried again."""
_LEFT: Final = 0.9
"""Share of the limit that is left when room was made."""
_DRAFT: Final = ".new"
_STALE: Final = 3_600.0
"""Seconds after which a draft belongs to a process that was killed."""
_TOUCHED: Final = 60.0
"""Seconds within which a second use is not written down."""


class Cache:
    """Messages of :mod:`dicomlake.images.jobs` by key (hexadecimal digits), ``limit`` bytes of them."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._lock = threading.Lock()
        self._size: int | None = None

    def get(self, key: str, *, lasting: bool = True) -> bytes | None:
        """What is kept under a key. ``lasting``: however old it is; otherwise only for :data:`REMEMBERED` seconds."""
        path = self._path(key, lasting)
        try:
            content = path.read_bytes()
            age = time.time() - path.stat().st_mtime
        except OSError:
            return None
        if not lasting:
            return content if 0 <= age < REMEMBERED else None
        if not 0 <= age < _TOUCHED:
            with suppress(OSError):
                os.utime(path)
        return content

    def put(self, key: str, content: bytes, *, lasting: bool = True) -> None:
        """Keep something. A disk that takes nothing more is no error: then nothing is kept."""
        if len(content) > self._limit:
            return
        path = self._path(key, lasting)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}{_DRAFT}")
        try:
            # The data folder itself is not made here: where it is gone, there is no lake to keep pictures of.
            for folder in (self._folder, path.parent):
                folder.mkdir(mode=0o700, exist_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
            draft.replace(path)
        except OSError:
            with suppress(OSError):
                draft.unlink()
            return
        self._grown(len(content))

    def _path(self, key: str, lasting: bool) -> Path:
        return self._folder / key[:2] / (key[2:] if lasting else f"{key[2:]}.reason")

    def _grown(self, size: int) -> None:
        with self._lock:
            if self._size is None:
                self._size = sum(held for _, held, _ in self._files())
            else:
                self._size += size
            if self._size > self._limit:
                self._size = self._make_room()

    def _files(self) -> list[tuple[float, int, str]]:
        """Time of last use, bytes and path of every file; drafts that were left behind are removed."""
        found = []
        for folder in _entries(self._folder):
            for entry in _entries(folder.path):
                with suppress(OSError):
                    state = entry.stat(follow_symlinks=False)
                    if entry.name.endswith(_DRAFT) and time.time() - state.st_mtime > _STALE:
                        os.unlink(entry.path)
                    else:
                        found.append((state.st_mtime, state.st_size, entry.path))
        return found

    def _make_room(self) -> int:
        files = self._files()
        left = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if left <= self._limit * _LEFT:
                break
            with suppress(OSError):
                os.unlink(path)
            left -= size
        return left


def _entries(folder: str | Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []

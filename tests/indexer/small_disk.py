"""A file system of a few kilobytes that can be made larger."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class SmallDisk:
    """A tmpfs at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def resize(self, size: str) -> None:
        """``100k``, ``64m``."""
        self._mount(f"remount,size={size}")

    def fill(self) -> Path:
        """A file that takes all the room that is left."""
        filler = self.path / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 12)):
                    pass
            except OSError:
                return filler
        raise AssertionError("the disk has no end")

    def _mount(self, options: str) -> None:
        words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.path)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"these tests mount a small tmpfs, so they need root and CAP_SYS_ADMIN: {done.stderr.strip()}")

    def __enter__(self) -> "SmallDisk":
        self.path.mkdir()
        self._mount("size=64m")
        return self

    def __exit__(self, *raised: object) -> None:
        subprocess.run(["umount", "-l", str(self.path)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Mounted for the time of a test."""
    with SmallDisk(tmp_path / "disk") as disk:
        yield disk

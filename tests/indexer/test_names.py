"""The names of a folder come in their order, and few of them are in memory."""

import errno
import random
import tempfile
from pathlib import Path
from typing import BinaryIO

import pytest

from dicomlake.errors import DiskFullError
from indexer.sources import names
from indexer.sources.names import Names
from tests.indexer.test_folder import filled, locations

ODD = ["new\nline", "Jos\udce9", "\U0001fa7b", " ", "100%", "a\ttab", "é"]


def in_order(listed: list[str]) -> list[str]:
    """What comes out when these go in."""
    with Names() as taken:
        for name in listed:
            taken.add(name)
        return list(taken)


@pytest.mark.parametrize("number", [0, 1, 9, 10, 11, 95, 100])
def test_all_names_come_in_their_order_though_few_are_held(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(names, "_HELD", 10)
    monkeypatch.setattr(names, "_TOGETHER", 3)
    listed = [*ODD, *(f"{place:03}" for place in range(number))][:number]
    random.Random(number).shuffle(listed)
    assert in_order(listed) == sorted(listed)


def test_a_folder_of_more_files_than_are_held_is_in_order_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "_HELD", 7)
    files = sorted(f"{place:02}" for place in range(50))
    for name in files:
        filled(tmp_path / "flat" / name)
        filled(tmp_path / "flat" / f"folder {name}" / "file")
    assert locations(tmp_path / "flat") == [
        *(f"{tmp_path}/flat/{name}" for name in files),
        *(f"{tmp_path}/flat/folder {name}/file" for name in files),
    ]


def test_a_temporary_folder_without_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> BinaryIO:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(names, "_HELD", 2)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(DiskFullError, match=tempfile.gettempdir()):
        in_order(["a", "b"])

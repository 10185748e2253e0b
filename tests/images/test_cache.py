import os
import time
from pathlib import Path

from dicomlake.images import Limits, Pictures, Wanted, cache
from dicomlake.images.cache import Cache
from tests.images.builders import SHIPPED

FILE = str(SHIPPED / "CT_small.dcm")


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def key(number: int) -> str:
    return f"{number:064x}"[::-1]


def test_it_keeps_to_its_bytes_and_lets_go_of_what_was_longest_unused(tmp_path: Path) -> None:
    kept = Cache(tmp_path / "images", 10_000)
    for number in range(20):
        kept.put(key(number), bytes(1_000))
        path = kept._path(key(number), True)
        os.utime(path, (0, time.time() - 1_000 + number))
        if number == 5:
            os.utime(kept._path(key(0), True))  # used again
        assert size(tmp_path) <= 10_000
    assert kept.get(key(19)) == bytes(1_000)
    assert kept.get(key(0)) == bytes(1_000)
    assert kept.get(key(1)) is None


def test_what_is_there_from_before_counts(tmp_path: Path) -> None:
    Cache(tmp_path / "images", 10_000).put(key(1), bytes(9_000))
    Cache(tmp_path / "images", 10_000).put(key(2), bytes(9_000))
    assert size(tmp_path) == 9_000


def test_what_is_larger_than_all_of_it_is_not_kept(tmp_path: Path) -> None:
    kept = Cache(tmp_path / "images", 100)
    kept.put(key(1), bytes(101))
    assert size(tmp_path) == 0
    kept = Cache(tmp_path / "images", 0)
    kept.put(key(1), b"1")
    assert kept.get(key(1)) is None


def test_reasons_are_forgotten_soon(tmp_path: Path) -> None:
    kept = Cache(tmp_path / "images", 1_000)
    kept.put(key(1), b"reason", lasting=False)
    assert kept.get(key(1)) is None
    assert kept.get(key(1), lasting=False) == b"reason"
    old = time.time() - cache.REMEMBERED - 1
    os.utime(kept._path(key(1), False), (old, old))
    assert kept.get(key(1), lasting=False) is None


def test_a_folder_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    kept = Cache(tmp_path / "gone" / "images", 1_000)
    kept.put(key(1), b"1")
    assert kept.get(key(1)) is None
    assert not (tmp_path / "gone").exists()


def test_it_may_be_deleted_at_any_time_and_damaged_files_are_made_again(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path, Limits(processes=1))
    try:
        first = pictures.picture(Wanted(FILE, "x"))
        (path,) = (path for path in (tmp_path / "images").rglob("*") if path.is_file())
        path.write_bytes(b"half")
        assert pictures.picture(Wanted(FILE, "x")) == first
        path.unlink()
        assert pictures.picture(Wanted(FILE, "x")) == first
    finally:
        pictures.close()


def test_a_second_time_no_process_is_asked(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    first = pictures.picture(Wanted(FILE, "x"))
    pictures.close()
    again = Pictures(tmp_path)
    again.close()  # it could start none
    assert again.picture(Wanted(FILE, "x")) == first


def test_drafts_left_behind_are_removed(tmp_path: Path) -> None:
    kept = Cache(tmp_path / "images", 1_000)
    kept.put(key(1), b"1")
    draft = kept._path(key(1), True).with_name("x.new")
    draft.write_bytes(bytes(500))
    os.utime(draft, (0, 0))
    Cache(tmp_path / "images", 1_000).put(key(2), b"2")
    assert not draft.exists()

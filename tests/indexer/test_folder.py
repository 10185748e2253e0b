"""Folders as sources: every file once, whatever links, names and unreadable parts there are."""

import os
import socket
from pathlib import Path

import pytest

from dicomlake.errors import SourceError
from indexer.items import Found, Outcome
from indexer.sources.folder import folders


def listed(*paths: Path | str | bytes, skipped: tuple[Path, ...] = ()) -> list[Found | Outcome]:
    """What sources list, in their order."""
    return [one for source in folders(map(os.fsdecode, paths), skipped=skipped) for one in source.files()]


def locations(*paths: Path | str, skipped: tuple[Path, ...] = ()) -> list[str]:
    """Locations of files that can be read."""
    return [one.location for one in listed(*paths, skipped=skipped) if isinstance(one, Found)]


def filled(path: Path, content: bytes = b"x") -> Path:
    """A file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_files_come_in_the_order_of_their_names_with_size_and_time(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", "c/d/e", "z"):
        filled(tmp_path / name, name.encode())
    found = listed(tmp_path)
    assert [one.location for one in found] == [str(tmp_path / name) for name in ("a", "z", "b/1", "b/2", "c/d/e")]
    assert [(one.size, one.mtime_ns) for one in found] == [
        (Path(one.location).stat().st_size, Path(one.location).stat().st_mtime_ns) for one in found
    ]


def test_a_single_file_is_a_source(tmp_path: Path) -> None:
    assert locations(filled(tmp_path / "one.dcm")) == [str(tmp_path / "one.dcm")]


def test_sources_inside_others_are_not_listed_twice(tmp_path: Path) -> None:
    filled(tmp_path / "a" / "b" / "1")
    filled(tmp_path / "ab" / "2")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "a")
    expected = [str(tmp_path / "a" / "b" / "1"), str(tmp_path / "ab" / "2")]
    a, ab = tmp_path / "a", tmp_path / "ab"
    assert locations(a / "b", a, ab, a / "b" / "1", a) == expected
    assert len(locations(a, link)) == 1


def test_links_to_files_are_followed_and_links_in_circles_end(tmp_path: Path) -> None:
    real = filled(tmp_path / "real" / "1")
    (tmp_path / "real" / "again").symlink_to(real)
    (tmp_path / "real" / "up").symlink_to(tmp_path)
    (tmp_path / "real" / "self").symlink_to(tmp_path / "real")
    assert locations(tmp_path / "real") == [str(tmp_path / "real" / name) for name in ("1", "again")]


def test_linked_folders_outside_are_listed_once_and_after_the_real_ones(tmp_path: Path) -> None:
    filled(tmp_path / "archive" / "z" / "1")
    filled(tmp_path / "elsewhere" / "sub" / "2")
    filled(tmp_path / "elsewhere" / "3")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "archive")
    for name in ("a", "b"):
        (tmp_path / "archive" / name).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "archive" / "c").symlink_to(tmp_path / "elsewhere" / "sub")
    archive = tmp_path / "archive"
    assert locations(archive) == [str(archive / name) for name in ("z/1", "a/3", "a/sub/2")]


def test_a_link_to_a_folder_above_lists_the_rest_of_it_and_not_itself_again(tmp_path: Path) -> None:
    filled(tmp_path / "data" / "archive" / "1")
    filled(tmp_path / "data" / "other" / "2")
    archive = tmp_path / "data" / "archive"
    (archive / "up").symlink_to(tmp_path / "data")
    assert locations(archive) == [str(archive / "1"), str(archive / "up" / "other" / "2")]


def test_names_that_are_no_text_are_listed(tmp_path: Path) -> None:
    for name in (b"Jos\xe9.dcm", b"new\nline", b"100%", b"\xf0\x9f\xa9\xbb"):
        with open(os.path.join(os.fsencode(tmp_path), name), "wb"):
            pass
    found = locations(tmp_path)
    assert sorted(found) == sorted(f"{tmp_path}/{name}" for name in ("Jos%E9.dcm", "new\nline", "100%", "🩻"))


def test_what_cannot_be_read_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    filled(tmp_path / "a")
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    deepest = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):  # deeper than a path can name
        os.mkdir("d" * 250, dir_fd=deepest)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=deepest)
        os.close(deepest)
        deepest = inner
    os.close(deepest)
    found = listed(tmp_path)
    assert [one.location for one in found if isinstance(one, Found)] == [str(tmp_path / "a")]
    troubled = [one for one in found if isinstance(one, Outcome)]
    assert [one.reason for one in troubled] == ["unreadable"] * 3
    assert [one.detail for one in troubled] == [
        "Too many levels of symbolic links",
        "No such file or directory",
        "File name too long",
    ]


def test_pipes_and_sockets_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(tmp_path / "socket"))
        found = listed(tmp_path)
    assert [(one.status, one.reason) for one in found if isinstance(one, Outcome)] == [
        ("ignored", "no-regular-file"),
        ("ignored", "no-regular-file"),
    ]


def test_the_lake_itself_is_left_out(tmp_path: Path) -> None:
    filled(tmp_path / "1")
    filled(tmp_path / "lake" / "index" / "2")
    assert locations(tmp_path, skipped=(tmp_path / "lake",)) == [str(tmp_path / "1")]


def test_the_count_is_near_what_is_listed(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", "c/d/e"):
        filled(tmp_path / name)
    assert [source.count() for source in folders([tmp_path])] == [4]
    assert [source.count() for source in folders([tmp_path / "a"])] == [1]


def test_sources_that_cannot_be_indexed_are_refused_on_one_line_each(tmp_path: Path) -> None:
    (tmp_path / "empty" / "er").mkdir(parents=True)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for path, said in {
        tmp_path / "none": "does not exist",
        tmp_path / "empty": "holds no files",
        tmp_path / "pipe": "neither a file nor a folder",
        tmp_path / "dangling": "does not exist",
        tmp_path / "circle": "cannot be read",
        filled(tmp_path / "file") / "below": "cannot be read",
    }.items():
        with pytest.raises(SourceError, match=said) as caught:
            folders([path])
        assert "\n" not in caught.value.message

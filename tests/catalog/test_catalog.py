"""The catalogue: what is recorded comes back, is durable, and can be read while it is written."""

import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from dicomlake.catalog import Catalog, Seen
from dicomlake.errors import LakeError


def seen(location: str, **changes: object) -> Seen:
    """An indexed file."""
    row: dict[str, object] = {"size": 10, "mtime_ns": 5, "status": "indexed", "uid": "1.2", "header_hash": "ab"}
    return Seen(location, **{**row, **changes})  # type: ignore[arg-type]


def damaged(location: str) -> Seen:
    """A file in quarantine."""
    return Seen(location, 3, 4, "quarantined", reason="damaged", offset=132, detail="cut", source="/a", run=1)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    with_tables = Catalog(tmp_path / "catalog.sqlite", write=True)
    yield with_tables
    with_tables.close()


def test_what_is_recorded_comes_back_and_what_was_never_seen_is_left_out(catalog: Catalog) -> None:
    rows = [seen("/a/1"), damaged("/a/2"), seen("/a/ñ 100%.dcm", size=2**40)]
    catalog.record(rows)
    assert catalog.known(["/a/1", "/a/2", "/a/ñ 100%.dcm", "/a/3"]) == {row.location: row for row in rows}


def test_recording_a_location_again_replaces_it(catalog: Catalog) -> None:
    catalog.record([seen("/a/1")])
    catalog.record([damaged("/a/1")])
    assert list(catalog.files()) == [damaged("/a/1")]
    assert catalog.counts() == {"indexed": 0, "ignored": 0, "quarantined": 1}


def test_files_come_in_order_of_location_page_after_page(catalog: Catalog) -> None:
    rows = [seen(f"/a/{n:05}") if n % 3 else damaged(f"/a/{n:05}") for n in range(2_500)]
    catalog.record(reversed(rows))
    assert list(catalog.files()) == rows
    assert list(catalog.files("quarantined")) == [row for row in rows if row.status == "quarantined"]


def test_recording_is_all_or_nothing(catalog: Catalog) -> None:
    catalog.announce([("/a/1", "1.2")])
    with pytest.raises(LakeError):
        catalog.record([seen("/a/1"), seen("/a/2", status="eaten")])
    assert list(catalog.files()) == []
    assert catalog.announced() == {"/a/1": frozenset({"1.2"})}


def test_an_announcement_stands_until_its_location_is_recorded(catalog: Catalog) -> None:
    catalog.announce([("/a/1", "1.2"), ("/a/1", "1.3"), ("/a/2", "1.4")])
    catalog.record([damaged("/a/1")])
    assert catalog.announced() == {"/a/2": frozenset({"1.4"})}


def test_forgotten_locations_are_gone(catalog: Catalog) -> None:
    catalog.record([seen("/a/1"), seen("/a/2")])
    catalog.record([], gone=["/a/1", "/never"])
    assert [one.location for one in catalog.files()] == ["/a/2"]


def test_what_a_run_neither_recorded_nor_noted_is_absent_within_its_root(catalog: Catalog) -> None:
    rows = [seen(f"/r/{n:05}", run=1) for n in range(2_500)]
    others = [
        seen(place, run=1) for place in ("/r", "/r!/a", "/r!", "/r!a", "/r-1", "/r.zip!/a", "/r0", "/q", "/s/r/1")
    ]
    catalog.record([*rows, *others])
    catalog.record([seen("/r/00007", run=2)])
    for start in range(0, 2_500, 2):
        catalog.note_present([f"/r/{start:05}"])
    catalog.note_within("/r/00001")
    catalog.note_within("/r.zip")
    absent = [one.location for one in catalog.absent("/r", 2)]
    assert absent == ["/r", "/r!/a", *(f"/r/{n:05}" for n in range(1, 2_500, 2) if n not in (1, 7))]
    assert [one.location for one in catalog.absent("/r.zip", 2)] == []
    assert catalog.within("/r") == 2_502
    assert catalog.within("/") == 2_509


def test_the_last_whole_run_over_sources_says_what_was_gone_of_them(catalog: Catalog) -> None:
    for sources, gone in ((["/a"], 5), (["/b", "/c"], 2), (["/a"], 3), (["/d"], 0)):
        catalog.end_run(catalog.begin_run(sources), {"gone": gone})
    catalog.begin_run(["/a"])  # stopped
    assert catalog.gone() == {"/a": 3, "/b, /c": 2}


def test_a_reader_sees_commits_of_the_writer_and_nothing_before_there_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    reader = Catalog(path, write=False)
    assert reader.counts() == {"indexed": 0, "ignored": 0, "quarantined": 0}
    writer = Catalog(path, write=True)
    writer.record([seen("/a/1")])
    assert reader.known(["/a/1"]) == {"/a/1": seen("/a/1")}
    writer.record([seen("/a/2")])
    writer.close()
    assert reader.counts()["indexed"] == 2
    with pytest.raises(LakeError, match="reading only"):
        reader.record([seen("/a/3")])
    reader.close()


def test_threads_may_share_a_catalogue(tmp_path: Path) -> None:
    with_rows = Catalog(tmp_path / "catalog.sqlite", write=True)
    with_rows.record([seen(f"/a/{n}") for n in range(100)])
    counted: list[int] = []
    threads = [
        threading.Thread(target=lambda: counted.extend(with_rows.counts()["indexed"] for _ in range(20)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted == [100] * 80


def test_commits_are_synchronous_and_the_file_is_the_owners_alone(catalog: Catalog, tmp_path: Path) -> None:
    assert catalog._connection is not None
    assert catalog._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    catalog.record([seen("/a/1")])
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_catalogue_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    Catalog(path, write=True).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LakeError, match="newer Dicomlake"):
        Catalog(path, write=True)
    with pytest.raises(LakeError, match="newer Dicomlake"):
        Catalog(path, write=False).counts()


def test_a_damaged_catalogue_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(LakeError, match="remove it and index again"):
        Catalog(path, write=False).counts()


def test_a_writer_killed_while_it_made_the_catalogue_leaves_one_that_readers_and_writers_open(tmp_path: Path) -> None:
    draft, path = tmp_path / "draft.sqlite", tmp_path / "catalog.sqlite"
    draft.touch()
    connection = sqlite3.connect(draft, isolation_level=None)
    connection.executescript("PRAGMA cache_size = 1; CREATE TABLE t (a); INSERT INTO t VALUES (1); BEGIN;")
    connection.execute("INSERT INTO t SELECT zeroblob(100000)")  # more than the cache: it is in the file before its end
    for suffix in ("", "-journal"):
        Path(f"{path}{suffix}").write_bytes(Path(f"{draft}{suffix}").read_bytes())
    connection.close()
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as ro, pytest.raises(sqlite3.OperationalError):
        ro.execute("PRAGMA user_version").fetchone()  # what the killed one had begun is to be taken back first
    reader = Catalog(path, write=False)
    assert reader.known(["/a/1"]) == {}
    reader.close()
    writer = Catalog(path, write=True)
    writer.record([seen("/a/1")])
    writer.close()


def test_a_reader_changes_nothing(catalog: Catalog, tmp_path: Path) -> None:
    catalog.record([seen("/a/1")])
    reader = Catalog(tmp_path / "catalog.sqlite", write=False)
    assert list(reader.known(["/a/1"])) == ["/a/1"]
    with pytest.raises(LakeError):
        reader._rows("DELETE FROM files RETURNING location")
    reader.close()
    assert list(catalog.known(["/a/1"])) == ["/a/1"]

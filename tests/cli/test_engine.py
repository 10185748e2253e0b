"""``dicomlake engine migrate``, and what every command says of lakes that are damaged, newer or incomplete."""

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dicomlake.lake import FORMAT
from tests.cli.run import call, command, environment_of
from tests.indexer.builders import hospital, index
from tests.indexer.test_migrate import every_file, to_another_registry
from tests.lakes.older import unpack

COMMANDS = (("stats",), ("search",), ("index", "ARCHIVE", "--quiet"), ("engine", "migrate", "--quiet"))


def test_a_migration_tells_people_and_machines(tmp_path: Path) -> None:
    lake = unpack(tmp_path / "lake")
    assert command("search", "--data", lake).failed_with(1, "format 1", f"dicomlake engine migrate --data {lake}")
    done = command("engine", "migrate", "--data", lake, "--keep-old")
    assert (done.code, done.err) == (0, "")
    assert "66 instances of 52 series built anew" in done.out
    assert f"The lake as it was is in {lake / 'old-1'}" in done.out
    again = command("engine", "migrate", "--data", lake)
    assert (again.code, again.out) == (0, f"{lake} is as this version writes it: nothing to do.\n")
    (summary,) = command("engine", "migrate", "--data", lake, "--json").lines
    assert summary["needed"] is False
    assert json.loads(call("stats", "--data", lake, "--json").out)["totals"]["instances"] == 66
    assert command("engine").failed_with(2, "COMMAND", "dicomlake engine --help")


def large(folder: Path) -> Path:
    """A lake whose migration takes some seconds."""
    index(folder / "lake", hospital(folder / "archive", series=200, instances=90), workers=2)
    to_another_registry(folder / "lake")
    return folder / "lake"


def test_progress_stopping_and_going_on(tmp_path: Path) -> None:
    lake = large(tmp_path)
    words = [sys.executable, "-m", "dicomlake", "engine", "migrate", "--data", str(lake), "--json"]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment_of(), start_new_session=True
    )
    assert process.stderr is not None
    told = json.loads(process.stderr.readline())
    assert list(told) == ["event", "series", "total", "series_per_second", "eta_seconds", "seconds"]
    assert (told["event"], told["total"]) == ("progress", 200)
    os.killpg(process.pid, signal.SIGTERM)
    out, err = process.communicate()
    assert process.returncode == 1
    assert err.splitlines()[-1].startswith("dicomlake: stopped after")
    stopped = json.loads(out.splitlines()[-1])["error"]["migration"]["instances"]
    assert 0 < stopped < 18_000
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=theirs, env=environment_of(TERM="xterm", COLUMNS="100")
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):  # meanwhile: a terminal that nobody reads holds up who writes to it
            shown += part
    except OSError:  # how Linux ends a terminal
        os.close(ours)
    out, _ = process.communicate()
    assert process.returncode == 0
    assert b"Migrating" in shown
    assert b"series" in shown
    assert b"/s" in shown
    summary = json.loads(out)
    assert (summary["resumed"], summary["instances"]) == (stopped, 18_000)


def mark(**changes: object) -> Callable[[Path], None]:
    """Damage: other entries in the mark."""

    def change(lake: Path) -> None:
        path = lake / "format.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def written(name: str, content: bytes) -> Callable[[Path], None]:
    """Damage: a file with other content."""
    return lambda lake: (lake / name).write_bytes(content) and None


def cut(pattern: str) -> Callable[[Path], None]:
    """Damage: files that end early."""

    def change(lake: Path) -> None:
        files = list(lake.glob(pattern))
        assert files
        for file in files:
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    return change


def gone(name: str) -> Callable[[Path], None]:
    """Damage: a file or folder that is away."""
    return lambda lake: (lake / name).rename(lake.with_name("away")) and None


def newer_catalogue(lake: Path) -> None:
    """Damage: a catalogue of times to come."""
    connection = sqlite3.connect(lake / "catalog.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "newer": (mark(format=FORMAT + 1, dicomlake="9.8"), "newer Dicomlake 9.8"),
    "newer, all else unknown": (written("format.json", b'{"format": 99}'), "newer Dicomlake (format 99"),
    "empty mark": (written("format.json", b""), "restore it"),
    "mark of another kind": (written("format.json", b"[]"), "restore it"),
    "binary mark": (written("format.json", bytes(100)), "restore it"),
    "mark without hashes": (written("format.json", b'{"format": 2}'), "restore it"),
    "mark that leads away": (mark(index="../elsewhere"), "restore it"),
    "index away": (gone("index-1"), "restore it"),
    "no mark in the index": (gone("index-1/meta.json"), "restore it"),
    "index: empty mark": (written("index-1/meta.json", b""), "restore it"),
    "index: list of files": (cut("index-1/.managed.json"), "restore it"),
    "index: terms": (cut("index-1/*.term"), "restore it"),
    "index: stored": (cut("index-1/*.store"), "restore it"),
    "index: columns": (cut("index-1/*.fast"), "restore it"),
    "index: postings": (cut("index-1/*.idx"), "restore it"),
    "newer catalogue": (newer_catalogue, "newer Dicomlake (catalogue 99"),
    "damaged catalogue": (written("catalog.sqlite", b"this is no database" * 100), "remove it and index again"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_lake_that_cannot_be_used_is_one_line_and_left_as_it_is(tmp_path: Path, archive: Path, damage: str) -> None:
    lake = tmp_path / "lake"
    index(lake, archive)
    change, said = DAMAGES[damage]
    change(lake)
    for words in COMMANDS:
        if words == ("search",) and "catalogue" in damage:
            continue  # a search needs the index only
        if words[0] == "engine" and damage.startswith("index: "):
            to_another_registry(lake)  # an index that need not be migrated is not opened
        before = every_file(lake)
        done = call(*(archive if word == "ARCHIVE" else word for word in words), "--data", lake)
        assert done.failed_with(1, str(lake), said)
        assert every_file(lake) == before


def test_an_index_without_its_mark_is_not_taken_for_a_new_lake(tmp_path: Path, archive: Path) -> None:
    lake = tmp_path / "lake"
    index(lake, archive)
    (lake / "format.json").unlink()
    before = every_file(lake)
    done = call("index", archive, "--data", lake, "--quiet")
    assert done.failed_with(1, "format.json is missing beside an index", "restore it")
    assert every_file(lake) == before


def test_what_a_killed_process_left_of_a_lake_it_made_is_gone_on_with(tmp_path: Path, archive: Path) -> None:
    lake = tmp_path / "lake"
    lake.mkdir()
    for name in ("secret.key.new", "format.json.new", "catalog.sqlite-journal", "catalog.sqlite"):
        (lake / name).touch()
    (lake / "index-1").mkdir()
    assert call("index", archive, "--data", lake, "--quiet").code == 3
    assert call("stats", "--data", lake).code == 0

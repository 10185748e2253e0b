"""What a mark or a row says is on the disk before it is said: names of files included."""

import os
from pathlib import Path
from typing import Any

import pytest

from dicomlake.catalog import Catalog
from indexer.migrate import migrate
from tests.builders import dicom_file
from tests.indexer.builders import hospital, index
from tests.lakes.older import unpack


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every sync, replacement, renaming and commit of the catalogue, in order: ``sync NAME``, ``replace NAME``, ..."""
    told: list[str] = []
    sync, replace, rename = os.fsync, Path.replace, Path.rename
    announce, record = Catalog.announce, Catalog.record

    def fsync(descriptor: int) -> None:
        sync(descriptor)
        told.append(f"sync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")

    def replaced(path: Path, target: Path) -> Path:
        told.append(f"replace {target.name}")
        return replace(path, target)

    def renamed(path: Path, target: Path) -> Path:
        told.append(f"rename {path.name}")
        return rename(path, target)

    def announced(*arguments: Any) -> None:
        announce(*arguments)
        told.append("announce")

    def recorded(*arguments: Any) -> None:
        told.append("record")
        record(*arguments)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replaced)
    monkeypatch.setattr(Path, "rename", renamed)
    monkeypatch.setattr(Catalog, "announce", announced)
    monkeypatch.setattr(Catalog, "record", recorded)
    return told


def in_order(events: list[str], *wanted: str) -> bool:
    """Whether these come one behind the other, others between them."""
    rest = iter(events)
    assert all(one in rest for one in wanted), events
    return True


def test_a_new_lake_is_whole_before_its_mark(tmp_path: Path, events: list[str]) -> None:
    dicom_file(tmp_path / "h" / "1.dcm")
    index(tmp_path / "a" / "lake", tmp_path / "h")
    assert in_order(events, f"sync {tmp_path.name}", "sync secret.key.new", "replace secret.key", "sync lake")
    mark = events.index("replace format.json")
    assert in_order(events[:mark], "replace secret.key", "sync index-1", "sync lake", "sync format.json.new")
    assert in_order(events[mark:], "sync lake", "announce")
    assert "sync a" in events[:mark]


def test_the_catalogue_records_what_the_index_has_durably(tmp_path: Path, events: list[str]) -> None:
    source = hospital(tmp_path / "h")
    index(tmp_path / "lake", source)
    dicom_file(source / "p0" / "s0" / "i000.dcm", uid="1.9")
    index(tmp_path / "lake", source)
    commits = [one for one in events if one in ("announce", "sync index-1", "record")]
    assert commits[-3:] == ["announce", "sync index-1", "record"]
    assert commits.count("announce") >= 2
    for number, one in enumerate(commits):
        if one == "announce":
            assert commits[number + 1 : number + 3] == ["sync index-1", "record"]


def test_a_migration_takes_over_when_the_new_index_is_durable_and_removes_the_old_one_last(
    tmp_path: Path, events: list[str]
) -> None:
    lake = unpack(tmp_path / "lake")
    migrate(lake, keep_old=True)
    assert in_order(
        events,
        *("sync migration.json.new", "replace migration.json", "sync lake"),
        *("sync index-1", "sync migration.json.new", "replace migration.json", "sync lake"),
        *("replace format.json", "replace secret.key", "sync old-1", "sync lake"),
        *("sync format.json.new", "replace format.json", "sync lake", "rename index", "sync old-1", "sync lake"),
    )
    assert events.count("replace format.json") == 2
    assert events.index("rename index") > len(events) - 5

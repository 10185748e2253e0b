"""A disk without room: one line, and once there is room the lake of an undisturbed run."""

from pathlib import Path
from typing import Any

import pytest

from dicomlake.errors import DiskFullError
from dicomlake.lake import Lake, Mark
from indexer import copying
from indexer.migrate import Migration, migrate
from tests.cli.run import command
from tests.indexer.builders import content, hospital, index
from tests.indexer.small_disk import SmallDisk, small_disk
from tests.lakes.older import unpack

__all__ = ["small_disk"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,800 instances, whose lake takes some megabytes."""
    return hospital(tmp_path_factory.mktemp("full") / "archive", series=60, instances=30)


@pytest.fixture(scope="module")
def undisturbed(archive: Path) -> dict[str, Any]:
    """What a lake of them knows."""
    index(archive.with_name("lake"), archive)
    return content(archive.with_name("lake"))


@pytest.mark.parametrize("size", ["16k", "64k", "100k", "200k", "400k", "1m", "1500k"])
def test_indexing_into_a_full_disk_is_one_line_and_goes_on_when_there_is_room(
    small_disk: SmallDisk, archive: Path, undisturbed: dict[str, Any], size: str
) -> None:
    lake = small_disk.path / "lake"
    words = ("index", archive, "--data", lake, "--workers", "1", "--quiet")
    small_disk.resize(size)
    done = command(*words, "--json")
    assert done.failed_with(1, f"the disk of {lake}", "is full; make room and run this again")
    assert done.lines[-1]["error"]["code"] == "disk-full"
    assert command(*words).failed_with(1, "is full")
    small_disk.resize("64m")
    assert command(*words).code == 3
    assert content(lake) == undisturbed


@pytest.mark.parametrize("filled_at", [1, 20, 60, 66])
@pytest.mark.parametrize("keep_old", [False, True])
def test_a_migration_into_a_full_disk_leaves_the_lake_and_goes_on_when_there_is_room(
    small_disk: SmallDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filled_at: int, keep_old: bool
) -> None:
    monkeypatch.setattr(copying, "MOST_DOCUMENTS", 10)
    lake = unpack(small_disk.path / "lake")
    fillers: list[Path] = []

    def fill(so_far: Migration) -> None:
        if so_far.instances >= filled_at and not fillers:
            fillers.append(small_disk.fill())

    with pytest.raises(DiskFullError, match="is full; make room and run this again"):
        migrate(lake, watch=fill, keep_old=keep_old)
    assert Mark.read(lake).format == 1
    for filler in fillers:
        filler.unlink()
    done = migrate(lake, keep_old=keep_old)
    assert done.resumed >= filled_at - 22  # what two commits of whole series have
    migrate(unpack(tmp_path / "undisturbed"))
    assert content(lake) == content(tmp_path / "undisturbed")


UNTOUCHED = ("format.json", "index", "catalog.sqlite", "secret.key")


def test_a_migration_looks_for_room_before_it_writes(small_disk: SmallDisk) -> None:
    lake = unpack(small_disk.path / "lake")
    small_disk.resize("1m")
    done = command("engine", "migrate", "--data", lake, "--json")
    assert done.failed_with(1, "bytes free, and the new index needs some", "make room and run this again")
    assert done.lines[-1]["error"]["code"] == "disk-full"
    assert {path.name for path in lake.iterdir()} <= {*UNTOUCHED, "catalog.sqlite-wal", "catalog.sqlite-shm"}
    small_disk.resize("64m")
    assert command("engine", "migrate", "--data", lake, "--json", "--quiet").lines[-1]["instances"] == 66
    with Lake.open(lake) as opened:
        assert opened.engine.stats().instances == 66

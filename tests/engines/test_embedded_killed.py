"""An embedded index whose writer was killed in the middle of a commit."""

from pathlib import Path

from dicomlake.engines.base import Record
from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.strategies import COLUMNS


def record(number: int, size: int = 0) -> Record:
    return Record(level="instance", uid=f"1.2.{number}", series="1.2", study="1", patient="p", size=size)


def commit(folder: Path, *records: Record) -> None:
    engine = EmbeddedEngine(folder, COLUMNS, write=True)
    engine.put(records)
    engine.commit()
    engine.close()


def test_the_same_commit_goes_through_after_one_that_was_killed_before_it_took_effect(tmp_path: Path) -> None:
    commit(tmp_path, *(record(number) for number in range(20)))
    before = (tmp_path / "meta.json").read_bytes()
    commit(tmp_path, record(3, size=1))
    deletions = [path.name for path in tmp_path.glob("*.del")]
    assert deletions
    (tmp_path / "meta.json").write_bytes(before)  # the last file of a commit: without it, nothing has happened

    commit(tmp_path, record(3, size=1))

    engine = EmbeddedEngine(tmp_path, COLUMNS)
    assert engine.stats().instances == 20
    engine.close()

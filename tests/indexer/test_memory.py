"""The memory of a run does not grow with the archive."""

import gc
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pytest

from dicomlake.catalog import Catalog, Seen
from dicomlake.engines.base import Engine, Plan
from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.embedded.snapshot import Snapshot
from indexer import load, merging
from indexer.flow import run
from indexer.sources.folder import folders
from indexer.summary import Summary
from tests.builders import dicom_file

REPOSITORY = Path(__file__).parents[2]
FEW, MANY = 3_000, 15_000
PER_SERIES = 50
MOST = 1.2
"""Peak with many files, at most so many times that with few."""


def archive(folder: Path, files: int) -> Path:
    """Small files, each its own instance, of many series, studies and patients."""
    marks = {"uid": "1.2.3.1111111", "series": "1.2.4.2222222", "study": "1.2.5.3333333", "PatientID": "P4444444"}
    template = dicom_file(folder / "template", **marks, ImageComments="slice 5555555", SliceLocation="66666.5")
    data = template.read_bytes()
    template.unlink()
    for number in range(files):
        series = number // PER_SERIES
        content = data
        for mark, value in (
            (b"1111111", 1_000_000 + number),
            (b"2222222", 1_000_000 + series),
            (b"3333333", 1_000_000 + series // 2),
            (b"4444444", 1_000_000 + series // 4),
            (b"5555555", 1_000_000 + number),
            (b"66666", 10_000 + number),
        ):
            content = content.replace(mark, b"%d" % value)
        path = folder / f"{series:05}" / f"{number}.dcm"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def peaks(home: Path, files: int) -> tuple[int, ...]:
    """Peaks in KB: the indexer's own memory, all that is resident of it, and its workers' own."""
    source = archive(home / f"files-{files}", files)
    command = [sys.executable, "-m", "tests.indexer.grown", str(home / f"lake-{files}"), str(source)]
    said = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    return tuple(map(int, said.split()))


def test_five_times_the_files_take_the_memory_of_the_first(tmp_path: Path) -> None:
    few, many = peaks(tmp_path, FEW), peaks(tmp_path, MANY)
    assert len(few) == 3
    assert min(few) > 0
    assert all(most <= MOST * least for least, most in zip(few, many, strict=True)), (few, many)


def test_what_a_commit_looked_at_is_freed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "MOST_DOCUMENTS", 50)
    seen: list[int] = []
    commit = EmbeddedEngine.commit

    def searched(engine: EmbeddedEngine) -> str:
        generation = commit(engine)
        engine.search(Plan(limit=1))  # a run alone makes nothing to search by
        return generation

    monkeypatch.setattr(EmbeddedEngine, "commit", searched)

    def watch(_: Summary) -> None:
        seen.append(sum(isinstance(one, Snapshot) for one in gc.get_objects()))

    gc.disable()
    try:
        run(tmp_path / "lake", folders([str(archive(tmp_path / "files", 300))]), watch=watch)
    finally:
        gc.enable()
    assert len(seen) > 4
    assert set(seen) == {1}
    assert gc.get_freeze_count() == 0


def test_the_engine_lets_go_while_documents_are_collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "BETWEEN", 20)
    monkeypatch.setattr(load, "MOST_DOCUMENTS", 100)
    monkeypatch.setattr(load, "MOST_SECONDS", 1e9)
    done: list[str] = []
    for name in ("rest", "commit"):
        monkeypatch.setattr(EmbeddedEngine, name, noted(getattr(EmbeddedEngine, name), done))
    run(tmp_path / "lake", folders([str(archive(tmp_path / "files", 140))]))
    first, last = (place for place, name in enumerate(done) if name == "commit")
    assert done[:first] == ["rest"] * 6  # five, and one before the commit
    assert set(done[first + 1 : last]) == set(done[last + 1 :]) == {"rest"}
    assert last - first > 4  # those of the commit itself, however long it takes, and three for the others


def test_a_commit_beside_a_merge_is_a_smaller_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "BETWEEN", 20)
    monkeypatch.setattr(load, "BETWEEN_MERGING", 10)
    monkeypatch.setattr(load, "MOST_DOCUMENTS", 100)
    monkeypatch.setattr(load, "MOST_BESIDE_MERGES", 40)
    monkeypatch.setattr(load, "MOST_SECONDS", 1e9)
    looks = iter("nny" + "y" + "yyyy" + "n")  # each 20 documents, 10 beside a merge, and before each commit; then n
    monkeypatch.setattr(EmbeddedEngine, "merges", property(lambda engine: next(looks, "n") == "y"))
    frugal: list[str] = []
    monkeypatch.setattr(merging, "keep_less", lambda: frugal.append("less"))
    sizes: list[int] = []
    record = Catalog.record

    def recorded(catalog: Catalog, seen: Sequence[Seen], left: Sequence[str]) -> None:
        sizes.append(len(seen))
        record(catalog, seen, left)

    monkeypatch.setattr(Catalog, "record", recorded)
    run(tmp_path / "lake", folders([str(archive(tmp_path / "files", 250))]))
    assert sizes == [60, 40, 100, 50]
    assert frugal == ["less"]


class Busy:
    """Stands for an engine that merges at so many looks."""

    def __init__(self, looks: float) -> None:
        self.looks = looks
        self.rested = 0

    def rest(self) -> None:
        self.rested += 1

    @property
    def merges(self) -> bool:
        self.looks -= 1
        return self.looks >= 0


@pytest.mark.parametrize(("large", "rested"), [(1e9, 2), (0, 10)])
def test_a_large_merge_is_waited_for_and_what_it_reads_is_let_go_of(
    monkeypatch: pytest.MonkeyPatch, large: float, rested: int
) -> None:
    monkeypatch.setattr(merging, "LARGE", large)
    engine = Busy(9)
    beside = merging.Merging(cast(Engine, engine))
    beside.look()
    beside.wait()
    assert engine.rested == rested
    assert beside.seen == (rested == 2)


def test_a_merge_that_does_not_end_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "LARGE", 0)
    monkeypatch.setattr(merging, "PATIENCE", 0.05)
    engine = Busy(math.inf)
    beside = merging.Merging(cast(Engine, engine))
    beside.wait()
    waited = engine.rested
    assert waited > 2
    beside.wait()
    assert engine.rested == waited + 1


def noted(method: Callable[[EmbeddedEngine], object], done: list[str]) -> Callable[[EmbeddedEngine], object]:
    """A method that notes its name before it does what it does."""

    def noting(engine: EmbeddedEngine) -> object:
        done.append(method.__name__)
        return method(engine)

    return noting

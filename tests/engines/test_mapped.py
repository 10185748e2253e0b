"""A writer lets go of what it has read of its index, and does not run ahead of Tantivy."""

import time
from contextlib import suppress
from pathlib import Path

import pytest

from dicomlake.engines.embedded import engine, pace
from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.embedded.mapped import let_go
from tests.engines.test_sessions import instance

INSTANCES = 3_000


def mapped(folder: Path) -> int:
    """KB that are resident of the files of an index."""
    kb, ours = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.partition(" ")[0]:
            ours = f" {folder}/" in line
        elif ours and line.startswith("Rss:"):
            kb += int(line.split()[1])
    return kb


def test_pages_that_were_read_are_let_go_of_and_can_be_read_again(tmp_path: Path) -> None:
    opened = EmbeddedEngine(tmp_path, [], write=True)
    opened.put(instance(f"{number}") for number in range(INSTANCES))
    opened.commit()
    uids = [f"{number}" for number in range(INSTANCES)]
    found = opened.get("instance", uids)
    assert len(found) == INSTANCES
    before = mapped(tmp_path)
    opened.rest()
    assert mapped(tmp_path) < before / 4
    assert opened.get("instance", uids) == found
    opened.close()


def test_segments_that_are_not_named_are_left_alone(tmp_path: Path) -> None:
    opened = EmbeddedEngine(tmp_path, [], write=True)
    opened.put([instance("1")])
    opened.commit()
    opened.get("instance", ["1"])
    before = mapped(tmp_path)
    let_go(set())
    assert mapped(tmp_path) == before > 0
    opened.close()


def test_the_indexing_thread_has_the_name_that_is_looked_for(tmp_path: Path) -> None:
    until = time.monotonic() + 30
    while indexing():  # those of writers that were closed take a moment to end
        assert time.monotonic() < until
    opened = EmbeddedEngine(tmp_path, [], write=True)
    opened.put([instance("1")])
    while not indexing():  # a thread has its name a moment after it was started
        assert time.monotonic() < until
    while pace._busy(pace._tasks(), pace._INDEXING):
        assert time.monotonic() < until
        pace.let_catch_up()
    opened.close()


def indexing() -> list[str]:
    """The names of this process's threads that index, as the module looks for them."""
    found = []
    for task in pace._tasks():
        with suppress(OSError):  # it has ended
            name = Path(pace._TASKS, task, "comm").read_text().strip()
            found += [name] if name.startswith(pace._INDEXING) else []
    return found


def test_merges_are_seen_in_the_writer_alone(tmp_path: Path) -> None:
    opened = EmbeddedEngine(tmp_path, [], write=True)
    reader = EmbeddedEngine(tmp_path, [])
    until = time.monotonic() + 60
    number = 0
    while not opened.merges:  # some eight segments of about one size are merged
        assert time.monotonic() < until
        opened.add(instance(f"{number + one}") for one in range(500))
        number += 500
        opened.commit()
    assert not reader.merges
    while opened.merges:
        assert time.monotonic() < until
        time.sleep(0.01)
    opened.close()


@pytest.mark.parametrize(
    ("name", "state", "ticks", "merges"),
    [
        ("merge_thread_0", "R", "0 1", True),
        ("merge_thread_3", "D", "2 0", True),
        ("merge_thread_0", "S", "7 1", False),
        ("merge_thread_0", "R", "0 0", False),
        ("thrd-tantivy-in", "R", "7 1", False),
    ],
)
def test_a_thread_that_only_starts_does_not_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, state: str, ticks: str, merges: bool
) -> None:
    (tmp_path / "17").mkdir()
    (tmp_path / "17" / "stat").write_text(f"17 ({name}) {state} 1 1 1 0 -1 64 25 0 0 0 {ticks} 0 0 20 0 9 0 100\n")
    monkeypatch.setattr(pace, "_TASKS", str(tmp_path))
    assert pace.merges() == merges


def test_a_writer_waits_and_lets_go_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(engine, "PAUSE", 10_000)
    monkeypatch.setattr(engine, "PAUSE_OF_LONG", 5_000)
    made = engine.document
    monkeypatch.setattr(engine, "document", lambda *of: made(*of).ljust(1_000))  # JSON all the same
    monkeypatch.setattr(pace, "let_catch_up", lambda: said.append("wait"))
    monkeypatch.setattr(engine, "let_go", lambda segments: said.append("go"))
    indexes, merges = iter([True, True, False, *[True] * 4, False]), iter([False] * 7 + [True])
    monkeypatch.setattr(pace, "indexes", lambda: next(indexes))
    monkeypatch.setattr(pace, "merges", lambda: next(merges))
    opened = EmbeddedEngine(tmp_path, [], write=True)

    def put(number: int) -> list[str]:
        said.clear()
        opened.put(instance(f"{place}") for place in range(number))
        return said.copy()

    assert put(10) == []
    assert put(23) == ["go"] * 3  # behind twice, and then not any more
    assert put(44) == ["go", "go", "go", "wait", "go"]  # behind four times
    assert put(11) == ["wait", "go"]  # there is a merge
    assert put(6) == ["wait", "go"]  # there was one
    said.clear()
    opened.commit()
    assert set(said) == {"go"}
    opened.close()


def test_waiting_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_busy", lambda tasks, name: ["1"])
    monkeypatch.setattr(pace, "_PATIENCE", 0.01)
    pace.let_catch_up()

"""The worker pool: every item has its result, whatever happens to workers."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from dicomlake.errors import WorkerError
from indexer.crew import Crew
from indexer.pool import Pool, attend
from tests.indexer import work

REPOSITORY = Path(__file__).parents[2]


def results(function: Callable[[Any], Any], batches: Iterable[list[Any]], size: int) -> dict[Any, Any]:
    """Item to result, as a run takes them."""
    done: dict[Any, Any] = {}
    with Pool(function, work.lost, size=size, limit=8) as pool:
        for batch in batches:
            while pool.full:
                done |= taken(pool)
            pool.give(batch)
        while pool.busy:
            done |= taken(pool)
    return done


def taken(pool: Pool[Any, Any]) -> dict[Any, Any]:
    """What is there to take."""
    items, result = pool.take(0.1) or ([], [])
    return dict(zip(items, result, strict=True))


@pytest.mark.parametrize("size", [0, 1, 3])
def test_every_item_has_its_result(size: int) -> None:
    batches = [list(range(start, start + 5)) for start in range(0, 100, 5)]
    assert results(work.double, [*batches, []], size) == {item: item * 2 for item in range(100)}


def test_an_item_that_ends_its_worker_costs_itself_and_nothing_else() -> None:
    done = results(work.or_die, [[1, 2, 13, 3], [14], [4, 5]], size=2)
    assert done == {item: item * 2 for item in (1, 2, 3, 4, 5)} | {
        13: "lost: the process that read it was ended by SIGKILL",
        14: "lost: the process that read it ended with code 3",
    }


def test_an_item_whose_worker_was_killed_by_chance_is_done_again(tmp_path: Path) -> None:
    assert results(work.die_once, [[str(tmp_path / "mark")]], size=1) == {str(tmp_path / "mark"): "done"}


def test_large_results_wait_in_the_workers_until_they_are_taken() -> None:
    with Pool(work.heavy, work.lost, size=1, limit=100) as pool:
        for item in range(8):
            pool.give([item])
        until = time.monotonic() + 20
        while pool._waiting < 64_000_000 and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.5)
        assert pool._waiting < 100_000_000
        count = 0
        while pool.busy:
            count += len(taken(pool))
        assert count == 8


def test_what_no_worker_has_begun_can_be_dropped(tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    with Pool(work.when, work.lost, size=1, limit=100) as pool:
        for _ in range(10):
            pool.give([str(go_on)])
        until = time.monotonic() + 20
        while len(pool._todo) > 9 and time.monotonic() < until:
            time.sleep(0.01)
        pool.drop()
        go_on.touch()
        done = 0
        while pool.busy:
            done += pool.take(0.1) is not None
        assert done == 1
        pool.give([str(go_on)])
        assert any(taken(pool) for _ in range(100))


def test_workers_leave_signals_of_the_terminal_to_the_main_process() -> None:
    for pid, blocked in results(work.process_of, [[1], [2]], size=2).values():
        assert pid != os.getpid()
        assert blocked == ["SIGINT", "SIGTERM"]


def test_workers_that_cannot_start_are_an_error_and_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.spawn._python_exe", os.fsencode("/bin/false"))
    with pytest.raises(WorkerError, match="--workers 0"):
        results(work.double, [[1]], size=2)


def test_no_worker_outlives_a_killed_main_process() -> None:
    main, said = started("tests.indexer.work")
    pids = [int(pid) for pid in said]
    assert pids
    assert left_by(main, pids) == []


def test_workers_are_copies_while_there_are_some_and_new_ones_then() -> None:
    main, said = started("tests.indexer.crewed")
    # Each of the deadly items ends two workers: with the second one the three copies are used up.
    assert [one.partition(":")[0] for one in said] == ["copy", "lost", "lost", "new"]
    assert left_by(main, [int(pid) for one in said if (pid := one.partition(":")[2])]) == []


def test_a_process_with_other_threads_is_not_copied() -> None:
    done = threading.Event()
    beside = threading.Thread(target=done.wait)
    beside.start()
    with Crew.of(2, attend) as crew:
        assert crew.take() is None
    done.set()
    beside.join()


def started(module: str) -> tuple["subprocess.Popen[str]", list[str]]:
    """A program of the tests, and the words of its first line."""
    main = subprocess.Popen([sys.executable, "-m", module], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert main.stdout is not None
    return main, main.stdout.readline().split()


def left_by(main: "subprocess.Popen[str]", workers: list[int]) -> list[int]:
    """The workers that still run some seconds after their main process was killed."""
    main.kill()
    main.wait()
    assert main.stdout is not None
    main.stdout.close()
    until = time.monotonic() + 10
    while any(_runs(pid) for pid in workers) and time.monotonic() < until:
        time.sleep(0.05)
    return [pid for pid in workers if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

"""The worker pool: every item has its result, whatever happens to workers."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from dicomlake.errors import WorkerError
from indexer.pool import Pool
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


def test_workers_leave_signals_of_the_terminal_to_the_main_process() -> None:
    for pid, blocked in results(work.process_of, [[1], [2]], size=2).values():
        assert pid != os.getpid()
        assert blocked == ["SIGINT", "SIGTERM"]


def test_workers_that_cannot_start_are_an_error_and_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.spawn._python_exe", os.fsencode("/bin/false"))
    with pytest.raises(WorkerError, match="--workers 0"):
        results(work.double, [[1]], size=2)


def test_no_worker_outlives_a_killed_main_process() -> None:
    main = subprocess.Popen(
        [sys.executable, "-m", "tests.indexer.work"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert main.stdout is not None
    pids = [int(pid) for pid in main.stdout.readline().split()]
    assert pids
    main.kill()
    main.wait()
    main.stdout.close()
    until = time.monotonic() + 10
    while any(_runs(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [pid for pid in pids if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

"""Jobs: claimed by one, in turn, within limits; what an owner that was given up says counts no more."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from threading import Thread

import pytest

from dicomlake.errors import NotFoundError, QueueFullError
from dicomlake.messages import Message
from dicomlake.state import LOCAL, Job, JobLimits, Progress, State

LIMITS = JobLimits(running=2, queued=4, days=3)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State.open(tmp_path, jobs=LIMITS) as opened:
        yield opened


def add(state: State, kind: str = "export") -> Job:
    return state.jobs.add(LOCAL, kind, {"n": 1})


def claim(state: State, owner: str = "me") -> Job:
    job = state.jobs.claim(owner, {"index"})
    assert job is not None
    return job


def test_jobs_are_run_in_turn_as_many_as_may(state: State) -> None:
    first, second, third = (add(state) for _ in range(3))
    assert [claim(state).id, claim(state).id] == [first.id, second.id]
    assert state.jobs.claim("other") is None
    state.jobs.finish(state.jobs.find(first.id), "done", result={"file": "x"})
    assert claim(state, "other").id == third.id
    done = state.jobs.get(LOCAL, first.id)
    assert (done.status, done.result, done.error, done.owner) == ("done", {"file": "x"}, None, None)
    assert done.created <= (done.started or done.created) <= (done.finished or done.created)
    assert [job.id for job in state.jobs.listed(LOCAL)] == [third.id, second.id, first.id]


def test_of_those_that_must_be_alone_one_runs(state: State) -> None:
    for kind in ("index", "index", "export"):
        add(state, kind)
    assert (claim(state).kind, claim(state).kind) == ("index", "export")


def test_the_queue_has_an_end(state: State) -> None:
    for _ in range(4):
        add(state)
    with pytest.raises(QueueFullError, match="4 jobs are waiting"):
        add(state)
    claim(state)
    add(state)


def test_many_who_ask_at_once_get_different_jobs(tmp_path: Path) -> None:
    limits = JobLimits(running=100, queued=100)
    with State.open(tmp_path, jobs=limits) as state:
        for _ in range(30):
            add(state)
        got: list[str] = []

        def take(owner: str) -> None:
            with State.open(tmp_path, jobs=limits) as mine:
                while (job := mine.jobs.claim(owner)) is not None:
                    got.append(job.id)

        threads = [Thread(target=take, args=(f"worker {n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == len(set(got)) == 30


def test_a_waiting_job_is_cancelled_at_once_a_running_one_is_asked_and_an_ended_one_removed(state: State) -> None:
    waiting = add(state)
    cancelled = state.jobs.cancel(LOCAL, waiting.id)
    assert cancelled is not None
    assert cancelled.status == "cancelled"
    add(state)
    running = claim(state)
    asked = state.jobs.cancel(LOCAL, running.id)
    assert asked is not None
    assert (asked.status, asked.cancel) == ("running", True)
    assert state.jobs.to_cancel("me") == {running.id}
    assert state.jobs.to_cancel("other") == set()
    state.jobs.finish(running, "cancelled")
    assert state.jobs.cancel(LOCAL, running.id) is None
    with pytest.raises(NotFoundError):
        state.jobs.cancel(LOCAL, running.id)


def test_who_was_given_up_for_dead_changes_nothing_any_more(state: State) -> None:
    add(state)
    before = claim(state, "dead")
    assert state.jobs.report(before, Progress("reading", done=1))
    asked: list[tuple[str, datetime]] = []

    def is_gone(owner: str, heartbeat: datetime) -> bool:
        asked.append((owner, heartbeat))
        return True

    assert state.jobs.take_back(is_gone) == 1
    assert [owner for owner, _ in asked] == ["dead"]
    now = claim(state, "alive")
    assert (now.id, now.attempts) == (before.id, 2)
    assert not state.jobs.report(before, Progress("reading", done=9))
    assert not state.jobs.finish(before, "done", result={})
    assert not state.jobs.give_back(before)
    assert not state.jobs.lose(before, Message("it ended"))
    assert state.jobs.find(now.id).owner == "alive"


def test_a_job_whose_process_ends_again_and_again_fails_in_words(state: State) -> None:
    job = add(state)
    for _ in range(3):
        assert state.jobs.lose(claim(state), Message("its process was ended by signal 9"))
    lost = state.jobs.find(job.id)
    assert lost.status == "failed"
    assert lost.error is not None
    assert lost.error["code"] == "job-lost"
    assert "signal 9, 3 times" in lost.error["detail"]
    assert state.jobs.claim("me") is None


def test_one_that_is_given_back_has_lost_nothing(state: State) -> None:
    job = add(state)
    for _ in range(5):
        assert state.jobs.give_back(claim(state))
    assert (state.jobs.find(job.id).status, state.jobs.find(job.id).attempts) == ("queued", 0)


def test_one_that_was_to_be_cancelled_is_not_begun_again(state: State) -> None:
    job = add(state)
    claimed = claim(state)
    state.jobs.cancel(LOCAL, job.id)
    state.jobs.lose(claimed, Message("its process was ended by signal 9"))
    assert state.jobs.find(job.id).status == "cancelled"


def test_ended_jobs_are_forgotten_waiting_ones_are_not(state: State, tmp_path: Path) -> None:
    ended, waiting = add(state), add(state)
    state.jobs.finish(claim(state), "done")
    state.jobs.forget()
    assert state.jobs.known() == {ended.id, waiting.id}
    with closing(sqlite3.connect(tmp_path / "state" / "state.sqlite", timeout=30)) as connection:
        connection.execute("UPDATE jobs SET created = 0, finished = finished - 4 * 86400000000")
        connection.commit()
    state.jobs.forget()
    assert state.jobs.known() == {waiting.id}

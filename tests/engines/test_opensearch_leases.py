"""Several writers of one lake: who has which part of it, and what happens to those who do not answer for it."""

import itertools
import threading
import time
from collections.abc import Callable, Collection, Iterator

import pytest

from dicomlake.engines.asking import facet
from dicomlake.engines.base import Plan
from dicomlake.engines.opensearch.client import Server
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.engines.opensearch.register import Register
from dicomlake.engines.reach import Reach
from dicomlake.engines.strategies import COLUMNS, series_record
from dicomlake.errors import LakeError, SupersededError
from tools.opensearch import Server as Running

Opened = Callable[..., OpenSearchEngine]

_numbers = itertools.count()

PATIENCE = 0.5
"""Seconds, of those who are to find others dead."""


@pytest.fixture
def opened(opensearch: Running) -> Iterator[Opened]:
    """Opens writers of the test's lake; ``who`` names their data folder."""
    prefix = f"{opensearch.prefix}leases-{next(_numbers)}"
    engines: list[OpenSearchEngine] = []

    def one(who: str = "", patience: float = 60.0) -> OpenSearchEngine:
        server = Server((opensearch.url,))
        engines.append(OpenSearchEngine(server, prefix, COLUMNS, write=True, who=who, patience=patience))
        return engines[-1]

    yield one
    for engine in engines[1:]:
        engine.close()
    engines[0].remove()


def part(*series: str, study: str = "1.1", instances: Collection[str] = ()) -> Reach:
    return Reach(frozenset(series), frozenset([study]), frozenset(instances))


def nothing(series: Collection[str]) -> None:
    raise AssertionError(f"nobody died over {series}")


def queued(engine: OpenSearchEngine, number: int) -> None:
    """Wait until so many leases are in the queue."""
    until = time.monotonic() + 60
    while len(Register.of(engine._leases._shared.read()).leases) < number:
        assert time.monotonic() < until
        time.sleep(0.05)


def still(engine: OpenSearchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on a writer does not count, like a process that was stopped."""
    monkeypatch.setattr(engine._leases, "_beat", lambda ended, token: None)


def test_parts_that_meet_are_had_one_after_the_other_and_others_at_a_time(opened: Opened) -> None:
    first, second = opened(), opened()
    done: list[str] = []

    def also(name: str, reach: Reach) -> threading.Thread:
        def run() -> None:
            with second.alone(reach, nothing):
                done.append(name)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    meeting = [
        part("1.2.1", study="1.9"),
        part("1.2.9"),
        part("1.2.9", study="1.9", instances=["1.3.1"]),
        Reach(everything=True),
    ]
    for reach in meeting:
        with first.alone(part("1.2.1", instances=["1.3.1"]), nothing):
            thread = also("waits", reach)
            queued(first, 2)
            done.append("first")
        thread.join()
        assert done == ["first", "waits"], reach
        done.clear()
    with first.alone(part("1.2.1"), nothing):
        also("beside", part("1.2.2", study="1.9")).join()
        done.append("first")
    assert done == ["beside", "first"]


def test_what_another_has_committed_is_seen_by_whoever_comes_next(opened: Opened) -> None:
    first, second = opened(), opened()
    for number in range(6):
        for writer, other in ((first, "b"), (second, "a")):
            with writer.alone(part("1.2.1"), nothing):
                found = writer.search(Plan()).hits
                assert [hit.members[0].study for hit in found] == ([f"1.{number}.{other}"] if found else [])
                own = f"1.{number}.a" if writer is first else f"1.{number + 1}.b"
                writer.put([series_record("1.2.1", own)])
                writer.commit()
    assert len(second.search(Plan()).hits) == 1


def test_a_living_holder_is_waited_for_however_long_it_takes(opened: Opened) -> None:
    first, second = opened(patience=PATIENCE), opened(patience=PATIENCE * 6)
    with first.alone(part("1.2.1"), nothing):
        waiting = threading.Thread(target=lambda: second.alone(part("1.2.1"), nothing).__enter__())
        waiting.start()
        waiting.join(PATIENCE * 10)
        assert waiting.is_alive()
    waiting.join()


def test_nobody_is_overtaken_in_the_queue(opened: Opened) -> None:
    first, second, third = opened(), opened(), opened()
    order: list[str] = []

    def later(name: str, engine: OpenSearchEngine, reach: Reach) -> threading.Thread:
        def run() -> None:
            with engine.alone(reach, nothing):
                order.append(name)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    with first.alone(part("1.2.1"), nothing):
        threads = [later("everything", second, Reach(everything=True))]
        queued(first, 2)
        threads.append(later("other", third, part("1.2.2", study="2")))
        queued(first, 3)
        assert order == []
    for thread in threads:
        thread.join()
    assert order == ["everything", "other"]


def test_a_writer_that_stands_still_is_succeeded_and_what_it_left_is_mended_before(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = opened(), opened(patience=PATIENCE), opened()
    still(first, monkeypatch)
    mended: list[list[str]] = []

    def mend(series: Collection[str]) -> None:
        assert {hit.key for hit in second.search(Plan()).hits} == {"1.2.1", "1.2.2"}
        mended.append(sorted(series))
        second.put([series_record("1.2.1", Modality="MR")])

    held = first.alone(part("1.2.1", "1.2.2"), nothing)
    held.__enter__()
    first.put([series_record("1.2.1", Modality="CT"), series_record("1.2.2", Modality="CT")])
    first._bulk.flush()
    with second.alone(part("1.2.1"), mend):
        assert mended == [["1.2.1", "1.2.2"]]
        second.put([series_record("1.2.2", Modality="US")])
        second.commit()
    first.put([series_record(f"1.2.{number}", Modality="CT") for number in (1, 2, 3)])  # it was not dead
    first.commit()
    with pytest.raises(SupersededError):
        held.__exit__(None, None, None)
    with third.alone(part("1.2.9"), nothing):
        assert facet(third, "Modality") == [("sCT", 1), ("sMR", 1), ("sUS", 1)]


def test_another_process_of_the_same_folder_need_not_wait_for_the_dead_one(opened: Opened) -> None:
    first, second = opened("folder"), opened("folder")
    mended: list[str] = []
    held = first.alone(part("1.2.1", "1.2.2"), nothing)
    held.__enter__()
    begun = time.monotonic()
    with second.alone(part("1.9"), mended.extend):
        assert mended == ["1.2.1", "1.2.2"]
    assert time.monotonic() - begun < 30
    with pytest.raises(SupersededError):
        held.__exit__(None, None, None)


def test_one_that_dies_while_it_mends_is_succeeded_too(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = opened(), opened(patience=PATIENCE), opened(patience=PATIENCE)
    for engine in (first, second):
        still(engine, monkeypatch)
    held = first.alone(part("1.2.1"), nothing)
    held.__enter__()

    def interrupted(series: Collection[str]) -> None:
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError), second.alone(part("1.2.1"), interrupted):
        pass
    mended: list[str] = []
    with third.alone(part("1.2.1"), mended.extend):
        assert mended == ["1.2.1"]
    with pytest.raises(SupersededError):
        held.__exit__(None, None, None)


def test_what_raises_inside_lets_others_go_on(opened: Opened) -> None:
    first, second = opened(), opened()
    with pytest.raises(RuntimeError), first.alone(part("1.2.1"), nothing):
        raise RuntimeError("of its own")
    with second.alone(part("1.2.1"), nothing):
        pass


def test_what_raises_over_half_an_update_leaves_it_to_be_mended(opened: Opened) -> None:
    first, second, third = opened("folder"), opened(), opened("folder")

    def write(engine: OpenSearchEngine, number: int) -> None:
        engine.put([series_record(f"1.2.{number}")])
        if number == 1:
            engine.commit()
        raise RuntimeError("of its own")

    for number in (1, 2):
        with pytest.raises(RuntimeError), first.alone(part(f"1.2.{number}"), nothing):
            write(first, number)
        if number == 1:
            with second.alone(part("1.2.1"), nothing):
                pass
    mended: list[str] = []
    with third.alone(part("1.2.1"), mended.extend):
        assert mended == ["1.2.2"]


def test_nobody_writes_into_indices_that_another_version_has_succeeded(opened: Opened) -> None:
    first = opened()
    first._leases.close()
    with pytest.raises(LakeError, match="follow it with: dicomlake engine migrate"), first.alone(part("1"), nothing):
        pass
    with pytest.raises(LakeError, match="built anew from another data folder"):
        opened()
    first._leases.close(False)
    with first.alone(part("1"), nothing):
        pass

"""One writer and many readers over one index, in several threads and processes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from dicomlake.engines.base import FacetPlan, Level, Plan, Record, Sort
from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.strategies import COLUMNS, series_record
from dicomlake.errors import LakeBusyError
from dicomlake.query.resolved import Between, Has, Like, Match, Wild
from mappings.normal import number_token, text_token

UNCHANGED = range(0, 400, 2)
"""Series that nobody touches; the odd ones come, go and change."""

WRITER = """
    import sys
    from pathlib import Path
    from dicomlake.engines.embedded.engine import EmbeddedEngine
    from dicomlake.engines.strategies import COLUMNS
    from tests.engines.test_processes import changing

    engine = EmbeddedEngine(Path(sys.argv[1]), COLUMNS, write=True)
    round = 0
    while True:
        changing(engine, round)
        engine.commit()
        print(round, flush=True)
        round += 1
"""


def study_of(number: int) -> str:
    return f"1.{number % 2}.{number // 4}"


def patient_of(number: int) -> str:
    return f"{number % 2}-{number % 21:02}"


def series(number: int, value: int) -> Record:
    """Two a study and some ten a patient, of those that change or of those that do not; every ninth has no value."""
    tokens = {"KVP": (number_token(value),), "SeriesDescription": (text_token(f"Tórax {value}"),)}
    one = series_record(f"1.2.{number:04}", study_of(number), patient_of(number), **tokens)
    return replace(one, tokens={}, words={}, present=frozenset()) if value % 9 == 0 else one


def unchanged(engine: EmbeddedEngine) -> None:
    """What stays as it is."""
    engine.put(series(number, number // 3) for number in UNCHANGED)
    engine.commit()


def changing(engine: EmbeddedEngine, round: int) -> None:
    """Another ten series come, change their place in the order, or go."""
    numbers = [(round * 10 + step) * 7 % 400 | 1 for step in range(10)]
    engine.put(series(number, (number * 31 + round * 17) % 140) for number in numbers)
    engine.delete("series", (f"1.2.{(number + 50) % 400 | 1:04}" for number in numbers[:5]))


@contextmanager
def writing(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that changes the index, commit by commit, until the block ends."""
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(folder)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "0\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    engine = EmbeddedEngine(tmp_path / "index", COLUMNS, write=True)
    unchanged(engine)
    engine.close()
    return tmp_path / "index"


def paged(reader: EmbeddedEngine, plan: Plan) -> tuple[list[str], int]:
    """Keys of all hits, a commit of the other process before every page; and the number of these commits."""
    seen: list[str] = []
    commits = 0
    while True:
        before, until = reader.refresh(), time.monotonic() + 10
        while reader.refresh() == before:
            assert time.monotonic() < until, "the other process has stopped"
            time.sleep(0.001)
        commits += 1
        answer = reader.search(plan)
        seen += [hit.key for hit in answer.hits]
        if answer.after is None:
            return seen, commits
        plan = replace(plan, after=answer.after)


def order(number: int, path: str, descending: bool) -> tuple[bool, tuple[int, ...], int]:
    """Place of an unchanged series: missing last both ways, ties by uid. Texts go by code point."""
    value = number // 3
    if value % 9 == 0:
        return True, (), number
    signs = (value,) if path == "KVP" else tuple(map(ord, f"Tórax {value}".ljust(12, "\0")))
    return False, tuple(-sign for sign in signs) if descending else signs, number


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("path", ["KVP", "SeriesDescription"])
def test_no_unchanged_series_is_skipped_or_repeated_while_another_process_commits(
    folder: Path, path: str, descending: bool
) -> None:
    reader = EmbeddedEngine(folder, COLUMNS)
    own = [f"1.2.{number:04}" for number in sorted(UNCHANGED, key=lambda number: order(number, path, descending))]
    with writing(folder):
        seen, commits = paged(reader, Plan(sort=(Sort(path, descending),), limit=7, totals=False))
    reader.close()
    assert [uid for uid in seen if int(uid[4:]) % 2 == 0] == own
    assert commits > 30


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("level", ["study", "patient"])
def test_no_unchanged_study_or_patient_is_skipped_or_repeated_while_another_process_commits(
    folder: Path, level: Level, descending: bool
) -> None:
    reader = EmbeddedEngine(folder, COLUMNS)
    key = study_of if level == "study" else patient_of
    first: dict[str, tuple[bool, tuple[int, ...], str]] = {}
    for number in UNCHANGED:  # a group stands where the first of its series stands
        *place, _ = order(number, "KVP", descending)
        first[key(number)] = min(first.get(key(number), (True, (), "~")), (*place, key(number)))
    with writing(folder):
        seen, commits = paged(reader, Plan(level, sort=(Sort("KVP", descending),), limit=3, totals=False))
    reader.close()
    assert [group for group in seen if group in first] == sorted(first, key=lambda group: first[group])
    assert commits >= 10


def test_a_second_writer_is_refused_and_a_reader_is_not(folder: Path) -> None:
    engine = EmbeddedEngine(folder, COLUMNS, write=True)
    with pytest.raises(LakeBusyError):
        EmbeddedEngine(folder, COLUMNS, write=True)
    reader = EmbeddedEngine(folder, COLUMNS)
    assert reader.stats().series == len(UNCHANGED)
    engine.close()
    reader.close()


def test_a_reader_sees_a_commit_of_another_process_when_it_looks(folder: Path) -> None:
    reader = EmbeddedEngine(folder, COLUMNS)
    before = reader.refresh()
    with writing(folder):
        assert reader.search(Plan()).generation == before
        assert reader.refresh() != before
        assert reader.stats().series > len(UNCHANGED)
    reader.close()


def test_what_a_killed_writer_had_committed_stays_and_the_next_one_begins_there(folder: Path) -> None:
    with writing(folder) as process:
        assert process.stdout is not None
        last = [int(process.stdout.readline()) for _ in range(5)][-1]
        process.send_signal(signal.SIGKILL)
        process.wait()
        last = max([last, *(int(line) for line in process.stdout.read().splitlines())])
    engine = EmbeddedEngine(folder, COLUMNS, write=True)
    expected = {f"1.2.{number:04}": series(number, number // 3) for number in UNCHANGED}
    reached = []
    for round in range(last + 2):  # the last commit may have become durable without a word
        oracle = _Kept(expected)
        changing(oracle, round)  # type: ignore[arg-type]
        expected = oracle.records
        if round >= last:
            reached.append({uid: one.tokens for uid, one in expected.items()})
    found = {member.uid for member in engine.scan("series")}
    assert found in [set(one) for one in reached]
    at = next(one for one in reached if set(one) == found)
    counts = engine.search(Plan(facets=(FacetPlan("KVP"),), limit=0)).facets[0].counts
    assert sum(one.count for one in counts) == len(at)
    engine.put([series(401, 5)])
    engine.commit()
    assert engine.stats().series == len(at) + 1
    engine.close()


class _Kept:
    """What an index should hold after the same changes."""

    def __init__(self, records: dict[str, Record]) -> None:
        self.records = dict(records)

    def put(self, records: Iterator[Record]) -> None:
        self.records |= {one.uid: one for one in records}

    def delete(self, level: str, uids: Iterator[str]) -> None:
        for uid in uids:
            self.records.pop(uid, None)


def test_searches_in_many_threads_answer_as_one_after_the_other(folder: Path) -> None:
    reader = EmbeddedEngine(folder, COLUMNS)
    plans = [
        Plan(query=query, facets=(FacetPlan(path),), sort=(Sort("KVP", number % 2 == 0),), limit=20)
        for number, path in enumerate(("KVP", "SeriesDescription", "Modality"))
        for query in (
            Has("KVP"),
            Between("KVP", "n", number_token(number), number_token(50)),
            Like("SeriesDescription", (Wild(True), "1", Wild(False))),
            Match("KVP", tuple(number_token(value) for value in range(40))),
        )
    ]
    alone = [reader.search(plan) for plan in plans]
    with ThreadPoolExecutor(6) as pool:
        for _ in range(5):
            assert list(pool.map(reader.search, plans)) == alone
    reader.close()

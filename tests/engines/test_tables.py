"""Tables of a commit on the disk: made by another process, found by whoever opens the index, never taken for others."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dicomlake.engines import base
from dicomlake.engines.base import Engine, FacetPlan, Found, Level, Plan, Sort
from dicomlake.engines.conformance import EngineConformance, EngineFactory, everything
from dicomlake.engines.embedded import search, source, steps, warming
from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.embedded.order import Ordering
from dicomlake.engines.embedded.store import Store
from dicomlake.engines.embedded.tables import NEEDED
from dicomlake.engines.embedded.warming import wanted
from dicomlake.engines.kept import Kept
from dicomlake.engines.oracle import OracleEngine
from dicomlake.engines.strategies import COLUMNS, series_record
from dicomlake.errors import CostError
from dicomlake.query.resolved import Everything, Match
from mappings.normal import number_token

PLANS = (
    Plan("series", sort=(Sort("StudyDate", True),), facets=(FacetPlan("Modality"), FacetPlan("KVP"))),
    Plan("study", sort=(Sort("Modality"),)),
    Plan("patient"),
)


class _FromDisk(EmbeddedEngine):
    """Makes the tables of each commit that it searches, before it answers."""

    def search(self, plan: Plan) -> Found:
        store = self._current.store
        assert store is not None
        self.build(store.commit, wanted([plan, *PLANS]))
        return super().search(replace(plan, fast=True))


class TestEmbeddedFromTablesOnTheDisk(EngineConformance):
    cases = 100

    @pytest.fixture
    def engine(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineFactory:
        monkeypatch.setattr(search, "PREPARED", -1)
        numbers = itertools.count()

        @contextmanager
        def fresh() -> Iterator[Engine]:
            lake = _FromDisk(tmp_path / str(next(numbers)), COLUMNS, write=True)
            yield lake
            lake.close()

        return fresh


def fill(*lakes: Engine, first: int = 0) -> None:
    for lake in lakes:
        lake.add(
            series_record(
                f"1.2.{i}", f"1.{i // 3}", f"P{i % 17}", Modality="CT" if i % 3 else "MR", KVP=(number_token(i % 5),)
            )
            for i in range(first, first + 100)
        )
        lake.commit()


def test_another_process_makes_the_tables_of_every_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "WARMED", 0)
    monkeypatch.setattr(warming, "SETTLED", 0.0)
    oracle, writer = OracleEngine(), EmbeddedEngine(tmp_path, COLUMNS, write=True)
    fill(writer, oracle)
    reader = EmbeddedEngine(tmp_path, COLUMNS)
    reader.prepare(PLANS)
    reader.prepared()
    (first,) = (tmp_path / "tables").iterdir()
    fill(writer, oracle, first=100)
    reader.refresh()
    reader.prepared()
    (second,) = (tmp_path / "tables").iterdir()
    assert first != second
    for name in ("base", "tokens", "in_order", "alone", "key_order"):
        monkeypatch.delattr(source, name)  # whoever would read documents now fails
    for plan in (replace(one, limit=7, query=Match("Modality", ("sCT",))) for one in PLANS):
        assert reader.search(plan).facets == oracle.search(plan).facets
        assert list(everything(reader, plan)) == list(everything(oracle, plan))
    reader.close()
    writer.close()


def test_a_damaged_table_is_made_anew(tmp_path: Path) -> None:
    lake = EmbeddedEngine(tmp_path, COLUMNS, write=True)
    oracle = OracleEngine()
    fill(lake, oracle)
    commit = lake._current.store.commit  # type: ignore[union-attr]
    assert lake.build(commit, wanted(PLANS))
    for number, path in enumerate(sorted((tmp_path / "tables").glob("*/*.table"))):
        content = path.read_bytes()
        path.write_bytes((content[:-1], content[:9], b"", b"\0" * len(content))[number % 4])
    other = EmbeddedEngine(tmp_path, COLUMNS)
    for plan in PLANS:
        assert list(everything(other, replace(plan, limit=9))) == list(everything(oracle, replace(plan, limit=9)))
    other.close()
    lake.close()


def test_tables_of_a_commit_that_is_gone_are_not_made(tmp_path: Path) -> None:
    lake = EmbeddedEngine(tmp_path, COLUMNS, write=True)
    fill(lake)
    before = lake._current.store.commit  # type: ignore[union-attr]
    fill(lake, first=100)
    assert not lake.build(before, wanted(PLANS))
    assert not (tmp_path / "tables").exists()
    lake.close()


def test_a_small_index_has_no_process_beside_it(tmp_path: Path) -> None:
    lake = EmbeddedEngine(tmp_path, COLUMNS, write=True)
    fill(lake)
    lake.prepare(PLANS)
    lake.prepared()
    assert not (tmp_path / "tables").exists()
    lake.close()


def test_a_table_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    store = Store(tmp_path, b"segments")
    arrays = {"one": np.arange(5, dtype=np.uint16), "none": np.zeros(0, np.int32), "two": np.arange(3) + 2**40}
    store.save("name", arrays, {"tokens": ["é", "z"]})
    found = store.load("name")
    assert found is not None
    assert found.more == {"tokens": ["é", "z"]}
    assert {name: array.tolist() for name, array in found.arrays.items()} == {
        name: array.tolist() for name, array in arrays.items()
    }
    assert {name: array.dtype for name, array in found.arrays.items()} == {name: a.dtype for name, a in arrays.items()}
    assert store.load("other") is None
    assert Store(tmp_path, b"others").load("name") is None
    Store(tmp_path, b"others").clean()
    assert store.load("name") is None
    assert found.arrays["two"][2] == 2**40 + 2  # what is mapped stays


def test_more_values_of_one_path_than_tables_have_are_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = EmbeddedEngine(tmp_path, COLUMNS, write=True)
    fill(lake)
    monkeypatch.setattr(source, "MOST_VALUES", 1)
    monkeypatch.setattr(source, "alone", lambda *_: None)
    monkeypatch.setattr(source, "tokens", lambda *_: None)
    assert lake.build(lake._current.store.commit, wanted(PLANS))  # type: ignore[union-attr]
    found = lake.search(replace(PLANS[0], limit=3))
    assert [hit.key for hit in found.hits] == ["1.2.0", "1.2.1", "1.2.10"]
    monkeypatch.setattr(source, "tokens", None)
    assert lake._current.shelves["series"]._ready().knows(PLANS[0].facets[0].path)
    lake.close()


def test_a_level_that_needs_more_bytes_than_it_may_take_has_no_tables_and_the_same_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PREPARED", -1)
    oracle, lake = OracleEngine(), EmbeddedEngine(tmp_path, COLUMNS, write=True, tables=100 * NEEDED - 1)
    fill(lake, oracle)
    for plan in PLANS:
        for _ in range(2):
            assert lake.search(replace(plan, fast=True)).hits == oracle.search(plan).hits
            lake.prepared()
    assert lake._current.shelves["series"].order(Ordering("patient", ())) is None
    lake.close()


def test_two_threads_that_put_the_keys_in_order_at_once_come_to_the_same(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path, COLUMNS, write=True)
    engine.add(series_record(f"1.2.{number}") for number in range(1, 7))
    engine.commit()
    tables = engine._current.shelves["series"]._ready()
    first, second = tables._named("series"), tables._named("series")  # each begins before the other has ended
    assert first is not None
    assert second is not None
    for groups in (first, second):
        keys = [groups.key(document) for document in groups.examples.tolist()]
        assert keys == sorted(keys)
        assert groups.numbers[groups.examples].tolist() == list(range(6))
    engine.close()


def test_what_was_not_used_for_the_longest_time_goes_first() -> None:
    kept: Kept[str, int] = Kept(most=3, size=100)
    for number, key in enumerate("abc"):
        kept.put(key, number, 10)
    assert kept.get("a") == 0
    kept.put("d", 3, 10)
    assert ["b" in kept, "a" in kept, kept.get("b")] == [False, True, None]
    kept.put("a", 4, 95)
    assert [key for key in "abcd" if key in kept] == ["a"]
    kept.put("e", 5, 200)
    assert [kept.get("a"), kept.get("e")] == [None, 5]


def test_a_cursor_of_a_commit_that_is_gone_goes_on_behind_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PREPARED", -1)
    oracle, lake = OracleEngine(), EmbeddedEngine(tmp_path, COLUMNS, write=True)
    fill(lake, oracle)
    levels: tuple[Level, ...] = ("series", "study", "patient")
    for level in levels:
        for sort in ((), (Sort("KVP"),), (Sort("KVP", True), Sort("Modality"))):
            plan = Plan(level, sort=sort, limit=7, fast=True)
            after = lake.search(plan).after
            assert after is not None
            for one in (lake, oracle):
                one.delete("series", [f"1.2.{i}" for i in range(0, 100, 9)])
                one.delete("series", [after[-1]] if level == "series" else [])
                one.put([series_record(f"1.2.5{i}", "1.555", "P16", KVP=(number_token(2.5),)) for i in range(5)])
                one.commit()
            plan = replace(plan, after=after)
            lake.search(plan)
            lake.prepared()
            assert lake._current.shelves["series"].order(Ordering(level, sort)) is not None
            assert list(everything(lake, plan)) == list(everything(oracle, plan))
            whole = replace(plan, limit=1_000)
            for skip in (1, 5, 30, 500):
                place = lake.place(whole, skip)
                assert place == oracle.place(whole, skip)
    lake.close()


def test_hits_are_left_out_of_an_order_however_many_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PREPARED", -1)
    monkeypatch.setattr(base, "WALKED", 10)
    lake = EmbeddedEngine(tmp_path / "lake", COLUMNS, write=True)
    without = EmbeddedEngine(tmp_path / "without", COLUMNS, write=True, tables=0)
    fill(lake, without)
    plan = Plan("study", sort=(Sort("KVP"),), limit=1_000, fast=True)
    place = lake.place(plan, 11)
    assert place is not None
    whole = [hit.key for hit in lake.search(plan).hits]
    assert [hit.key for hit in lake.search(replace(plan, after=place)).hits] == whole[11:]
    assert without.place(plan, 10) == lake.place(plan, 10)
    with pytest.raises(CostError, match="11 hits cannot be left out at once, 10 can"):
        without.place(plan, 11)
    with pytest.raises(CostError, match="10 can"):
        lake.place(replace(plan, level="instance"), 11)
    for one in (lake, without):
        one.close()


def test_a_path_of_very_many_values_a_document_has_no_steps_and_is_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PREPARED", -1)
    monkeypatch.setattr(steps, "MANY", -1)
    oracle, lake = OracleEngine(), EmbeddedEngine(tmp_path, COLUMNS, write=True)
    for one in (oracle, lake):
        one.put(
            series_record(
                f"1.2.{i}", KVP=tuple(number_token(i * 7 % 11 + 100 * j) for j in range(steps.MOST_TOKENS + 1))
            )
            for i in range(30)
        )
        one.commit()
    plan = Plan(sort=(Sort("KVP", True),), limit=9, fast=True)
    far = oracle.place(plan, 20)
    monkeypatch.setattr(base, "WALKED", 10)
    assert lake.place(plan, 10) == oracle.place(plan, 10)
    with pytest.raises(CostError, match="10 can"):
        lake.place(plan, 11)
    assert list(everything(lake, plan)) == list(everything(oracle, plan))
    monkeypatch.setattr(steps, "MOST_TOKENS", steps.MOST_TOKENS + 1)
    other = EmbeddedEngine(tmp_path, COLUMNS)
    assert other.place(plan, 20) == far
    other.close()
    lake.close()


def test_an_order_is_waited_for_where_that_is_quicker_than_to_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = EmbeddedEngine(tmp_path, COLUMNS, write=True)
    fill(lake)
    shelf, by_values = lake._current.shelves["series"], Ordering("series", (Sort("KVP"),))
    assert not shelf.awaited(by_values)
    with monkeypatch.context() as with_many:
        with_many.setattr(steps, "MANY", 4)
        assert shelf.awaited(by_values)
        assert not shelf.awaited(Ordering("series", ()))
    assert lake.build(lake._current.store.commit, wanted(PLANS))  # type: ignore[union-attr]
    assert shelf.awaited(by_values)
    monkeypatch.setattr(lake._current, "warming", lambda: True)
    assert not shelf.awaited(by_values)  # it may be among those that are being made
    monkeypatch.setattr(steps, "MANY", 4)
    assert shelf.awaited(by_values)
    lake.close()


@pytest.mark.parametrize("others", [True, False])
def test_tables_that_another_process_is_making_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: bool
) -> None:
    fill(writer := EmbeddedEngine(tmp_path, COLUMNS, write=True))
    reader = EmbeddedEngine(tmp_path, COLUMNS)
    shelf, looks = reader._current.shelves["series"], []

    def warming() -> bool:
        looks.append(writer.build(writer._current.store.commit, wanted(PLANS)) if others else False)  # type: ignore[union-attr]
        return others

    monkeypatch.setattr(reader._current, "warming", warming)
    found = shelf.matching(Everything(), wait=True)
    assert len(looks) == 1
    assert found is not None
    assert len(found.ids) == 100
    assert shelf.saved.has() is others
    reader.close()
    writer.close()

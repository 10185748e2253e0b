import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from dicomlake.engines.base import Engine, FacetPlan, Found, Plan
from dicomlake.engines.conformance import EngineConformance, EngineFactory
from dicomlake.engines.embedded import fetch, order, rough, search, steps
from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.strategies import COLUMNS, series_record
from dicomlake.query.resolved import Has, Match, Not
from mappings.normal import text_token


def _factory(kind: type[EmbeddedEngine], folder: Path) -> EngineFactory:
    numbers = itertools.count()

    @contextmanager
    def fresh() -> Iterator[Engine]:
        engine = kind(folder / str(next(numbers)), COLUMNS, write=True)
        try:
            yield engine
        finally:
            engine.close()

    return fresh


class TestEmbedded(EngineConformance):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> EngineFactory:
        return _factory(EmbeddedEngine, tmp_path)


class _FromTables(EmbeddedEngine):
    """Answers when everything that an answer can be made of is at hand, as it is for large answers after a while."""

    def search(self, plan: Plan) -> Found:
        for _ in range(2):
            super().search(replace(plan, fast=True))
            self.prepared()
        return super().search(replace(plan, fast=True))


class TestEmbeddedFromTables(EngineConformance):
    cases = 400

    @pytest.fixture
    def engine(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineFactory:
        monkeypatch.setattr(search, "PREPARED", -1)
        monkeypatch.setattr(fetch, "CHUNK", 3)
        monkeypatch.setattr(order, "BLOCK", 2)
        monkeypatch.setattr(order, "FEW", 2)
        return _factory(_FromTables, tmp_path)


class _Waiting(EmbeddedEngine):
    """Answers exactly, and builds what that takes."""

    def search(self, plan: Plan) -> Found:
        return super().search(replace(plan, fast=False))


class TestEmbeddedWaitingForTables(EngineConformance):
    cases = 400

    @pytest.fixture
    def engine(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineFactory:
        monkeypatch.setattr(search, "PREPARED", -1)
        monkeypatch.setattr(search, "EXACT_UP_TO", -1)
        return _factory(_Waiting, tmp_path)


class TestEmbeddedInSteps(EngineConformance):
    """Orders by steps of a few documents, as those by a million values are."""

    cases = 300

    @pytest.fixture(params=[1, 5])
    def engine(self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineFactory:
        monkeypatch.setattr(search, "PREPARED", -1)
        monkeypatch.setattr(search, "WAITED", -1)
        monkeypatch.setattr(steps, "MANY", -1)
        monkeypatch.setattr(steps, "PART", request.param)
        monkeypatch.setattr(steps, "MOST_TOKENS", 1_000)
        monkeypatch.setattr(rough, "BLOCK", 2)
        monkeypatch.setattr(order, "FEW", 2)
        return _factory(EmbeddedEngine, tmp_path)


def test_facets_that_together_have_more_values_than_an_aggregation_holds_are_counted_together(tmp_path: Path) -> None:
    paths = [path for path in COLUMNS if path != "Modality"]
    engine = EmbeddedEngine(tmp_path, COLUMNS, write=True)
    engine.add(
        replace(
            series_record(f"1.2.{i}", Modality="CT"),
            tokens={path: tuple(text_token(f"{i * 500 + j}") for j in range(500)) for path in paths},
        )
        for i in range(100)
    )
    engine.commit()
    plans = tuple(FacetPlan(path, Not(Has("Modality.group"))) for path in paths)
    assert [len(facet.counts) for facet in engine.search(Plan(facets=plans)).facets] == [1_000] * 3
    plans = tuple(replace(plan, query=Not(Match("Modality", ("sMR",)))) for plan in plans)
    assert [facet.more for facet in engine.search(Plan(facets=plans)).facets] == [True] * 3
    engine.close()

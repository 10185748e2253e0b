import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from dicomlake.engines.base import Engine, Found, Plan
from dicomlake.engines.conformance import EngineConformance, EngineFactory
from dicomlake.engines.embedded import EmbeddedEngine, search, tables
from dicomlake.engines.strategies import COLUMNS


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
        monkeypatch.setattr(tables, "CHUNK", 3)
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

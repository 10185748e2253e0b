import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dicomlake.engines.base import Engine
from dicomlake.engines.conformance import EngineConformance, EngineFactory
from dicomlake.engines.embedded import EmbeddedEngine
from dicomlake.engines.strategies import COLUMNS


class TestEmbedded(EngineConformance):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> EngineFactory:
        numbers = itertools.count()

        @contextmanager
        def fresh() -> Iterator[Engine]:
            engine = EmbeddedEngine(tmp_path / str(next(numbers)), COLUMNS, write=True)
            try:
                yield engine
            finally:
                engine.close()

        return fresh

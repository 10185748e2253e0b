"""The brute force that engines are compared with keeps the same promises as they."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dicomlake.engines.base import Engine
from dicomlake.engines.conformance import EngineConformance, EngineFactory
from dicomlake.engines.oracle import OracleEngine


class TestOracle(EngineConformance):
    cases = 5  # it is compared with itself

    @pytest.fixture
    def engine(self) -> EngineFactory:
        @contextmanager
        def fresh() -> Iterator[Engine]:
            yield OracleEngine()

        return fresh

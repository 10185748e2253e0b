import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dicomlake.engines.base import Engine
from dicomlake.engines.conformance import EngineConformance, EngineFactory
from dicomlake.engines.opensearch import OpenSearchEngine, Server, Shape
from dicomlake.engines.strategies import COLUMNS

SERVER = Server((os.environ.get("OPENSEARCH_URL", "http://127.0.0.1:19271"),))

_numbers = itertools.count()


def _factory(shape: Shape) -> EngineFactory:
    @contextmanager
    def fresh() -> Iterator[Engine]:
        engine = OpenSearchEngine(SERVER, f"t{os.getpid()}-{next(_numbers)}", COLUMNS, write=True, shape=shape)
        try:
            yield engine
        finally:
            engine.indices.remove()
            engine.close()

    return fresh


class TestOpenSearch(EngineConformance):
    @pytest.fixture
    def engine(self) -> EngineFactory:
        return _factory(Shape())


class TestOpenSearchOfThreeShards(EngineConformance):
    cases = 200

    @pytest.fixture
    def engine(self) -> EngineFactory:
        return _factory(Shape(shards=3))

"""The conformance of the OpenSearch engine, on a real server."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dicomlake.engines.base import Engine
from dicomlake.engines.conformance import EngineConformance, EngineFactory
from dicomlake.engines.opensearch import OpenSearchEngine, Server, Shape
from dicomlake.engines.strategies import COLUMNS
from tools.opensearch import Server as Running

_numbers = itertools.count()


def factory(running: Running, shape: Shape) -> EngineFactory:
    """Fresh lakes on a server, removed when they are closed."""

    @contextmanager
    def fresh() -> Iterator[Engine]:
        prefix = f"{running.prefix}{next(_numbers)}"
        engine = OpenSearchEngine(Server((running.url,)), prefix, COLUMNS, write=True, shape=shape)
        try:
            yield engine
        finally:
            engine.indices.remove()
            engine.close()

    return fresh


class TestOpenSearch(EngineConformance):
    @pytest.fixture
    def engine(self, opensearch: Running) -> EngineFactory:
        return factory(opensearch, Shape())


class TestOpenSearchOfThreeShards(EngineConformance):
    cases = 200

    @pytest.fixture
    def engine(self, opensearch: Running) -> EngineFactory:
        return factory(opensearch, Shape(shards=3))

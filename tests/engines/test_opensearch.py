"""The conformance of the OpenSearch engine, on a real server."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dicomlake.engines.base import Engine
from dicomlake.engines.conformance import LEVELS, EngineConformance, EngineFactory
from dicomlake.engines.opensearch import joined, ordered, skipping
from dicomlake.engines.opensearch.client import Server
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.engines.opensearch.indices import Shape
from dicomlake.engines.strategies import COLUMNS
from tools.opensearch import Server as Running

FEW = 1_000
"""Documents up to which a lake is emptied for the next test, which is quicker than making another."""

_numbers = itertools.count()


def lakes(running: Running, shape: Shape) -> Iterator[EngineFactory]:
    """Empty lakes on a server: new ones, and earlier ones whose deleted documents lie about. Removed at the end."""
    empty: list[str] = []

    def opened(prefix: str) -> OpenSearchEngine:
        return OpenSearchEngine(Server((running.url,)), prefix, COLUMNS, write=True, shape=shape)

    @contextmanager
    def fresh() -> Iterator[Engine]:
        prefix = empty.pop() if empty else f"{running.prefix}{next(_numbers)}"
        engine = opened(prefix)
        try:
            yield engine
            engine.commit()
            if engine.stats().instances + engine.stats().series <= FEW:
                for level in LEVELS:
                    engine.delete(level, [one.uid for one in engine.scan(level)])
                engine.commit()
                empty.append(prefix)
        finally:
            if prefix in empty:
                engine.close()
            else:
                engine.remove()

    yield fresh
    for prefix in empty:
        opened(prefix).remove()


@pytest.fixture(scope="module")
def one_shard(opensearch: Running) -> Iterator[EngineFactory]:
    yield from lakes(opensearch, Shape())


@pytest.fixture(scope="module")
def three_shards(opensearch: Running) -> Iterator[EngineFactory]:
    yield from lakes(opensearch, Shape(shards=3))


class TestOpenSearch(EngineConformance):
    @pytest.fixture
    def engine(self, one_shard: EngineFactory) -> EngineFactory:
        return one_shard


class TestOpenSearchOfThreeShards(EngineConformance):
    cases = 200

    @pytest.fixture
    def engine(self, three_shards: EngineFactory) -> EngineFactory:
        return three_shards


class TestOpenSearchOfMany(EngineConformance):
    """As many documents are searched: each count by itself, slots a few tokens at a time, hits a few at a time."""

    cases = 200

    @pytest.fixture
    def engine(self, one_shard: EngineFactory, monkeypatch: pytest.MonkeyPatch) -> EngineFactory:
        monkeypatch.setattr(joined, "FEW", 0)
        monkeypatch.setattr(ordered, "SCRIPTED", 3)
        monkeypatch.setattr(ordered, "TOKENS", 2)
        monkeypatch.setattr(skipping, "READ", 3)
        monkeypatch.setattr(skipping, "SAMPLE", 2)
        return one_shard

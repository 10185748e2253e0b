"""Many instance documents on an OpenSearch node: the same ones and the same questions as of the embedded engine
(:mod:`benchmarks.documents`), at a tenth and at the end, then over the index merged into one segment.
"""

import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.documents import PER_COMMIT, QUESTIONS, facet, p95, page, records, timed
from benchmarks.tables import Table, target
from dicomlake.engines.base import Record
from dicomlake.engines.opensearch.client import Server
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.engines.opensearch.indices import Shape
from mappings import schemas
from tools.opensearch import server

FACET = 250.0
"""Milliseconds of the 95th percentile of a facet, at most."""

HEAP = "4g"
"""Of the server: with 1g, what it counted for ten million documents was more than its circuit breaker let through."""

_MERGING = 7_200
"""Seconds that a merge may take."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What was measured in some state of the indices; times in ms."""

    state: str
    documents: int
    seconds: float
    facet: Sequence[float]
    page: Sequence[float]
    size: int


def measure(documents: int, questions: int = QUESTIONS, *, loud: bool = False) -> list[Table]:
    """Load so many instance documents, asking at a tenth of them, at the end, and merged."""

    def say(line: str) -> None:
        if loud:
            print(line, file=sys.stderr, flush=True)

    with (
        tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as home,
        server(Path(home) / "server", say, HEAP) as running,
    ):
        at = Server((running.url,)), f"{running.prefix}large"
        engine = OpenSearchEngine(*at, schemas.embedded_columns(), write=True, shape=Shape())
        try:
            made = records(documents, random.Random(1), engine.encoder)
            reached: list[Reached] = []
            written, seconds = 0, 0.0
            for until in (max(1, documents // 10), documents):
                seconds += _write(engine, islice(made, until - written))
                written = until
                say(f"{written:>12,} documents {written / seconds:>8,.0f}/s")
                reached.append(_reached("as loaded", engine, at, written, seconds, questions))
            seconds = _merge(engine)
            say(f"merged in {seconds:,.0f} s")
            reached.append(_reached("merged", engine, at, written, seconds, questions))
        finally:
            engine.remove()
        return [_table(reached, running.way)]


def _write(engine: OpenSearchEngine, made: Iterator[Record]) -> float:
    """The seconds that it took to make and load them, commits included."""
    started = time.perf_counter()
    while batch := list(islice(made, PER_COMMIT)):
        engine.add(batch)
        engine.commit()
    return time.perf_counter() - started


def _merge(engine: OpenSearchEngine) -> float:
    """The seconds that it took to make the index one segment and to open that."""
    started = time.perf_counter()
    path = f"/{engine.indices.name('instances')}/_forcemerge"
    engine.indices.client.call("POST", path, max_num_segments=1, request_timeout=_MERGING)
    engine.put([Record("instance", "1", "1", "1", "P")])  # a commit is only of what changed
    engine.delete("instance", ["1"])
    engine.commit()
    return time.perf_counter() - started


def _reached(
    state: str, engine: OpenSearchEngine, at: tuple[Server, str], documents: int, seconds: float, questions: int
) -> Reached:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as asking:
        facets, pages = asking.submit(_ask, *at, questions).result()
    return Reached(state, documents, seconds, facets, pages, engine.stats().size)


def _ask(at: Server, prefix: str, questions: int) -> tuple[list[float], list[float]]:
    """What facets and a quarter as many pages take, in a process of its own that has asked others before."""
    engine = OpenSearchEngine(at, prefix, schemas.embedded_columns())
    chance = random.Random(2)
    for _ in range(questions // 4):
        engine.search(page(chance))
    facets = [timed(engine, facet(chance)) for _ in range(questions)]
    pages = [timed(engine, page(chance)) for _ in range(questions // 4)]
    engine.close()
    return facets, pages


def _table(reached: Sequence[Reached], way: str) -> Table:
    *loaded, merged = reached
    times = ("facet ms", "95th", "page ms", "95th")
    return Table(
        f"{merged.documents:,} instance documents, one shard, {HEAP} of heap, {way}",
        ("state", "documents", "s", "documents/s", *times, "bytes/doc"),
        [
            (
                one.state,
                one.documents,
                one.seconds,
                None if one is merged else one.documents / one.seconds,
                statistics.median(one.facet),
                p95(one.facet),
                statistics.median(one.page),
                p95(one.page),
                one.size / one.documents,
            )
            for one in reached
        ],
        [
            target("95th percentile ms of a facet, as loaded", p95(loaded[-1].facet), FACET, most=True),
            target("95th percentile ms of a facet, merged", p95(merged.facet), FACET, most=True),
        ],
    )

"""The OpenSearch engine here: loading beside prebuilt bodies, bytes of a document, searches beside the calls they make.

``python -m benchmarks.opensearch [--documents N] [--questions N]`` takes the server of ``OPENSEARCH_URL``, else one in
Docker or from the jars, and leaves nothing there. Instances have 160 attributes: a third are columns, most belong to
the whole series, the rest vary; 600 paths have no column.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.tables import Table, target
from dicomlake.engines.base import Encoder, FacetPlan, Plan, Record
from dicomlake.engines.opensearch.bulk import ANSWER, BODY, CONNECTIONS, Operation, body_of
from dicomlake.engines.opensearch.client import Client, Server
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.engines.opensearch.indices import Shape
from dicomlake.engines.opensearch.schema import document, parts_of
from dicomlake.query.resolved import All, Match
from mappings import schemas
from mappings.normal import number_token, text_token, words
from tools.opensearch import server

ATTRIBUTES = 160
VARYING = 40
OTHERS = 600
SERIES = 60
TEXTS = ("SeriesDescription", "StudyDescription", "ProtocolName")


def records(number: int, chance: random.Random, encoder: Encoder) -> Iterator[Record]:
    """So many instances, in series of :data:`SERIES`: what a series has in common is encoded once."""
    columns = [path for path in schemas.embedded_columns() if path not in TEXTS]
    others = [f'(0029,"MAKER {place % 40}",{place % 250:02X})' for place in range(OTHERS // 2)]
    others += [f"Sequence{place % 30}.Attribute{place}" for place in range(OTHERS // 2)]
    for start in range(0, number, SERIES):
        series = f"1.2.826.0.1.3680043.8.498.{start:012}"
        study, patient = f"1.2.826.0.1.3680043.8.498.1.{start // 240:012}", f"issuer:P{start // 480:08}"
        common = chance.sample(columns, 50) + chance.sample(others, ATTRIBUTES - VARYING - 50)
        tokens = {path: (_token(path, chance),) for path in common}
        texts = {path: f"T1 axial {int(1_000 * chance.random() ** 4)} contrast" for path in TEXTS}
        tokens |= {path: (text_token(text),) for path, text in texts.items()}
        runs = {path: (tuple(words(text)),) for path, text in texts.items()}
        shared = encoder.encode(tokens, runs, list(tokens))
        varying = [path for path in columns[:12] + others[:60] if path not in tokens][:VARYING]
        for place in range(start, min(start + SERIES, number)):
            own = {path: (_token(path, chance),) for path in varying}
            part = encoder.encode(own, {}, list(own))
            uid = f"{series}.{place}"
            yield Record("instance", uid, series, study, patient, 1, 524_288, encoded=(shared, part), shown=b"{}")


def _token(path: str, chance: random.Random) -> str:
    """A value of one of a few or of a few thousand, as uneven as in the archives."""
    count = 10 ** (1 + sum(path.encode()) % 4)
    place = int(count * chance.random() ** 4)
    return number_token(place / 4) if sum(path.encode()) % 3 else text_token(f"Value {place} of {path[:12]}")


@dataclass(slots=True)
class Asked:
    """Milliseconds of each search, and of the calls that it made."""

    whole: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)

    def parts(self) -> dict[str, list[float]]:
        """By what they were spent on."""
        besides = [whole - calls for whole, calls in zip(self.whole, self.calls, strict=True)]
        return {"whole": self.whole, "calls": self.calls, "besides": besides}


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


STATISTICS = 11
"""Seconds after which the server has counted its bytes anew."""

ROUND = 10_000
"""Documents that are loaded one way, then the other."""


@dataclass(slots=True)
class Loaded:
    """What one way of loading took: seconds, of the clock and of processors; the rate of each round."""

    seconds: float = 0.0
    own: float = 0.0
    server: float = 0.0
    rates: list[float] = field(default_factory=list)

    @contextmanager
    def timed(self, client: Client, documents: int) -> Iterator[None]:
        """One round of so many documents."""
        server, own, begun = _server_seconds(client), time.process_time(), time.perf_counter()
        yield
        seconds = time.perf_counter() - begun
        self.own += time.process_time() - own
        self.server += _server_seconds(client) - server
        self.seconds += seconds
        self.rates.append(documents / seconds)

    def row(self, name: str, documents: int) -> tuple[str | float, ...]:
        """Documents a second, of all and in the slowest and the fastest round; processor seconds of 1,000."""
        part = documents / 1_000
        rates = (documents / self.seconds, min(self.rates), max(self.rates))
        return name, *rates, self.own / part, self.server / part


def _server_seconds(client: Client) -> float:
    """Processor seconds of all nodes so far, whatever they work on."""
    answer = client.call("GET", "/_nodes/stats/process", filter_path="nodes.*.process.cpu.total_in_millis")
    milliseconds: list[int] = [node["process"]["cpu"]["total_in_millis"] for node in answer["nodes"].values()]
    return sum(milliseconds) / 1_000


def loading(url: str, prefix: str, documents: int) -> tuple[OpenSearchEngine, Loaded, Loaded, float]:
    """Load documents by the engine, and the same bodies as they are, in turns; gives the engine, what both took, and
    the bytes of a document."""
    columns = schemas.embedded_columns()
    engine, floor = (
        OpenSearchEngine(Server((url,)), f"{prefix}{name}", columns, write=True, shape=Shape())
        for name in ("own", "raw")
    )
    made = records(documents, random.Random(7), engine.encoder)
    own, raw = Loaded(), Loaded()

    def by_the_engine(part: Sequence[Record]) -> None:
        with own.timed(engine._client, len(part)):
            engine.add(part)
            engine._writing.flush()

    def as_they_are(part: Sequence[Record]) -> None:
        bodies = _bodies(floor, part)
        with raw.timed(floor._client, len(part)), ThreadPoolExecutor(CONNECTIONS) as threads:
            list(threads.map(partial(_post, floor), bodies))

    ways = [as_they_are, by_the_engine]
    while part := list(islice(made, ROUND)):
        for way in ways:
            way(part)
        ways.reverse()  # what a server puts off falls to whoever comes next
    engine.commit()
    floor.remove()
    alias = engine.indices.name("instances")
    engine._client.call("POST", f"/{alias}/_forcemerge", max_num_segments=1, request_timeout=600)
    engine._touched.add("instances")
    engine.commit()  # lets go of what was before the merge
    engine._client.call("POST", f"/{alias}/_flush")
    time.sleep(STATISTICS)
    size = engine.stats().size / documents
    return engine, own, raw, size


def _bodies(floor: OpenSearchEngine, part: Sequence[Record]) -> list[bytes]:
    """The same documents as the engine would send them, made before the clock runs."""
    found: list[bytes] = []
    operations: list[Operation] = []
    size = 0
    for record in part:
        header = floor._header("index", "instances", record.uid)
        text = document(record, parts_of(record, floor._encoder))
        operations.append((header, text, "instance", record.uid))
        size += len(header) + len(text)
        if size > BODY or record is part[-1]:
            found.append(body_of(operations))
            operations, size = [], 0
    return found


def _post(floor: OpenSearchEngine, body: bytes) -> None:
    answer = floor._client.call("POST", "/_bulk", body, filter_path=ANSWER)
    assert not answer["errors"]


def searching(engine: OpenSearchEngine, number: int) -> Asked:
    """Distinct searches with eight facets, fifty hits and totals: each as a whole, and the calls that it makes."""
    chance = random.Random(11)
    columns = [path for path in schemas.embedded_columns() if path not in TEXTS]
    client = engine._client
    call = client.call
    spent: list[float] = []

    def timed(*arguments: Any, **more: Any) -> Any:
        begun = time.perf_counter()
        try:
            return call(*arguments, **more)
        finally:
            spent.append((time.perf_counter() - begun) * 1_000)

    client.call = timed  # type: ignore[method-assign]
    asked = Asked()
    for _ in range(number):
        conditions = tuple(
            Match(path, (_token(path, chance),)) for path in chance.sample(columns, chance.choice((0, 1, 1, 2)))
        )
        facets = tuple(FacetPlan(path, All(conditions)) for path in chance.sample(columns, 8))
        spent.clear()
        begun = time.perf_counter()
        engine.search(Plan("instance", All(conditions), facets, fast=True))
        asked.whole.append((time.perf_counter() - begun) * 1_000)
        asked.calls.append(sum(spent))
    client.call = call  # type: ignore[method-assign]
    return asked


def measure(url: str, prefix: str, documents: int, questions: int) -> list[Table]:
    """Load, then ask."""
    engine, own, raw, size = loading(url, prefix, documents)
    try:
        asked = searching(engine, questions)
    finally:
        engine.remove()
    return [
        Table(
            f"Loading {documents:,} instances of {ATTRIBUTES} attributes into OpenSearch",
            ("way", "documents/s", "slowest", "fastest", "own CPU s/1,000", "server CPU s/1,000"),
            [own.row("the engine", documents), raw.row("prebuilt bodies, the same connections", documents)],
            [
                target("of prebuilt bodies", raw.seconds / own.seconds, 0.9),
                target("documents/s", documents / own.seconds, 5_000),
                target("bytes a document", size, 1_024, most=True),
                f"{os.cpu_count()} processors for both; rounds of {ROUND:,} documents in turns; load of the machine at "
                f"the end: {os.getloadavg()[0]:.1f}",
            ],
        ),
        Table(
            f"{questions} searches of instances with 8 facets, 50 hits and totals",
            ("part", "median ms", "95th percentile ms"),
            [(name, statistics.median(times), _p95(times)) for name, times in asked.parts().items()],
            [target("median ms besides the calls", statistics.median(asked.parts()["besides"]), 15, most=True)],
        ),
    ]


def main() -> None:
    """Measure, print, and leave with 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.opensearch", description=__doc__)
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--questions", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder) / "server") as running:
        tables = measure(running.url, running.prefix, options.documents, options.questions)
    for table in tables:
        print(table.text())


if __name__ == "__main__":
    main()

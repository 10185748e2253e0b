"""The OpenSearch engine on this machine: loading beside prebuilt bodies, bytes a document, searches beside their calls.

``python -m benchmarks.opensearch [--documents N] [--json]`` takes the server of ``OPENSEARCH_URL``, else one in Docker
or from the jars, and leaves nothing there. Instances have 160 attributes: a third are columns, most belong to the whole
series, the rest vary; 600 paths have no column.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

from dicomlake.engines.base import Encoder, Record
from dicomlake.engines.opensearch import OpenSearchEngine, Server, Shape
from dicomlake.engines.opensearch.bulk import ANSWER, BODY, CONNECTIONS, Operation, body_of
from dicomlake.engines.opensearch.schema import document, parts_of
from mappings import schemas
from mappings.normal import number_token, text_token, words
from tools.opensearch import server

ATTRIBUTES = 160
VARYING = 40
OPEN = 600
SERIES = 60
TEXTS = ("SeriesDescription", "StudyDescription", "ProtocolName")


def records(number: int, chance: random.Random, encoder: Encoder) -> Iterator[Record]:
    """So many instances, in series of :data:`SERIES`: what a series has in common is encoded once."""
    columns = [path for path in schemas.embedded_columns() if path not in TEXTS]
    others = [f'(0029,"MAKER {place % 40}",{place % 250:02X})' for place in range(OPEN // 2)]
    others += [f"Sequence{place % 30}.Attribute{place}" for place in range(OPEN // 2)]
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


ROUND = 10_000
"""Documents that are loaded one way, then the other."""


def loading(url: str, prefix: str, documents: int) -> tuple[OpenSearchEngine, dict[str, float]]:
    """Load documents by the engine, and the same bodies as they are; gives the engine and the figures."""
    columns = schemas.embedded_columns()
    engine, floor = (
        OpenSearchEngine(Server((url,)), f"{prefix}{name}", columns, write=True, shape=Shape())
        for name in ("own", "raw")
    )
    made = records(documents, random.Random(7), engine.encoder)
    spent = {"own": 0.0, "raw": 0.0}
    while part := list(islice(made, ROUND)):
        bodies = _bodies(floor, part)
        begun = time.perf_counter()
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            list(threads.map(partial(_post, floor), bodies))
        spent["raw"] += time.perf_counter() - begun
        begun = time.perf_counter()
        engine.add(part)
        engine._writing.flush()
        spent["own"] += time.perf_counter() - begun
    engine.commit()
    floor.indices.remove()
    floor.close()
    alias = engine.indices.alias("instances")
    engine._client.call("POST", f"/{alias}/_forcemerge", max_num_segments=1, request_timeout=600)
    engine._client.call("POST", f"/{alias}/_flush")
    size = engine.stats().size / documents
    return engine, {name: documents / seconds for name, seconds in spent.items()} | {"bytes": size}


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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.opensearch", description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder) / "server") as running:
        engine, figures = loading(running.url, running.prefix, options.documents)
        print(figures)
        engine.indices.remove()
        engine.close()


if __name__ == "__main__":
    main()

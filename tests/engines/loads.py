"""A load that things happen to, and everything that is in the indices after it, to compare."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from dicomlake.engines.base import Record
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.engines.opensearch.indices import KINDS
from dicomlake.engines.reach import Reach
from dicomlake.engines.strategies import record, series_record
from dicomlake.errors import SupersededError
from mappings.normal import number_token, text_token

SERIES, INSTANCES, BATCH, BATCHES_A_COMMIT = 300, 30, 500, 6

Disturbance = Callable[[int], None]
"""What happens before the batch of a number, while those before it are on their way."""


def batches() -> Iterator[list[Record]]:
    """Series and their instances; then some of them again with other values, as a second visit brings them."""
    waiting: list[Record] = []
    for one in (*_documents(range(SERIES), "CT"), *_documents(range(0, SERIES, 7), "MR")):
        waiting.append(one)
        if len(waiting) == BATCH:
            yield waiting
            waiting = []
    yield waiting


def _documents(numbers: Sequence[int], modality: str) -> Iterator[Record]:
    for n in numbers:
        uid, study, patient = f"1.2.{n}", f"1.{n // 3}", f"P{n // 9}"
        series = series_record(uid, study, patient, Modality=modality, SeriesDescription=f"low dose {n % 40}")
        yield replace(series, instances=INSTANCES, shown=f"{uid} {modality} ".encode() * 20)
        for i in range(INSTANCES):
            tokens = {
                "Modality": (text_token(modality),),
                "KVP": (number_token(n + i / 100),),
                f'(0029,"MAKER {n % 50}",10)': (text_token("ä" * i),),
            }
            yield replace(record("instance", f"{uid}.{i}", uid, study, patient, tokens), shown=b"x" * 300)


def load(engine: OpenSearchEngine, disturb: Disturbance = lambda number: None) -> None:
    """Put everything, with deletions on the way and a commit every few batches, each alone over its series."""
    numbered = list(enumerate(batches()))
    for start in range(0, len(numbered), BATCHES_A_COMMIT):
        part = numbered[start : start + BATCHES_A_COMMIT]
        disturbing = iter(part)

        def put(part: Sequence[tuple[int, list[Record]]] = part, disturbing: Iterator[Any] = disturbing) -> None:
            for _, batch in part:
                for number, _ in itertools.islice(disturbing, 1):
                    disturb(number)
                engine.put(batch)

        _alone(engine, {one.series for _, batch in part for one in batch}, put)

    def delete() -> None:
        engine.delete("series", [f"1.2.{n}" for n in range(5)])
        engine.delete("instance", [f"1.2.{n}.{i}" for n in range(5) for i in range(INSTANCES)])

    _alone(engine, {f"1.2.{n}" for n in range(5)}, delete)


def _alone(engine: OpenSearchEngine, series: set[str], write: Callable[[], None]) -> None:
    """Write and commit; once more when nobody knows whether the lease had been kept, since an answer got lost."""
    while True:
        try:
            with engine.alone(Reach(frozenset(series)), lambda left: None):
                write()
                engine.commit()
            return
        except SupersededError:
            continue


def content(engine: OpenSearchEngine) -> dict[str, Any]:
    """Every document of every index with all that the server has of it, and the paths that each level has."""
    engine.refresh()
    found: dict[str, Any] = {}
    for kind in KINDS:
        for hit in _hits(engine, engine.indices.name(kind)):
            found.setdefault(f"{kind} {hit['_id']}", {}).update(hit.get("fields", {}), **hit.get("_source", {}))
    return found | {"present": [engine.present("series"), engine.present("instance")]}


def _hits(engine: OpenSearchEngine, index: str) -> Iterator[dict[str, Any]]:
    """Documents as the server has them: what is kept with them and the values that it sorts and counts by; each as
    often as there are hundreds of such fields, which is what the server gives at once."""
    (mapping,) = engine._client.call("GET", f"/{index}/_mapping").values()
    fields = {name: field for name, field in mapping["mappings"]["properties"].items() if field.get("doc_values", True)}
    pit = engine._client.call("POST", f"/{index}/_search/point_in_time", keep_alive="1m")["pit_id"]
    names = [name for name, field in fields.items() if field["type"] in ("keyword", "long")]
    for start in range(0, max(1, len(names)), 100):
        body: dict[str, Any] = {
            "size": 5_000,
            "pit": {"id": pit, "keep_alive": "1m"},
            "sort": ["_shard_doc"],
            "stored_fields": ["shown", "_source"],
            "docvalue_fields": names[start : start + 100],
        }
        while hits := engine._client.call("POST", "/_search", body)["hits"]["hits"]:
            yield from hits
            body["search_after"] = hits[-1]["sort"]
    engine._client.call("DELETE", "/_search/point_in_time", {"pit_id": [pit]})

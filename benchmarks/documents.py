"""Many instance documents, straight into the engine: facets, whole pages, bytes and memory at a tenth and at the end.

The documents are made up, of the shape that the indexer makes: what the instances of a series have in common encoded
once, about thirty columns, and private and nested paths besides. Values are as uneven as in the public archives: the
first of ``n`` is so many times as frequent as the second as Zipf says.
"""

import multiprocessing
import os
import random
import statistics
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, islice
from pathlib import Path

from benchmarks import lakes
from benchmarks.processes import folder_size, memory
from benchmarks.tables import Table, target
from dicomlake.engines.base import Encoder, Engine, FacetPlan, Plan, Record
from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.lake import Lake
from dicomlake.query.resolved import All, Between, Everything, Match, Resolved
from dicomlake.search import warm
from mappings.normal import moment_token, number_token, text_token

OF_STUDY = {"PatientSex": 3, "PatientAge": 90, "StudyDescription": 5_000, "InstitutionName": 200, "StudyDate": 8_000}
"""Columns that a study has one value of, and how many there are."""

OF_SERIES = {
    "Modality": 25,
    "Manufacturer": 130,
    "Manufacturer.canonical": 80,
    "ManufacturerModelName": 440,
    "BodyPartExamined": 150,
    "SOPClassUID": 40,
    "PhotometricInterpretation": 8,
    "SeriesDescription": 20_000,
    "ProtocolName": 3_000,
    "StationName": 500,
    "SoftwareVersions": 300,
    "PatientPosition": 8,
    "ScanOptions": 60,
    "ConvolutionKernel": 120,
    "ImageType": 40,
    "Rows": 30,
    "Columns": 30,
    "BitsStored": 5,
    "SliceThickness": 60,
    "PixelSpacing": 900,
    "KVP": 12,
    "source": 4,
}
OF_INSTANCE = {"ExposureTime": 300, "XRayTubeCurrent": 500, "AcquisitionTime": 5_000, "EchoTime": 40}
NUMBERS = frozenset(
    {"Rows", "Columns", "BitsStored", "SliceThickness", "PixelSpacing", "KVP", "ExposureTime", "XRayTubeCurrent"}
    | {"EchoTime"}
)
OPEN = (
    "InstanceNumber",
    "SliceLocation",
    "ImagePositionPatient",
    '(0029,"SIEMENS CSA HEADER",10)',
    "RequestAttributesSequence.RequestedProcedureID",
)
"""Paths without a column, varying from instance to instance but for the last, which belongs to a study."""

INSTANCES, SERIES = 60, 4
"""Instances of a series and series of a study, on average."""

QUESTIONS = 200
PER_COMMIT = 100_000


@dataclass(frozen=True, slots=True)
class Reached:
    """What was measured at some size; times in ms."""

    documents: int
    seconds: float
    facet: Sequence[float]
    page: Sequence[float]
    size: int
    tables: int
    own: int
    files: int


def measure(documents: int) -> list[Table]:
    """Write so many instance documents, asking at a tenth of them and at the end."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as home:
        lake = Path(home) / "lake"
        with Lake.open_for_writing(lake) as opened:
            made = records(documents, random.Random(1), opened.engine.encoder)
        reached: list[Reached] = []
        written, seconds = 0, 0.0
        for until in (max(1, documents // 10), documents):
            seconds += _write(lake, islice(made, until - written))
            written = until
            with ProcessPoolExecutor(1, spawn) as asking:
                reached.append(asking.submit(_ask, lake, until, seconds).result())
        return [_table(reached)]


def records(number: int, chance: random.Random, encoder: Encoder) -> Iterator[Record]:
    """So many instance documents, series by series."""
    made = study = series = 0
    while made < number:
        study += 1
        patient = f"P{study * 2 // 3}"
        of_study = {path: _value(path, count, chance) for path, count in OF_STUDY.items()} | {
            OPEN[-1]: text_token(f"RP{study}")
        }
        for _ in range(chance.randint(1, 2 * SERIES - 1)):
            series += 1
            values = of_study | {path: _value(path, count, chance) for path, count in OF_SERIES.items()}
            common = _encoded(encoder, {path: value for path, value in values.items() if value})
            for place in range(min(chance.randint(1, 2 * INSTANCES - 1), number - made)):
                made += 1
                own = {path: _value(path, count, chance) for path, count in OF_INSTANCE.items()}
                varying = (number_token(place + 1), number_token(place * 1.25), number_token(-place / 7))
                own |= dict(zip(OPEN, (*varying, text_token(f"CSA {made % 977}")), strict=False))
                yield Record(
                    "instance",
                    f"1.2.826.1.{series}.{place}",
                    f"1.2.826.1.{series}",
                    f"1.2.826.2.{study}",
                    patient,
                    size=526_000,
                    encoded=(common, _encoded(encoder, {path: value for path, value in own.items() if value})),
                )


def _encoded(encoder: Encoder, values: dict[str, str]) -> tuple[str, ...]:
    return encoder.encode({path: (token,) for path, token in values.items()}, {}, tuple(values))


def _value(path: str, count: int, chance: random.Random) -> str:
    """A token; of some paths a fifth is missing."""
    if path in _GAPS and chance.random() < 0.2:
        return ""
    return _token(path, bisect_left(_frequencies(count), chance.random()))


_GAPS = frozenset({"BodyPartExamined", "ProtocolName", "ConvolutionKernel", "KVP", "ScanOptions", "EchoTime"})


@cache
def _frequencies(count: int) -> list[float]:
    shares = [1 / (place + 1) for place in range(count)]
    whole = sum(shares)
    return [share / whole for share in accumulate(shares)][:-1]


@cache
def _token(path: str, place: int) -> str:
    if path in NUMBERS:
        return number_token(place * 1.25)
    if path == "StudyDate":
        return moment_token("d", (place + 7_000) * 86_400_000_000)
    return text_token(f"{path} {place}")


def _write(lake: Path, made: Iterator[Record]) -> float:
    """The seconds that it took to make and write them, commits and merges included."""
    started = time.perf_counter()
    waiting = 0
    with Lake.open_for_writing(lake) as opened:
        while batch := list(islice(made, 1_000)):
            opened.engine.add(batch)
            waiting += len(batch)
            if waiting >= PER_COMMIT:
                opened.engine.commit()
                waiting = 0
        opened.engine.commit()
        lakes.settle()
    return time.perf_counter() - started


def _ask(lake: Path, documents: int, seconds: float) -> Reached:
    """What questions take, in a process of their own that has asked others before."""
    size = folder_size(lake)
    with Lake.open(lake) as opened:
        assert isinstance(opened.engine, EmbeddedEngine)
        opened.engine.prepare(warm.plans())  # as a service does
        opened.engine.prepared()
        chance = random.Random(2)
        for _ in range(QUESTIONS // 4):
            opened.engine.search(page(chance))
        facets = [timed(opened.engine, facet(chance)) for _ in range(QUESTIONS)]
        pages = [timed(opened.engine, page(chance)) for _ in range(QUESTIONS // 4)]
    used = memory(os.getpid())
    return Reached(documents, seconds, facets, pages, size, folder_size(lake) - size, used.own, used.files)


def timed(engine: Engine, plan: Plan) -> float:
    """Milliseconds of a search."""
    started = time.perf_counter()
    engine.search(plan)
    return (time.perf_counter() - started) * 1_000


def facet(chance: random.Random) -> Plan:
    """One facet of a random question."""
    query = _question(chance)
    path = chance.choice([*OF_STUDY, *OF_SERIES, *OF_INSTANCE])
    return Plan("instance", query, (FacetPlan(path, query, 100),), limit=0, totals=False)


def page(chance: random.Random) -> Plan:
    """What the page asks for: eight facets, hits and totals."""
    query = _question(chance)
    facets = (FacetPlan(path, query, 100) for path in chance.sample([*OF_SERIES, *OF_INSTANCE], 8))
    return Plan("instance", query, tuple(facets), fast=True)


def _question(chance: random.Random) -> Resolved:
    """Up to two conditions on values as frequent as they come, one in eight a range of dates."""
    conditions: list[Resolved] = []
    for _ in range(chance.choice((0, 1, 1, 2))):
        if chance.random() < 0.125:
            low, high = sorted(chance.sample(range(8_000), 2))
            conditions.append(Between("StudyDate", "d", _token("StudyDate", low), _token("StudyDate", high)))
        else:
            path, count = chance.choice([*OF_SERIES.items(), *OF_INSTANCE.items()])
            if token := _value(path, count, chance):
                conditions.append(Match(path, (token,)))
    return All(tuple(conditions)) if conditions else Everything()


def _table(reached: Sequence[Reached]) -> Table:
    first, last = reached[0], reached[-1]
    tenfold = last.documents / first.documents
    rows = [
        (
            one.documents,
            one.documents / one.seconds,
            statistics.median(one.facet),
            p95(one.facet),
            statistics.median(one.page),
            p95(one.page),
            one.size / one.documents,
            one.tables / one.documents,
            one.own / 1e6,
            one.files / 1e6,
        )
        for one in reached
    ]
    times = ("facet ms", "95th", "page ms", "95th")
    columns = ("documents", "documents/s", *times, "bytes/doc", "tables bytes/doc", "own MB", "of files MB")
    return Table(
        f"{last.documents:,} instance documents, {len(OF_STUDY) + len(OF_SERIES) + len(OF_INSTANCE)} columns",
        columns,
        rows,
        [
            target("95th percentile ms of a facet", p95(last.facet), 100, most=True),
            target("95th percentile ms of a page", p95(last.page), 100, most=True),
            target(
                f"95th percentile of a facet, {last.documents:,} to {first.documents:,} documents",
                p95(last.facet) / p95(first.facet),
                tenfold,
                most=True,
            ),
        ],
    )


def p95(times: Sequence[float]) -> float:
    """What 95 of 100 do not exceed."""
    return statistics.quantiles(times, n=20)[-1]

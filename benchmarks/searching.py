"""Searches in process, as the service answers them, over the sample archive."""

import json
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.processes import DICOMLAKE, run
from benchmarks.tables import Table
from dicomlake.lake import Lake
from dicomlake.search import Searcher
from dicomlake.search.request import SearchRequest

ROUNDS = 50
SEARCHES = {
    "everything, four facets": SearchRequest(
        facets=("Modality", "BodyPartExamined", "Manufacturer.canonical", "ManufacturerModelName")
    ),
    "thin CT, sorted by date": SearchRequest(q="Modality:CT AND SliceThickness:[0 TO 1.5]", sort=("-StudyDate",)),
    "wildcard": SearchRequest(q="ManufacturerModelName:S*"),
    "instances of a modality": SearchRequest(q="Modality:MR", level="instance", facets=("SeriesDescription",)),
}


def measure(patients: int) -> list[Table]:
    """Latencies over the sample archive of so many patients."""
    with tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as home:
        archive, data = Path(home) / "archive", Path(home) / "lake"
        run([*DICOMLAKE, "sample", archive, "--patients", str(patients), "--seed", "1"])
        # 3: done, with quarantined files; the sample has some.
        indexed = run([*DICOMLAKE, "index", archive, "--data", data, "--json", "--quiet"], accepted=(0, 3))
        summary = json.loads(indexed.output.splitlines()[-1])
        with Lake.open(data) as lake:
            rows = [(name, *latencies(Searcher(lake), request)) for name, request in SEARCHES.items()]
    title = f"Searching {summary['instances']:,} instances of the sample archive in {summary['series']:,} series"
    return [Table(title, ("search", "median ms", "95th percentile ms"), rows)]


def latencies(searcher: Searcher, request: SearchRequest) -> tuple[float, float]:
    """Median and 95th percentile in ms over :data:`ROUNDS` runs, after one that warms up."""
    searcher.run(request)
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        searcher.run(request)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]

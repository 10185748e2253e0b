"""Measure this machine: reading headers beside pydicom, writing the sample archive, indexing it, searching it.

``python -m benchmarks [--patients N] [--json]``. Commands are timed as a person would call them, with the start of
Python in it; searches in process, as the service answers them. Nothing is kept.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import reader
from dicomlake.lake import Lake
from dicomlake.search import Searcher
from dicomlake.search.request import SearchRequest

COMMAND = (sys.executable, "-m", "dicomlake")
ROUNDS = 50
SEARCHES = {
    "everything, four facets": SearchRequest(
        facets=("Modality", "BodyPartExamined", "Manufacturer.canonical", "ManufacturerModelName")
    ),
    "thin CT, sorted by date": SearchRequest(q="Modality:CT AND SliceThickness:[0 TO 1.5]", sort=("-StudyDate",)),
    "wildcard": SearchRequest(q="ManufacturerModelName:S*"),
    "instances of a modality": SearchRequest(q="Modality:MR", level="instance", facets=("SeriesDescription",)),
}


def timed(*arguments: str | Path) -> tuple[float, str]:
    """Seconds and standard output of one dicomlake command; 3, done with quarantined files, is done too."""
    started = time.perf_counter()
    command = [*COMMAND, *(str(argument) for argument in arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode not in {0, 3}:
        raise SystemExit(result.stderr.strip() or f"{' '.join(command)} left with {result.returncode}")
    return time.perf_counter() - started, result.stdout


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def latencies(searcher: Searcher, request: SearchRequest) -> dict[str, float]:
    """Median and 95th percentile in ms over :data:`ROUNDS` runs, after one that warms up."""
    searcher.run(request)
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        searcher.run(request)
        times.append((time.perf_counter() - started) * 1000)
    return {"p50_ms": round(statistics.median(times), 2), "p95_ms": round(statistics.quantiles(times, n=20)[-1], 2)}


def measure(patients: int) -> dict[str, Any]:
    """All measurements over a sample archive of so many patients."""
    with tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as home:
        archive, data = Path(home) / "archive", Path(home) / "lake"
        sample_seconds, _ = timed("sample", archive, "--patients", str(patients), "--seed", "1")
        index_seconds, output = timed("index", archive, "--data", data, "--json")
        again_seconds, _ = timed("index", archive, "--data", data, "--json")
        summary = json.loads(output.splitlines()[-1])
        reading = reader.measure(400) | {
            "sample archive": reader.compare([path for path in sorted(archive.rglob("*")) if path.is_file()]),
        }
        with Lake.open(data) as lake:
            searches = {name: latencies(Searcher(lake), request) for name, request in SEARCHES.items()}
        return {
            "machine": {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()},
            "archive": {"patients": patients, "files": summary["files"], "bytes": folder_size(archive)},
            "reading": reading,
            "sample_seconds": round(sample_seconds, 2),
            "index_seconds": round(index_seconds, 2),
            "index_files_per_second": round(summary["files"] / index_seconds),
            "index_again_seconds": round(again_seconds, 2),
            "lake_bytes_per_instance": round(folder_size(data) / summary["instances"]),
            "searches": searches,
        }


def main() -> int:
    """Measure and print, for people or with ``--json``."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--patients", type=int, default=40, help="size of the sample archive (40)")
    options.add_argument("--json", action="store_true", help="one JSON object")
    asked = options.parse_args()
    result = measure(asked.patients)
    if asked.json:
        print(json.dumps(result))
        return 0
    for name, value in result.items():
        if not isinstance(value, dict):
            print(f"{name:<28}{value:>12}")
            continue
        print(name)
        for part, detail in value.items():
            shown = "  ".join(f"{k} {v}" for k, v in detail.items()) if isinstance(detail, dict) else detail
            print(f"  {part:<26}  {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

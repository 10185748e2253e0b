"""Measure this machine: reading, indexing, memory, searching, a million series, OpenSearch, the page; beside floors.

``python -m benchmarks [PART ...] [--scale X] [--rounds N] [--json]``. The figures mean something at scale 1, on a
machine that does nothing else; a small scale shows that everything runs. What each figure is:
docs/reference/benchmarks.md. Nothing is kept.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import engines, equality, idc, ingest, memory, opensearch, page, reader, searching
from benchmarks.processes import end_cleanly
from benchmarks.tables import Table
from tools.opensearch import server


def _reading(scale: float, rounds: int) -> list[Table]:
    return [
        Table(
            f"Reading headers: {name}, {part['files']:,} files",
            ("form", "CPU us/file", "x pydicom"),
            [(form, spent, part["times_faster_than_pydicom"].get(form, 1.0)) for form, spent in part["us"].items()],
        )
        for name, part in reader.measure(_sized(400, scale)).items()
    ]


def _ingest(scale: float, rounds: int) -> list[Table]:
    return ingest.measure(_sized(4_000, scale), rounds)


def _memory(scale: float, rounds: int) -> list[Table]:
    return memory.measure(_sized(2_000, scale), _sized(20_000, scale), _sized(40_000, scale), rounds)


def _searching(scale: float, rounds: int) -> list[Table]:
    return searching.measure(_sized(40, scale))


def _idc(scale: float, rounds: int) -> list[Table]:
    return idc.measure(scale)


def _equality(scale: float, rounds: int) -> list[Table]:
    return equality.measure(scale)


def _opensearch(scale: float, rounds: int) -> list[Table]:
    with (
        tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as home,
        server(Path(home) / "server", _tell) as running,
    ):
        return opensearch.measure(
            running.url, running.prefix, _sized(200_000, scale), max(2, _sized(200, min(1, scale)))
        )


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _engines(scale: float, rounds: int) -> list[Table]:
    return engines.measure(scale)


def _page(scale: float, rounds: int) -> list[Table]:
    return page.measure(scale)


PARTS: dict[str, Callable[[float, int], list[Table]]] = {
    "reader": _reading,
    "ingest": _ingest,
    "memory": _memory,
    "searching": _searching,
    "idc": _idc,
    "equality": _equality,
    "opensearch": _opensearch,
    "engines": _engines,
    "page": _page,
}
"""What can be measured, in this order; each takes the scale and the number of rounds."""


def _sized(number: int, scale: float) -> int:
    return max(1, round(number * scale))


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "unknown")


def main() -> int:
    """Measure and print, for people or with ``--json``."""
    options = argparse.ArgumentParser(prog="benchmarks", description=(__doc__ or "").splitlines()[0])
    options.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure: {', '.join(PARTS)} (all)")
    options.add_argument("--scale", type=float, default=1.0, help="numbers of files, times this (1)")
    options.add_argument("--rounds", type=int, default=3, help="interleaved rounds of what is compared (3)")
    options.add_argument("--json", action="store_true", help="one JSON object")
    asked = options.parse_args()
    if unknown := [part for part in asked.parts if part not in PARTS]:
        options.error(f"there is no part {unknown[0]}; choose from {', '.join(PARTS)}")
    end_cleanly()
    about = machine()
    if not asked.json:
        print(", ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    tables: list[Table] = []
    for part in asked.parts or PARTS:
        print(f"measuring: {part}", file=sys.stderr, flush=True)
        started = time.perf_counter()
        found = PARTS[part](asked.scale, asked.rounds)
        print(f"{part} took {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        tables += found
        if not asked.json:
            print("".join(f"\n{table.text()}\n" for table in found), flush=True)
    if asked.json:
        print(json.dumps({"machine": about, "tables": [table.as_dict() for table in tables]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What is inside a lake and inside a run: CPU time by stage, bytes an instance."""

import time
from pathlib import Path

from benchmarks.processes import folder_size
from benchmarks.tables import Table
from dicomlake import settings
from dicomlake.lake import Lake
from indexer.flow import run
from indexer.sources.folder import folders
from indexer.summary import Summary

_LOOK = 0.5
"""Seconds over which a process is looked at to see whether it rests."""


def stages(source: Path, lake: Path) -> Table:
    """Where the CPU time of a run over a folder goes, in this process and its workers."""
    summary = run(lake, folders([source]), workers=settings.load().workers)
    settle()
    return shares(summary)


def settle() -> None:
    """Wait until this process rests: merges that the engine began go on after a run, and write where it wrote."""
    resting = False
    while not resting:
        before = time.process_time()
        time.sleep(_LOOK)
        resting = time.process_time() - before < _LOOK / 10


def shares(summary: Summary) -> Table:
    """The CPU time of a run by stage."""
    whole = sum(summary.stages.values()) or 1.0
    return Table(
        f"CPU time by stage, one run over {summary.files:,} files",
        ("stage", "CPU s", "us/file", "share %"),
        [(name, spent, spent / summary.files * 1e6, spent / whole * 100) for name, spent in summary.stages.items()],
        [f"together {whole:.2f} s, {whole / summary.files * 1e6:.0f} us a file; {summary.seconds:.2f} s of wall time"],
    )


def sizes(path: Path) -> Table:
    """Bytes that a lake takes an instance, on disk."""
    with Lake.open(path) as lake:
        stats = lake.engine.stats()
        kept = sum(sum(map(len, lake.engine.kept([one.uid]).values())) for one in lake.engine.scan("series"))
    instances = max(1, stats.instances)
    catalogue = sum(part.stat().st_size for part in path.glob("catalog.sqlite*"))
    rows = [("index", stats.size), ("of it, kept headers", kept), ("catalogue", catalogue), ("lake", folder_size(path))]
    return Table(
        f"Bytes on disk of {instances:,} instances",
        ("part", "bytes", "bytes/instance"),
        [(name, size, size / instances) for name, size in rows],
    )

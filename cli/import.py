"""``dicomlake import``: series that the index of a public archive declares, into a lake."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cli.output import number, plural, printable, say, say_json
from cli.parsing import count

if TYPE_CHECKING:
    from indexer.idc import Imported

HELP = "declare the series of a public archive: idc, the NCI Imaging Data Commons; repeat it to bring them up to date"
EXAMPLE = "dicomlake import idc --data ./lake"


def options(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    add = parser.add_argument
    add("archive", choices=["idc"], help="idc: the index that the installed package idc-index-data carries")
    add("--parquet", type=Path, metavar="FILE", help="another release's idc_index.parquet")
    add("--workers", type=count, metavar="N", help="processes that build documents (default: one a processor)")
    add("--quiet", action="store_true", help="no progress on standard error")


def run(arguments: argparse.Namespace) -> int:
    """Import, then say what was done; 3 when rows of the index name no series or no study, or are refused by
    the search engine."""
    from cli.progress import watching_rows  # noqa: PLC0415
    from cli.stopping import stopping  # noqa: PLC0415
    from dicomlake import settings  # noqa: PLC0415
    from dicomlake.errors import UsageError  # noqa: PLC0415
    from indexer.idc import load  # noqa: PLC0415

    chosen = settings.load()
    lake = arguments.data or chosen.data
    workers = chosen.workers if arguments.workers is None else arguments.workers
    if workers > settings.MAX_WORKERS:
        raise UsageError(f"{workers} workers are too many; {settings.MAX_WORKERS} at most")
    with stopping() as stop, watching_rows(quiet=arguments.quiet) as watch:
        imported = load(lake, arguments.parquet, workers=workers, watch=watch, stop=stop)
    if arguments.json:
        say_json(imported.as_dict())
    else:
        _report(imported, lake)
    return 3 if imported.nameless or imported.refused else 0


def _report(imported: "Imported", lake: Path) -> None:
    per_second = imported.rows / imported.seconds if imported.seconds else 0
    say(f"{number(imported.rows)} series of the index in {imported.seconds:.1f} s ({per_second:,.0f}/s)")
    for name in ("added", "updated", "unchanged", "removed"):
        if value := getattr(imported, name):
            say(f"  {number(value):>10} {name}")
    if imported.indexed:
        say(f"  {number(imported.indexed):>10} left as their indexed files say")
    if imported.nameless:
        say(f"  {number(imported.nameless):>10} without a series or study UID, left out")
    if imported.refused:
        say(f"  {number(imported.refused):>10} refused by the search engine, left out: {printable(imported.reason)}")
    totals = [
        plural(imported.patients, "patient"),
        plural(imported.studies, "study", "studies"),
        plural(imported.series, "series", "series"),
        plural(imported.instances, "instance"),
    ]
    say(f"The lake {lake} has {', '.join(totals)}, declared ones included.")

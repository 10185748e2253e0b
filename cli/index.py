"""``dicomlake index``: bring a lake up to date with folders of DICOM files."""

import argparse
import sys
from typing import TYPE_CHECKING

from cli.output import number, plural, say, say_json
from cli.parsing import count

if TYPE_CHECKING:
    from indexer.summary import Summary

HELP = "index folders and files; unchanged files are skipped, a killed run is gone on with"
EXAMPLE = """dicomlake index /data/archive --data ./lake
  dicomlake index /data/archive --prune --data ./lake"""


def options(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument(
        "sources", nargs="+", metavar="SOURCE", help="a folder with all below it, a file, a zip or tar file, a DICOMDIR"
    )
    parser.add_argument(
        "--issuer", metavar="I", help="issuer of patient ids that do not name their own (default: none)"
    )
    parser.add_argument("--workers", type=count, metavar="N", help="processes that read (default: one a processor)")
    parser.add_argument("--prune", action="store_true", help="take out files that are gone, unless too many are")
    parser.add_argument("--force", action="store_true", help="with --prune: however many, even all of a source")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def run(arguments: argparse.Namespace) -> int:
    """Index, then say what was done; 3 when files of the sources are in quarantine."""
    from indexer.memory import cycles_seldom  # noqa: PLC0415

    with cycles_seldom():  # what is loaded from here on has none that end before the program
        return _index(arguments)


def _index(arguments: argparse.Namespace) -> int:
    from cli.progress import watching  # noqa: PLC0415
    from cli.stopping import stopping  # noqa: PLC0415
    from dicomlake import settings  # noqa: PLC0415
    from dicomlake.catalog import Catalog  # noqa: PLC0415
    from dicomlake.errors import UsageError  # noqa: PLC0415
    from indexer.flow import run as index  # noqa: PLC0415
    from indexer.sources.folder import folders  # noqa: PLC0415
    from indexer.sources.media import with_media  # noqa: PLC0415

    chosen = settings.load()
    lake = arguments.data or chosen.data
    workers = chosen.workers if arguments.workers is None else arguments.workers
    issuer = chosen.issuer if arguments.issuer is None else arguments.issuer
    if workers > settings.MAX_WORKERS:
        raise UsageError(f"{workers} workers are too many; {settings.MAX_WORKERS} at most")
    if arguments.force and not arguments.prune:
        raise UsageError("--force goes with --prune: however many files are gone, they leave the lake")
    known = Catalog(lake / "catalog.sqlite", write=False)
    sources = with_media(
        folders(
            arguments.sources,
            skipped=[lake],
            issuer=issuer,
            emptied=lambda root: arguments.force and known.within(root) > 0,
        )
    )
    known.close()
    with stopping() as stop, watching(sources, quiet=arguments.quiet) as watch:
        summary = index(
            lake, sources, workers=workers, watch=watch, stop=stop, prune=arguments.prune, force=arguments.force
        )
    if arguments.json:
        say_json(summary.as_dict())
    else:
        _report(summary, lake)
    return 3 if summary.quarantined else 0


def _report(summary: "Summary", lake: object) -> None:
    per_second = summary.files / summary.seconds if summary.seconds else 0
    say(f"{plural(summary.files, 'file')} in {summary.seconds:.1f} s ({per_second:,.0f}/s)")
    for name in ("indexed", "updated", "unchanged", "ignored", "quarantined"):
        if value := getattr(summary, name):
            say(f"  {number(value):>10} {name}")
    if summary.removed:
        say(f"{plural(summary.removed, 'instance')} removed: their files are gone or hold others now")
    if summary.gone:
        say(f"{plural(summary.gone, 'indexed file')} no longer there; --prune removes what is gone")
    totals = [
        plural(summary.patients, "patient"),
        plural(summary.studies, "study", "studies"),
        plural(summary.series, "series", "series"),
        plural(summary.instances, "instance"),
    ]
    say(f"The lake {lake} has {', '.join(totals)}.")
    if summary.quarantined:
        say(f"What is in quarantine, and why: dicomlake quarantine list --data {lake}", to=sys.stderr)

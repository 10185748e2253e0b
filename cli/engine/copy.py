"""``dicomlake engine copy``: the index of a lake to the other engine, from the headers it keeps."""

import argparse
from typing import TYPE_CHECKING

from cli.output import plural, say, say_json

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.copying import Migration

HELP = "copy the index of a lake to the other engine, which the lake has from then on; compared before it takes over"
EXAMPLE = "dicomlake engine copy --from embedded --to opensearch --engine-url https://search:9200 --data ./lake"

KINDS = ("embedded", "opensearch")


def options(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--from", dest="source", choices=KINDS, required=True, help="the engine that has the index")
    parser.add_argument("--to", dest="target", choices=KINDS, required=True, help="the engine that gets it")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def run(arguments: argparse.Namespace) -> int:
    """Copy, compare and take over."""
    from cli.progress import copying  # noqa: PLC0415
    from cli.stopping import stopping  # noqa: PLC0415
    from dicomlake import settings  # noqa: PLC0415
    from dicomlake.errors import UsageError  # noqa: PLC0415
    from dicomlake.lake import Choice  # noqa: PLC0415
    from indexer.migrate import move  # noqa: PLC0415

    if arguments.source == arguments.target:
        raise UsageError("--from and --to name the same engine; dicomlake engine migrate builds an index anew")
    chosen = settings.load()
    lake = arguments.data or chosen.data
    source, target = (Choice.of(chosen, kind) for kind in (arguments.source, arguments.target))
    with stopping() as stop, copying(quiet=arguments.quiet) as watch:
        done = move(lake, source, target, watch=watch, stop=stop)
    if arguments.json:
        say_json(done.as_dict())
    else:
        _report(done, lake)
    return 0


def _report(done: "Migration", lake: "Path") -> None:
    if not done.needed:
        say(f"The index of {lake} is there already: nothing to do.")
        return
    say(
        f"{plural(done.instances, 'instance')} of {plural(done.series, 'series', 'series')} copied in "
        f"{done.seconds:.1f} s; {lake} has the engine {done.to_engine} now."
    )
    if done.resumed:
        say(f"{plural(done.resumed, 'instance')} of them had been copied before.")
    say(f"Both have the same number of documents and the same ids (checksum {done.ids}).")
    say(f"The lake as it was is in {lake / done.old}; remove it when it is no longer needed, or go back: ")
    say(f"  dicomlake engine rollback --data {lake}")

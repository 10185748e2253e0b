"""``dicomlake engine migrate``: build a lake anew from the headers it keeps."""

import argparse
from typing import TYPE_CHECKING

from cli.output import plural, say, say_json

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.copying import Migration

HELP = "bring a lake to this version's format and registry and the site's tables, from the headers it keeps"
EXAMPLE = "dicomlake engine migrate --data ./lake"


def options(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument(
        "--keep-old", action="store_true", help="keep the lake as it was, in a folder old-1 inside the data folder"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def run(arguments: argparse.Namespace) -> int:
    """Migrate, or say that there is nothing to do."""
    from cli.progress import copying  # noqa: PLC0415
    from cli.stopping import stopping  # noqa: PLC0415
    from dicomlake import settings  # noqa: PLC0415
    from indexer.migrate import migrate  # noqa: PLC0415

    lake = arguments.data or settings.load().data
    with stopping() as stop, copying(quiet=arguments.quiet) as watch:
        done = migrate(lake, keep_old=arguments.keep_old, watch=watch, stop=stop)
    if arguments.json:
        say_json(done.as_dict())
    else:
        _report(done, lake)
    return 0


def _report(done: "Migration", lake: "Path") -> None:
    if not done.needed:
        say(f"{lake} is as this version writes it: nothing to do.")
        return
    say(
        f"{plural(done.instances, 'instance')} of {plural(done.series, 'series', 'series')} built anew in "
        f"{done.seconds:.1f} s; {lake} has format {done.to_format} now."
    )
    if done.resumed:
        say(f"{plural(done.resumed, 'instance')} of them had been copied before.")
    if done.old:
        say(f"The lake as it was is in {lake / done.old}; remove it when it is no longer needed.")

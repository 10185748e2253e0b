"""``dicomlake quarantine``: files that could not be indexed, and why."""

import argparse
from dataclasses import asdict

from cli.output import plural, say, say_json, table

HELP = "list the files that could not be indexed, with offset and reason"
EXAMPLE = "dicomlake quarantine list --data ./lake"


def options(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("action", choices=("list",), help="list: every file in quarantine")


def run(arguments: argparse.Namespace) -> int:
    """List the quarantine; a line each with ``--json``."""
    from dicomlake import settings  # noqa: PLC0415
    from dicomlake.lake import Lake  # noqa: PLC0415

    with Lake.open(arguments.data or settings.load().data) as lake:
        if arguments.json:
            for one in lake.catalog.files("quarantined"):
                shown = asdict(one)
                say_json({key: shown[key] for key in ("location", "reason", "offset", "detail", "size", "source")})
            return 0
        listed = list(lake.catalog.files("quarantined"))
    if not listed:
        say("Nothing is in quarantine.")
        return 0
    table(["reason", "offset", "location", "detail"], [[o.reason, o.offset, o.location, o.detail] for o in listed])
    say(f"\n{plural(len(listed), 'file')} in quarantine; mend or replace them and run dicomlake index again.")
    return 0

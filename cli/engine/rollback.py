"""``dicomlake engine rollback``: back to the lake as it was before a migration or a copy."""

import argparse

from cli.output import say, say_json

HELP = "go back to the lake as it was before a copy, or a migration with --keep-old"
EXAMPLE = "dicomlake engine rollback --data ./lake"


def options(parser: argparse.ArgumentParser) -> None:
    """No options of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Go back."""
    from dicomlake import settings  # noqa: PLC0415
    from dicomlake.lake import Choice, home_in  # noqa: PLC0415
    from indexer.rollback import rollback  # noqa: PLC0415

    chosen = settings.load()
    lake = arguments.data or chosen.data
    done = rollback(lake, lambda mark: home_in(lake, Choice.of(chosen, mark.engine)))
    if arguments.json:
        say_json(done.as_dict())
    else:
        say(f"{lake} is as it was in {done.old}: format {done.format}, engine {done.engine}.")
        say("What was indexed since is read again by the next run of dicomlake index.")
    return 0

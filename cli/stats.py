"""``dicomlake stats``: what a lake holds."""

import argparse

from cli.output import byte_size, number, say, say_json

HELP = "show what a lake holds: totals, files seen, size of the index"
EXAMPLE = "dicomlake stats --data ./lake --json"


def options(parser: argparse.ArgumentParser) -> None:
    """No options of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Print the numbers."""
    from dicomlake import settings  # noqa: PLC0415
    from dicomlake.lake import Lake  # noqa: PLC0415
    from dicomlake.search import Searcher  # noqa: PLC0415

    with Lake.open(arguments.data or settings.load().data) as lake:
        stats = Searcher(lake).stats()
    if arguments.json:
        say_json(stats)
        return 0
    for name in ("patients", "studies", "series", "instances"):
        say(f"{number(stats['totals'][name]):>12} {name}")
    for name, value in stats["files"].items():
        say(f"{number(value):>12} files {name}")
    say(f"{byte_size(stats['totals']['bytes']):>12} of files")
    say(f"{byte_size(stats['index']['bytes']):>12} of index")
    return 0

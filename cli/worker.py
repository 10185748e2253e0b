"""``dicomlake worker``: run the jobs of a lake without serving it, until Ctrl-C."""

import argparse

from cli.output import say

HELP = "run the jobs that the API of a lake is asked for, beside a dicomlake serve --no-worker"
EXAMPLE = "dicomlake worker --data ./lake"


def options(parser: argparse.ArgumentParser) -> None:
    """No options of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Work until Ctrl-C or SIGTERM; 0 when ended so."""
    from cli.service import asked_to_end  # noqa: PLC0415
    from dicomlake import settings  # noqa: PLC0415
    from dicomlake.lake import Lake  # noqa: PLC0415
    from worker.work import run as work  # noqa: PLC0415

    data = arguments.data or settings.load().data
    Lake.check_place(data)
    if not arguments.json:
        say(f"Running the jobs of {data}. Ctrl-C ends it; jobs that are not done go on at the next start.")
    with asked_to_end() as ended:
        work(data, ended)
    return 0

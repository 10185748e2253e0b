"""An indexer with small commits that is told when to die: ``python -m tests.indexer.killed LAKE SOURCE WHEN N``.

WHEN is ``before`` or ``after``, a hyphen and ``announce``, ``engine`` or ``record``: it kills itself at the Nth such
call. Behind them ``--prune``, or not. Or ``--serve`` alone, see :func:`serve`.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from dicomlake.catalog import Catalog
from dicomlake.engines.embedded.engine import EmbeddedEngine
from indexer import load
from indexer.flow import run
from indexer.sources.folder import folders

CALLS: dict[str, tuple[type, str]] = {
    "announce": (Catalog, "announce"),
    "engine": (EmbeddedEngine, "commit"),
    "record": (Catalog, "record"),
}


def die_at(step: str, number: int) -> None:
    """Let the process kill itself around the given call."""
    when, name = step.split("-")
    owner, method = CALLS[name]
    original: Callable[..., Any] = getattr(owner, method)
    calls = 0

    def deadly(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **named)
        if calls == number and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, method, deadly)


def serve() -> None:
    """Fork an indexer for each line of standard input (lake, source, workers, seconds; as JSON) and say how it ended.

    Forking saves the time to start Python; this process itself never opens a lake, so that it has no threads.
    """
    for line in sys.stdin:
        lake, source, workers, seconds = json.loads(line)
        child = os.fork()
        if child == 0:
            os.setsid()
            sys.stdin.close()
            sys.stdin = open(os.devnull)  # noqa: SIM115  (worker processes inherit it)
            run(Path(lake), folders([source]), workers=workers)
            os._exit(0)
        time.sleep(seconds)
        with suppress(ProcessLookupError):  # it has not got as far as having a session, or has ended
            os.killpg(child, signal.SIGKILL)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    load.MOST_DOCUMENTS = 20
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        load.MOST_DOCUMENTS = 10
        die_at(sys.argv[3], int(sys.argv[4]))
        run(Path(sys.argv[1]), folders([sys.argv[2]]), prune="--prune" in sys.argv)

"""An indexer with small commits that is told when to die: ``python -m tests.indexer.killed LAKE SOURCE WHEN N``.

WHEN is ``before`` or ``after``, a hyphen and ``announce``, ``engine`` or ``record``: it kills itself at the Nth such
call. Or ``seconds``: it kills itself and its workers N seconds after it has begun. Behind them ``--prune``, or not.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dicomlake.catalog import Catalog
from dicomlake.engines.embedded import EmbeddedEngine
from indexer import load, run
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


if __name__ == "__main__":
    load.MOST_DOCUMENTS = 10
    lake, source, when, number = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    if when == "seconds":
        killer = threading.Timer(float(number), lambda: os.killpg(0, signal.SIGKILL))
        killer.daemon = True
        killer.start()
    else:
        die_at(when, int(number))
    run(lake, folders([source]), workers=2 if when == "seconds" else 0, prune="--prune" in sys.argv)

"""An indexer with small commits that can be told where to die: ``python -m tests.indexer.killed LAKE SOURCE [STEP N]``.

STEP is ``before`` or ``after`` and one of ``announce``, ``engine``, ``record``; the Nth such call is where it kills
itself. Without it, somebody else kills it, at any time.
"""

import os
import signal
import sys
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

    def deadly(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments)
        if calls == number and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, method, deadly)


if __name__ == "__main__":
    load.MOST_DOCUMENTS = 10
    if len(sys.argv) > 3:
        die_at(sys.argv[3], int(sys.argv[4]))
    lake, source = Path(sys.argv[1]), Path(sys.argv[2])
    run(lake, folders([source]), workers=0 if len(sys.argv) > 3 else 2)

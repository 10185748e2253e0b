"""``python -m tests.lake.loading_host LAKE PATIENCE SEED SOURCE...``: the indexer of one of several hosts.

Its commits are of a few documents, its files come in random order. It says ``commit`` on standard output before each
commit of its own, when the server has a part of the documents, and waits for a line; ``go`` lets it go on without
asking. At the end it says, as JSON, what was done, how often it was taken for dead, and how often it mended what others
had left.
"""

import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dicomlake.engines.opensearch import bulk, leases
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from indexer import load
from indexer.flow import run
from indexer.sources.folder import folders

counts: Counter[str] = Counter()


def ask() -> None:
    """Say that a commit is about to be made and wait for leave, unless it was given for all."""
    if counts["updating"] and not counts["left alone"]:
        print("commit", flush=True)
        counts["left alone"] = sys.stdin.readline().strip() == "go"


def around(owner: Any, name: str, first: Callable[[], object], last: Callable[[], object] = lambda: None) -> None:
    """Do something before each such call, and after it."""
    original: Callable[..., Any] = getattr(owner, name)

    def both(*arguments: Any, **named: Any) -> Any:
        first()
        try:
            return original(*arguments, **named)
        finally:
            last()

    setattr(owner, name, both)


if __name__ == "__main__":
    lake, patience, seed, *sources = sys.argv[1:]
    load.MOST_DOCUMENTS = 7
    bulk.BODY = 10_000
    leases.PATIENCE = float(patience)
    around(load.Loader, "_updated", lambda: counts.update(updating=1), lambda: counts.update(updating=-1))
    around(OpenSearchEngine, "commit", ask)
    around(leases, "_superseded", lambda: counts.update(superseded=1))
    around(load, "mend", lambda: counts.update(mended=1))
    files = sorted(str(file) for source in sources for file in Path(source).rglob("*.dcm"))
    random.Random(int(seed)).shuffle(files)
    done = run(Path(lake), folders(files))
    gone = run(Path(lake), folders(sources), prune=True, force=True)
    said = {name: counts[name] for name in ("superseded", "mended")}
    print(json.dumps({**done.as_dict(), **said, "removed": gone.removed}), flush=True)

"""An indexer that tells of its commits, and a reader that tells what it sees: ``index LAKE SOURCE``, ``read LAKE``.

Both write JSON lines with the seconds of the system-wide monotonic clock.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from dicomlake.engines.base import Plan
from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.lake import Lake
from dicomlake.search import Searcher
from dicomlake.search.request import SearchRequest
from indexer import load
from indexer.flow import run
from indexer.sources.folder import folders


def say(**what: Any) -> None:
    """One line, at once."""
    sys.stdout.write(json.dumps({"at": time.monotonic(), **what}) + "\n")
    sys.stdout.flush()


def index(lake: Path, source: str) -> None:
    """Index in small commits and say after each how many instances there are; ``--hold``: wait after the first for a
    line of standard input."""
    commit = EmbeddedEngine.commit
    holds = ["--hold"] if "--hold" in sys.argv else []

    def told(engine: EmbeddedEngine) -> str:
        generation = commit(engine)
        totals = engine.search(Plan(limit=0)).totals
        say(instances=totals.instances if totals else 0)
        if holds:
            holds.pop()
            sys.stdin.readline()
        return generation

    EmbeddedEngine.commit = told  # type: ignore[method-assign]
    load.MOST_DOCUMENTS = 10
    run(lake, folders([source]), workers=1)


def read(lake: Path) -> None:
    """Search again and again, until standard input ends; ``begun`` is when the searches began."""
    while not (lake / "format.json").exists():
        time.sleep(0.01)
    with Lake.open(lake) as opened:
        searcher = Searcher(opened)
        say(ready=True)
        for _ in sys.stdin:
            begun = time.monotonic()
            by_series = searcher.run(SearchRequest(level="series", limit=1_000, facets=("Modality",)))
            by_instance = searcher.run(SearchRequest(level="instance", limit=1_000))
            found: dict[str, int] = {}
            for hit in by_instance["hits"]:
                found[hit["SeriesInstanceUID"]] = found.get(hit["SeriesInstanceUID"], 0) + 1
            say(
                begun=begun,
                series={hit["SeriesInstanceUID"]: hit["instanceCount"] for hit in by_series["hits"]},
                totals=by_series["totals"],
                facets=by_series["facets"],
                same_commit=by_series["generation"] == by_instance["generation"],
                found=found,
            )


if __name__ == "__main__":
    if sys.argv[1] == "index":
        index(Path(sys.argv[2]), sys.argv[3])
    else:
        read(Path(sys.argv[2]))

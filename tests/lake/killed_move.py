"""``python -m tests.lake.killed_move LAKE WHAT WHEN N``: a copy to the server (WHAT is ``copy``), or a migration there,
with small commits, that kills itself at the Nth such step; see :mod:`tests.indexer.killed_migration`."""

import sys
from pathlib import Path

from dicomlake import settings
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.lake import Choice, Mark, server
from indexer import copying, migrate
from indexer.journal import Journal
from tests.indexer import killed

if __name__ == "__main__":
    copying.MOST_DOCUMENTS = 10
    server.GRACE = 1.0  # those who still read are processes that were killed
    lake, what, when, number = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    killed.CALLS = {
        "journal": (Journal, "write"),
        "commit": (OpenSearchEngine, "commit"),
        "mark": (Mark, "write"),
        "unlink": (Path, "unlink"),
    }
    killed.die_at(when, int(number))
    if what == "copy":
        chosen = settings.load()
        migrate.move(lake, Choice.of(chosen, "embedded"), Choice.of(chosen, "opensearch"))
    else:
        migrate.migrate(lake)

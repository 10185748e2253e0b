"""``python -m tests.lake.killed_load``: :mod:`tests.indexer.killed` for a lake on a server, that the settings name.

Besides ``announce``, ``engine`` and ``record`` it can die at ``settle``, when a load has ended; with ``--serve`` it
forks indexers to be killed at any moment.
"""

import sys
from pathlib import Path

from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.engines.opensearch.indices import Indices
from indexer import load
from indexer.flow import run
from indexer.sources.folder import folders
from tests.indexer import killed

if __name__ == "__main__":
    load.MOST_DOCUMENTS = 10
    if sys.argv[1] == "--serve":
        killed.serve()
    else:
        killed.CALLS |= {"engine": (OpenSearchEngine, "commit"), "settle": (Indices, "settle")}
        killed.die_at(sys.argv[3], int(sys.argv[4]))
        run(Path(sys.argv[1]), folders([sys.argv[2]]))

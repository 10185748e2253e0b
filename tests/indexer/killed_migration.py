"""A migration with small commits that is told when to die: ``python -m tests.indexer.killed_migration LAKE WHEN N``.

WHEN is ``before`` or ``after``, a hyphen and a step: it kills itself at the Nth such call. Or ``seconds``: it kills
itself N seconds after it has begun. Environment variables are those of ``dicomlake engine migrate``.
"""

import os
import shutil
import signal
import sys
import threading
from pathlib import Path

from dicomlake.catalog import Catalog
from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.lake import Mark
from indexer import copying, migrate
from indexer.journal import Journal
from tests.indexer import killed

STEPS = {
    "journal": (Journal, "write"),
    "commit": (EmbeddedEngine, "commit"),
    "keep": (Catalog, "copy_to"),
    "mark": (Mark, "write"),
    "rename": (Path, "rename"),
    "remove": (shutil, "rmtree"),
    "unlink": (Path, "unlink"),
}

if __name__ == "__main__":
    copying.MOST_DOCUMENTS = 10
    lake, when, number = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    if when == "seconds":
        killer = threading.Timer(float(number), lambda: os.kill(os.getpid(), signal.SIGKILL))
        killer.daemon = True
        killer.start()
    else:
        killed.CALLS = STEPS
        killed.die_at(when, int(number))
    migrate.migrate(lake, keep_old="keep" in when)

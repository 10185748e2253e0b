"""An indexer with small commits that says what memory it took: ``python -m tests.indexer.grown LAKE SOURCE``.

Prints the peaks, in KB, of the anonymous memory (its own, not that of mapped files) of this process and of its workers.
"""

import multiprocessing
import os
import sys
import threading
import time
from pathlib import Path

from indexer import load
from indexer.flow import run
from indexer.sources.folder import folders


def anonymous(pid: int) -> int:
    """KB of anonymous memory; 0 when the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


if __name__ == "__main__":
    load.MOST_DOCUMENTS = 200
    peaks = {"main": 0, "worker": 0}

    def look() -> None:
        """Take the peaks for as long as the process lives."""
        while True:
            peaks["main"] = max(peaks["main"], anonymous(os.getpid()))
            for child in multiprocessing.active_children():
                peaks["worker"] = max(peaks["worker"], anonymous(child.pid or 0))
            time.sleep(0.01)

    threading.Thread(target=look, daemon=True).start()
    run(Path(sys.argv[1]), folders([sys.argv[2]]), workers=2)
    sys.stdout.write(f"{peaks['main']} {peaks['worker']}\n")

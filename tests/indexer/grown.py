"""An indexer with small commits that says what memory it took: ``python -m tests.indexer.grown LAKE SOURCE``.

Prints peaks in KB: the anonymous memory (its own, not that of mapped files) of this process, all its resident memory,
and the anonymous memory of its workers.
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


def memory(pid: int, *parts: str) -> int:
    """KB of these parts of a process's memory; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(parts))


if __name__ == "__main__":
    load.MOST_DOCUMENTS = 200
    peaks = {"own": 0, "resident": 0, "worker": 0}

    def look() -> None:
        """Take the peaks for as long as the process lives."""
        while True:
            peaks["own"] = max(peaks["own"], memory(os.getpid(), "RssAnon:"))
            peaks["resident"] = max(peaks["resident"], memory(os.getpid(), "VmRSS:"))
            for child in multiprocessing.active_children():
                peaks["worker"] = max(peaks["worker"], memory(child.pid or 0, "RssAnon:"))
            time.sleep(0.01)

    threading.Thread(target=look, daemon=True).start()
    run(Path(sys.argv[1]), folders([sys.argv[2]]), workers=2)
    sys.stdout.write(" ".join(map(str, peaks.values())))

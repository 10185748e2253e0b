"""``python -m worker DATA``: the worker that ``dicomlake serve`` starts. Its standard input is a pipe from the service,
so that it ends with it, however that ends."""

import os
import signal
import sys
import threading
from pathlib import Path

from worker.work import run


def main(argv: list[str]) -> int:
    """Work until the service ends or a signal comes."""
    stop = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stop.set())
    threading.Thread(target=_watch_service, args=(stop,), name="watching the service", daemon=True).start()
    run(Path(argv[0]), stop)
    return 0


def _watch_service(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stop.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

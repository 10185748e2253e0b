"""Run OpenSearch in the foreground: ``python -m tools.opensearch`` prints its URL and ends by Ctrl-C."""

import argparse
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from tools.opensearch.cluster import cluster, is_free
from tools.opensearch.errors import NodeError, OpenSearchToolError
from tools.opensearch.jars import VERSION


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(prog="python -m tools.opensearch", description=(__doc__ or "").splitlines()[0])
    options.add_argument("--nodes", type=int, choices=(1, 3), default=1, help="how many nodes (default: 1)")
    options.add_argument("--port", type=int, help="of the first node (default: 9200, or the next that is free)")
    options.add_argument("--heap", help="of each node (default: 1g; 512m each for three)")
    options.add_argument("--data", type=Path, help="a folder to keep the data in (default: forgotten at the end)")
    return options


def run(options: argparse.Namespace) -> None:
    """Start, and stay until a node ends or the program is interrupted."""
    with ExitStack() as stack:
        folder = options.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dicomlake-opensearch-")))
        port = options.port or next(port for port in count(9200) if is_free(port))
        print(f"OpenSearch {VERSION} is starting", flush=True)
        started = stack.enter_context(
            cluster(folder, nodes=options.nodes, heap=options.heap, port=port, say=lambda line: print(line, flush=True))
        )
        print(started.way, f"Data and logs in {folder}", *started.urls, "Ctrl-C ends it", sep="\n", flush=True)
        while all(node.running for node in started.nodes):
            time.sleep(0.5)
        ended = next(node for node in started.nodes if not node.running)
        raise NodeError(f"node {ended.name} ended:\n{ended.end_of_log()}")


def main() -> int:
    """Run; 1 when it cannot, 130 when interrupted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        run(parser().parse_args())
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except OpenSearchToolError as error:
        print(f"opensearch: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

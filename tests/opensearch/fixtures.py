"""Fixtures with a real OpenSearch: ``opensearch``, shared by all tests, and ``opensearch_cluster``, nodes to be killed.

Where there is no server and none can be started, tests fail and say how to get one: they are never skipped.
"""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tools.opensearch import Cluster, OpenSearchToolError, Server, cluster, server

Started = Callable[..., Cluster]


def tell(config: pytest.Config, line: str) -> None:
    """A line on the terminal at once, whatever is captured."""
    terminal, capture = (config.pluginmanager.getplugin(name) for name in ("terminalreporter", "capturemanager"))
    if terminal is None or capture is None:  # a process of pytest-xdist, whose standard error is that of the run
        print(line, file=sys.__stderr__, flush=True)
        return
    with capture.global_and_fixture_disabled():
        terminal.write(f"\n{line}\n")


@pytest.fixture(scope="session")
def opensearch(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of version 3. What a test makes there is called ``opensearch.prefix`` + something, and removed by it."""
    begun = time.monotonic()
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("opensearch") / "server"
        try:
            found = stack.enter_context(server(folder, lambda line: tell(request.config, line)))
        except OpenSearchToolError as error:
            pytest.fail(str(error), pytrace=False)
        tell(request.config, f"{found.way}, answering after {time.monotonic() - begun:.1f} s")
        yield found


@pytest.fixture
def opensearch_cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Started]:
    """Starts clusters of the test's own, from the jars (a server that others use is not to be killed): a function that
    takes what ``tools.opensearch.cluster`` takes but the folder. They end with the test."""
    folders = [tmp_path / f"cluster-{number}" for number in range(10)]

    with ExitStack() as stack:

        def start(*, brief: bool = True, **how: Any) -> Cluster:
            folder = folders.pop(0)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            try:
                return stack.enter_context(
                    cluster(folder, say=lambda line: tell(request.config, line), brief=brief, **how)
                )
            except OpenSearchToolError as error:
                pytest.fail(str(error), pytrace=False)

        yield start

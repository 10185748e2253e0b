"""One OpenSearch node as a process of this machine: started, stopped, killed, started again on the same data."""

import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tools.opensearch.errors import NodeError
from tools.opensearch.jars import Jars
from tools.opensearch.java import Java

Status = Literal["yellow", "green"]

_PATIENCE = 120.0
"""Seconds in which a node has to answer; 5 on an idle machine."""

_STOP = 30.0
"""Seconds in which a node has to end by itself."""

# What the distribution's jvm.options and launcher ask for, so that what is measured is what people run.
_FLAGS = (
    "-XX:+UseG1GC",
    "-XX:G1ReservePercent=25",
    "-XX:InitiatingHeapOccupancyPercent=30",
    "-XX:+AlwaysPreTouch",
    "-XX:-OmitStackTraceInFastThrow",
    "-Xss1m",
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF-8",
    "-Djna.nosys=true",
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dio.netty.recycler.maxCapacityPerThread=0",
    "-Dio.netty.allocator.numDirectArenas=0",
    "-Dlog4j.shutdownHookEnabled=false",
    "-Dlog4j2.disable.jmx=true",
    "-Dlog4j2.level=info",
    "-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1",
    "--enable-native-access=ALL-UNNAMED",
)


@dataclass(slots=True)
class Node:
    """A node and, while it runs, its process. ``folder`` keeps its data and its log; ``heap`` is Java's: 512m, 1g;
    ``brief``: it will live for seconds, and is not to spend them compiling itself well."""

    name: str
    folder: Path
    port: int
    transport: int
    java: Java
    jars: Jars
    heap: str
    settings: Mapping[str, str]
    brief: bool = False
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "node.log"

    @property
    def running(self) -> bool:
        """Whether its process is alive."""
        return self.process is not None and self.process.poll() is None

    def command(self) -> list[str]:
        """The command line of its process."""
        vector = ["--add-modules", "jdk.incubator.vector"] if self.java.vector else []
        settings = {
            "path.home": str(self.folder),
            "node.name": self.name,
            "http.port": str(self.port),
            "transport.port": str(self.transport),
            "network.host": "127.0.0.1",
            "transport.type": "netty4",
            "http.type": "netty4",
        } | dict(self.settings)
        brief = ["-XX:TieredStopAtLevel=1"] if self.brief else []
        flags = [f"-Xms{self.heap}", f"-Xmx{self.heap}", *_FLAGS, *_newer(self.java), *vector, *brief]
        launcher = [str(self.java.command), *flags, "-cp", self.jars.class_path, "Launcher"]
        return [*launcher, *(f"{name}={value}" for name, value in settings.items())]

    def launch(self) -> None:
        """Start the process and do not wait for an answer."""
        if self.running:
            raise NodeError(f"node {self.name} runs already")
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # Its standard input is a pipe that nothing is written to: it ends when this process does.
            self.process = subprocess.Popen(
                self.command(), cwd=self.folder, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )

    def start(self) -> None:
        """Start the process and wait until it is part of a cluster."""
        self.launch()
        self.wait()

    def wait(self, nodes: int | None = None, status: Status = "yellow", seconds: float = _PATIENCE) -> None:
        """Return when this node is in a cluster, of just so many nodes where it is said, that serves every index;
        green: every copy of it.

        Raises ``NodeError`` with the end of its log when it has ended, or after so many seconds.
        """
        until = time.monotonic() + seconds
        path = f"/_cluster/health?wait_for_nodes={nodes or 'ge(1)'}&wait_for_status={status}&timeout=2s"
        while time.monotonic() < until:
            if not self.running:
                raise NodeError(f"node {self.name} ended:\n{self.end_of_log()}")
            try:
                if not self.get(path)["timed_out"]:
                    return
            except OSError:  # nobody listens yet, or 408 or 503: no cluster yet
                time.sleep(0.1)
        raise NodeError(f"node {self.name} did not answer within {seconds:.0f} s:\n{self.end_of_log()}")

    def stop(self) -> None:
        """End it in order; by force when it takes too long."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it by SIGKILL, as a crash does."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it and start it again, on the same port and data."""
        self.stop()
        self.start()

    def get(self, path: str) -> Any:
        """What it answers to GET, from JSON. Raises ``OSError``."""
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)

    def end_of_log(self, lines: int = 25) -> str:
        """Its last words."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def _end(self, how: signal.Signals) -> None:
        process = self.process
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()
        self.process = None


def _newer(java: Java) -> list[str]:
    return ["-XX:+UseCompactObjectHeaders"] if java.release >= 25 else []

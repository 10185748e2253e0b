"""The official jars of an OpenSearch node, resolved by Maven once, and the launcher compiled beside them.

They live in ``$XDG_CACHE_HOME/dicomlake/opensearch-VERSION-DIGEST`` (``~/.cache`` where that is not set), a folder
named by what ``pom.xml`` and ``Launcher.java`` say: it appears whole or not at all, and never changes.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tools.opensearch.errors import UnavailableError
from tools.opensearch.java import Java

Say = Callable[[str], None]

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
LAUNCHER = HERE / "Launcher.java"

VERSION = re.findall(r"<opensearch\.version>(.+)</", POM.read_text())[0]
"""The version that is started unless another one is asked for."""

_EVERY = 3.0
"""Seconds between two lines of progress."""

_DOWNLOADED = re.compile(r"Downloaded from .*\.jar \(([\d.]+) ([kMG]?)B at ")
_UNITS = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}


@dataclass(frozen=True, slots=True)
class Jars:
    """A folder with ``lib`` (the server, of this ``version``), ``classes`` (the launcher) and ``compiler``."""

    folder: Path
    version: str

    @property
    def class_path(self) -> str:
        """What ``java -cp`` takes."""
        return f"{self.folder / 'classes'}{os.pathsep}{self.folder / 'lib' / '*'}"


def prepare(java: Java, say: Say, environment: Mapping[str, str] = os.environ, version: str = VERSION) -> Jars:
    """The jars of a version and the compiled launcher, made when this machine has them not yet; one process at a time.

    Raises ``UnavailableError`` where there is no Maven, or where it cannot bring them.
    """
    cache = cache_folder(environment)
    digest = hashlib.sha256(POM.read_bytes() + LAUNCHER.read_bytes()).hexdigest()[:12]
    folder = cache / f"opensearch-{version}-{digest}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with _alone(cache / "opensearch.lock"):
            if not folder.exists():
                _make(folder, version, java, say, environment)
    return Jars(folder, version)


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where the jars are kept."""
    named = Path(environment.get("XDG_CACHE_HOME", ""))
    home = Path(environment.get("HOME") or Path.home())
    return (named if named.is_absolute() else home / ".cache") / "dicomlake"


def _make(folder: Path, version: str, java: Java, say: Say, environment: Mapping[str, str]) -> None:
    for left in folder.parent.glob(f"{folder.name}.*"):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    part = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        say(f"OpenSearch {version}: its jars come by Maven, once (75 MB), into {folder}")
        _resolve(part, version, say, environment)
        _compile(part, java)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _resolve(part: Path, version: str, say: Say, environment: Mapping[str, str]) -> None:
    maven = shutil.which("mvn", path=environment.get("PATH", ""))
    if maven is None:
        raise UnavailableError("no Maven (mvn) on the PATH that could bring OpenSearch's jars: apt-get install maven")
    shutil.copy(POM, part)
    copy = "org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies"
    defined = (f"-Dfolder={part}", f"-Dopensearch.version={version}")
    command = [maven, "-B", "-f", str(part / POM.name), *defined, f"{copy}@server", f"{copy}@compiler"]
    with subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            assert process.stdout is not None
            said = _follow(process.stdout, say)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise UnavailableError(f"Maven could not bring OpenSearch's jars:\n{said}")


def _follow(output: IO[str], say: Say) -> str:
    """Tell how far Maven is; its errors, or its last lines where it names none."""
    lines: list[str] = []
    files, size, told = 0, 0.0, time.monotonic()
    for line in output:
        lines.append(line.rstrip())
        if done := _DOWNLOADED.search(line):
            files, size = files + 1, size + float(done[1]) * _UNITS[done[2]]
            if time.monotonic() - told > _EVERY:
                told = time.monotonic()
                say(f"  {files} jars, {size / 1e6:.0f} MB")
    return "\n".join([line for line in lines if line.startswith("[ERROR]")][:5] or lines[-5:])


def _compile(part: Path, java: Java) -> None:
    """Compile with Eclipse's compiler, a jar like the others: any runtime will do, no JDK is needed."""
    (compiler,) = (part / "compiler").glob("ecj-*.jar")
    jars = os.pathsep.join(str(jar) for jar in sorted((part / "lib").glob("*.jar")))
    command = [str(java.command), "-cp", str(compiler), "org.eclipse.jdt.internal.compiler.batch.Main"]
    options = ["-21", "-proc:none", "-cp", jars, "-d", str(part / "classes"), str(LAUNCHER)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnavailableError(f"{LAUNCHER.name} could not be compiled by {java}:\n{done.stdout}{done.stderr}")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock that the system lets go of when this process ends in whatever way."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

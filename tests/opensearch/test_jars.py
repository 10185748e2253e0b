"""The jars come by Maven once, whole or not at all."""

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.opensearch import UnavailableError, jars
from tools.opensearch.java import find

ROOT = Path(__file__).resolve().parents[2]
PREPARE = "from tools.opensearch import jars, java; print(jars.prepare(java.find(), print).folder)"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[dict[str, str]]:
    """This machine with no jars in its cache, and an ``mvn`` that takes a note before it is what it is."""
    commands = tmp_path / "bin"
    commands.mkdir()
    provide(commands, f'echo called >>{tmp_path / "calls"}; exec {shutil.which("mvn")} "$@"')
    yield os.environ | {"PATH": f"{commands}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)


def provide(commands: Path, script: str) -> None:
    (commands / "mvn").write_text(f"#!/bin/sh\n{script}\n")
    (commands / "mvn").chmod(0o755)


def prepare(environment: dict[str, str]) -> "subprocess.Popen[str]":
    """A process of its own that prepares the jars and prints where they are."""
    return subprocess.Popen(
        [sys.executable, "-c", PREPARE], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )


def complete(folder: Path) -> bool:
    return len(list((folder / "lib").glob("*.jar"))) > 80 and (folder / "classes" / "Launcher.class").exists()


def test_two_processes_at_once_resolve_once(machine: dict[str, str], tmp_path: Path) -> None:
    both = [prepare(machine), prepare(machine)]
    folders = {process.communicate(timeout=300)[0].splitlines()[-1] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    (folder,) = map(Path, folders)
    assert folder.parent == tmp_path / "cache" / "dicomlake"
    assert complete(folder)
    assert (tmp_path / "calls").read_text().split() == ["called"]


def test_killed_half_way_it_is_resolved_again(machine: dict[str, str], tmp_path: Path) -> None:
    commands, real = tmp_path / "bin", (tmp_path / "bin" / "mvn").read_text()
    # Maven as it is after some jars: it has copied one, and hangs until its output is gone.
    provide(
        commands,
        'for word; do case "$word" in -Dfolder=*) folder=${word#-Dfolder=} ;; esac; done\n'
        'mkdir "$folder/lib"; echo half >"$folder/lib/opensearch.jar"\n'
        f"touch {tmp_path / 'half'}; while echo waiting; do sleep 0.1; done",
    )
    process = prepare(machine)
    until = time.monotonic() + 60
    while not (tmp_path / "half").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (left,) = (tmp_path / "cache" / "dicomlake").glob("opensearch-*")
    assert not complete(left)

    (commands / "mvn").write_text(real)
    found, _ = (again := prepare(machine)).communicate(timeout=300)
    assert again.returncode == 0
    assert complete(Path(found.splitlines()[-1]))
    assert Path(found.splitlines()[-1]) != left
    assert not left.exists()


def test_without_maven_it_says_how_to_get_it(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    with pytest.raises(UnavailableError, match="apt-get install maven"):
        jars.prepare(find(), print, environment)
    assert not list((tmp_path / "dicomlake").glob("opensearch-*"))


def test_what_maven_says_is_said_when_it_fails(machine: dict[str, str], tmp_path: Path) -> None:
    provide(tmp_path / "bin", f'exec {shutil.which("mvn")} --offline -Dmaven.repo.local={tmp_path / "empty"} "$@"')
    with pytest.raises(UnavailableError, match=r"\[ERROR\].*maven-dependency-plugin"):
        jars.prepare(find(), print, machine)
    assert not list((tmp_path / "cache" / "dicomlake").glob("opensearch-*"))


def test_progress_counts_jars_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "_EVERY", 0.0)
    said: list[str] = []
    output = io.StringIO(
        "[INFO] Downloaded from central: a/one.pom (18 kB at 80 kB/s)\n"
        "[INFO] Downloaded from central: a/one.jar (900 kB at 80 kB/s)\n"
        "[INFO] Downloaded from central: a/two.jar (15.2 MB at 2.3 MB/s)\n"
    )
    jars._follow(output, said.append)
    assert said == ["  1 jars, 1 MB", "  2 jars, 16 MB"]

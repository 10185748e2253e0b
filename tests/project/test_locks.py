"""The locks pin everything with hashes, at one version each, and name no index."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;]+)", re.MULTILINE)
LOCKS = ("dev.txt", "runtime.txt")


def lock(name: str) -> str:
    return (ROOT / "requirements" / name).read_text()


def pins(name: str) -> set[tuple[str, str]]:
    return {(match[1], match[2]) for match in PIN.finditer(lock(name))}


def wanted_by_the_program() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {re.split(r"[<>=!~\[; ]", line)[0].lower() for line in project["dependencies"]}


def wanted_by_the_tools() -> set[str]:
    lines = (ROOT / "requirements" / "dev.in").read_text().splitlines()
    return {re.split(r"[<>=!~\[; ]", line)[0].lower() for line in lines if line and not line.startswith("#")}


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_has_hashes(name: str) -> None:
    requirements = lock(name).replace("\\\n", "").splitlines()
    assert [line for line in requirements if "--hash=sha256:" not in line] == []


@pytest.mark.parametrize("name", LOCKS)
def test_no_index_or_address_is_named(name: str) -> None:
    assert re.findall(r"(?m)^--?(?!hash)\S+|^-.*|\S*://\S*", lock(name)) == []


def test_locks_hold_what_is_asked_for() -> None:
    assert wanted_by_the_program() <= {name for name, _ in pins("runtime.txt")}
    assert wanted_by_the_program() | wanted_by_the_tools() <= {name for name, _ in pins("dev.txt")}


def test_program_is_tested_at_the_versions_it_is_installed_with() -> None:
    assert pins("runtime.txt") <= pins("dev.txt")

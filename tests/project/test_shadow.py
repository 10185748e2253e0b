"""A foreign package that hides one of ours is named at start-up, in one line, before anything else can break."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from dicomlake.__main__ import PACKAGES

ROOT = Path(__file__).resolve().parents[2]


def start(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Start ``dicomlake --help`` with ``folder`` first on the import path."""
    environment = os.environ | {"PYTHONPATH": str(folder)}
    line = [*command, "--help"]
    return subprocess.run(line, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def foreign(folder: Path, name: str, kind: str) -> None:
    """Somebody else's package, module or plain folder called ``name``."""
    if kind == "module":
        (folder / f"{name}.py").write_text("")
        return
    (folder / name).mkdir()
    if kind == "package":
        (folder / name / "__init__.py").write_text("")


def test_every_package_of_the_wheel_is_looked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {name.removesuffix(".*") for name in included} == set(PACKAGES)


@pytest.mark.parametrize("kind", ["package", "module"])
@pytest.mark.parametrize("name", ["api", "cli", "sample"])
def test_start_names_the_foreign_package(name: str, kind: str, tmp_path: Path) -> None:
    foreign(tmp_path, name, kind)
    result = start(tmp_path, str(Path(sys.executable).parent / "dicomlake"))
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"dicomlake: another package named '{name}' ({tmp_path}/{name}")


def test_start_as_a_module_looks_too(tmp_path: Path) -> None:
    foreign(tmp_path, "api", "package")
    result = start(tmp_path, sys.executable, "-m", "dicomlake")
    assert result.returncode == 1
    assert "another package named 'api'" in result.stderr


def test_start_goes_on_beside_foreign_packages_of_other_names(tmp_path: Path) -> None:
    foreign(tmp_path, "apis", "package")
    result = start(tmp_path, str(Path(sys.executable).parent / "dicomlake"))
    assert result.returncode == 0, result.stderr
    assert "dicomlake" in result.stdout

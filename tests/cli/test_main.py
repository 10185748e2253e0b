"""What holds for every command: help with an example, quick start, one line for every error."""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from cli.main import COMMANDS, parser
from tests.cli.run import command, environment_of


def nested(name: str) -> tuple[str, ...]:
    """The commands of a command that is a package of them."""
    return tuple(getattr(import_module(f"cli.{name}"), "COMMANDS", ()))


@pytest.mark.parametrize("name", [f"{name} {one}".strip() for name in COMMANDS for one in nested(name) or ("",)])
def test_every_command_has_help_with_an_example_that_parses(name: str) -> None:
    done = command(*name.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert "--data DIR" in done.out
    assert "--json" in done.out
    example = re.search(r"example:\n  dicomlake (.+)", done.out)
    assert example is not None
    words = re.findall(r"'[^']*'|\S+", example[1])
    assert parser().parse(word.strip("'") for word in words).run


def test_help_is_there_at_once() -> None:
    assert command("--help").code == 0
    times = []
    for _ in range(5):
        before = os.times()
        assert command("--help").out.startswith("usage: dicomlake")
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(times) < 0.3


def test_the_version_is_named() -> None:
    assert re.fullmatch(r"dicomlake \d+\.\d+\.\d+\n", command("--version").out)


def test_a_command_that_does_not_exist_is_a_usage_error() -> None:
    assert command("find", "x").failed_with(2, "invalid choice: 'find'", "dicomlake --help")
    assert command().failed_with(2, "COMMAND", "dicomlake --help")
    assert command("stats", "-verbose").failed_with(2, "unrecognized arguments: -verbose")


@pytest.mark.parametrize("name", ["search", "stats", "quarantine list", "serve"])
def test_without_a_lake_commands_say_how_to_make_one(tmp_path: Path, name: str) -> None:
    done = command(*name.split(), "--json", cwd=tmp_path)
    assert done.failed_with(1, "there is no lake in lake", "dicomlake index SOURCE")
    assert done.lines[-1]["error"]["code"] == "unusable-lake"
    assert list(tmp_path.iterdir()) == []


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    done = command("serve", "--json", cwd=tmp_path, DICOMLAKE_PORT="eighty")
    assert done.failed_with(2, "DICOMLAKE_PORT='eighty'")
    assert done.lines[-1]["error"]["code"] == "usage"


def test_names_that_are_no_text_are_escaped_in_errors(tmp_path: Path) -> None:
    done = command("stats", "--data", os.fsencode(tmp_path) + b"/Jos\xe9", "--json")
    assert done.failed_with(1, "there is no lake in")
    assert "Jos\\udce9" in done.lines[-1]["error"]["message"]


def test_an_unexpected_error_is_one_line_and_a_traceback_on_demand(lake: Path, tmp_path: Path) -> None:
    broken = tmp_path / "lake"
    broken.mkdir()
    (broken / "format.json").write_bytes((lake / "format.json").read_bytes())
    (broken / "index").mkdir()
    (broken / "index" / "meta.json").write_text("{}")
    assert command("stats", "--data", broken).failed_with(1)


def test_a_reader_that_has_enough_is_no_error(lake: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "dicomlake", "search", "--data", lake, "--level", "instance", "--limit", "1000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment_of(),
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert (process.stderr.read(), process.wait()) == (b"", 0)
    process.stderr.close()

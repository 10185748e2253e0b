"""Entry of the command line: finds the command, runs it, and turns what goes wrong into one line and an exit code.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done with quarantined items, 130 interrupted.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Protocol, cast

from cli.output import say_error
from cli.parsing import Parser, add_common
from dicomlake import __version__
from dicomlake.errors import DicomlakeError

COMMANDS = (
    "index",
    "import",
    "search",
    "header",
    "serve",
    "worker",
    "demo",
    "sample",
    "quality",
    "quarantine",
    "stats",
    "engine",
    "doctor",
)


class Command(Protocol):
    """A module of a command. ``run`` imports what it needs; the module itself stays quick to import."""

    HELP: str
    EXAMPLE: str

    def options(self, parser: argparse.ArgumentParser) -> None:
        """Add its own options."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; gives the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit code. This is a process boundary: nothing gets past it."""
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        arguments = parser(words[:1]).parse(words)
        with _engine(arguments):
            return int(arguments.run(arguments))
    except DicomlakeError as error:
        return _fail(error, as_json=as_json)
    except BrokenPipeError:
        return _reader_has_gone()
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if os.environ.get("DICOMLAKE_DEBUG", "").lower() in ("1", "true", "yes", "on"):
            raise
        return _fail(_unexpected(error), as_json=as_json)


@contextmanager
def _engine(arguments: argparse.Namespace) -> Iterator[None]:
    """``--engine`` and ``--engine-url`` as settings, which the processes that a command starts have, too."""
    given = {"DICOMLAKE_ENGINE": arguments.engine, "DICOMLAKE_ENGINE_URL": arguments.engine_url}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update({name: value for name, value in given.items() if value is not None})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def parser(named: Sequence[str] = ()) -> Parser:
    """The grammar of every command, or of the one that is named, where that is a command: the others take 15 ms."""
    whole = Parser(prog="dicomlake", description="Every DICOM header a searchable document.")
    whole.add_argument(
        "--version", action="version", version=f"dicomlake {__version__}", help="show the version and end"
    )
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in [name for name in COMMANDS if name in named] or COMMANDS:
        _add(commands, f"cli.{name}")
    return whole


def _add(commands: "argparse._SubParsersAction[Parser]", module: str) -> None:
    """A command, or one that has only commands of its own (``COMMANDS``), as modules inside its package."""
    command = cast(Command, import_module(module))
    one = commands.add_parser(
        module.rpartition(".")[2],
        help=command.HELP,
        description=command.HELP,
        epilog=f"example:\n  {command.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if nested := getattr(command, "COMMANDS", ()):
        inner = one.add_subparsers(title="commands", metavar="COMMAND", required=True)
        for name in nested:
            _add(inner, f"{module}.{name}")
        return
    command.options(one)
    add_common(one)
    one.set_defaults(run=command.run)


def _fail(error: DicomlakeError, *, as_json: bool) -> int:
    try:
        say_error(error, as_json=as_json)
    except BrokenPipeError:
        _reader_has_gone()
    return error.exit_code


def _unexpected(error: Exception) -> DicomlakeError:
    what = f"{error.strerror}: {error.filename}" if isinstance(error, OSError) and error.filename else str(error)
    return DicomlakeError(f"unexpected {type(error).__name__}: {what}; DICOMLAKE_DEBUG=1 shows where")


def _reader_has_gone() -> int:
    """Whoever read our output has enough: no message, and none from the interpreter when it flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0

"""The command line's grammar: options that every command has, and usage errors on one line."""

import argparse
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from dicomlake.errors import UsageError


class Parser(argparse.ArgumentParser):
    """Raises UsageError where argparse would print its usage and leave."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message.replace(_VALUE, '')}; see: {self.prog} --help")

    def parse(self, words: Iterable[str]) -> argparse.Namespace:
        """Parse a command line in which values may begin with a minus (``-Modality:CT``, ``--sort -StudyDate``): all
        options but ``-h`` have two."""
        marked = [_VALUE + word if re.match("-[^-].", word) else word for word in words]
        arguments = super().parse_args(marked)
        for name, value in vars(arguments).items():
            setattr(arguments, name, _unmarked(value))
        return arguments


_VALUE = "\0"
"""Marks a word as a value; no word of a command line can hold it."""


def _unmarked(value: Any) -> Any:
    if isinstance(value, str):
        return value.removeprefix(_VALUE)
    if isinstance(value, list | tuple):
        return type(value)(_unmarked(one) for one in value)
    return value


def add_common(parser: argparse.ArgumentParser) -> None:
    """``--data``, ``--json`` and where the index is, as every command has them."""
    parser.add_argument("--data", type=Path, metavar="DIR", help="the data folder (default: $DICOMLAKE_DATA or ./lake)")
    parser.add_argument(
        "--engine", choices=("embedded", "opensearch"), help="where the index is (default: $DICOMLAKE_ENGINE)"
    )
    parser.add_argument(
        "--engine-url",
        metavar="URL",
        help="its server (default: $DICOMLAKE_ENGINE_URL, the place for passwords)",
    )
    parser.add_argument("--json", action="store_true", help="for machines: JSON on standard output")


_FILTER = re.compile(r'(\([0-9A-Fa-f]{4},\s*"[^"]*"[^)]*\)|[^=]+)=(.*)', re.DOTALL)


def field_and_value(text: str) -> tuple[str, str | None]:
    """``Field=value``; nothing behind the sign is the missing value. A private name may hold the sign in its quotes."""
    match = _FILTER.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form FIELD=VALUE")
    return match[1].strip(), match[2] or None


def field_and_range(text: str) -> tuple[str, str]:
    """``Field=low..high``; an end left out is open."""
    name, bounds = field_and_value(text)
    if bounds is None or ".." not in bounds:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form FIELD=LOW..HIGH")
    return name, bounds


def count(text: str) -> int:
    """A whole number from 0."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def port(text: str) -> int:
    """A TCP port; 0 is any free one."""
    number = count(text)
    if number > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is not a port; ports go up to 65535")
    return number

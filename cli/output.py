"""What commands print: JSON for machines, plain text that no file's content can turn against a terminal."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from dicomlake.errors import DicomlakeError

Cell = str | int | float | None


def say(text: str = "", *, to: TextIO | None = None) -> None:
    """A line for people."""
    stream = to or sys.stdout
    stream.write(text + "\n")
    stream.flush()


def say_json(value: object) -> None:
    """A line for machines, UTF-8 whatever the terminal's encoding."""
    import orjson  # noqa: PLC0415

    sys.stdout.flush()
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def say_error(error: DicomlakeError, *, as_json: bool) -> None:
    """One line on standard error; for machines also an object on standard output."""
    say(f"dicomlake: {printable(error.message)}", to=sys.stderr)
    if as_json:
        say_json(valid({"error": {"code": error.code, "message": error.message, **error.details}}))


def valid(value: Any) -> Any:
    """JSON content in which file names that are no text are escaped: an error may quote them."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {key: valid(one) for key, one in value.items()}
    return [valid(one) for one in value] if isinstance(value, list | tuple) else value


def printable(value: object) -> str:
    """Text on one line, control characters escaped: values come from files that anybody may have written."""
    text = str(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def number(value: float) -> str:
    """A number with its thousands set apart."""
    return f"{value:,}"


def plural(value: int, one: str, many: str = "") -> str:
    """``1 patient``, ``2 patients``."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def byte_size(value: float) -> str:
    """Bytes in decimal units, three digits or so."""
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} TB"


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Columns fitted to a terminal; elsewhere whole values between tabs."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not sys.stdout.isatty():
        for row in (heads, *cells):
            say("\t".join(row))
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        drawn.add_column(head, overflow="ellipsis", no_wrap=True)
    for row in cells:
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_cell(one) for one in value)
    if isinstance(value, Mapping):
        return "..."
    return printable(value)

"""Write the reference pages that follow from the code: engines, errors, quality codes, settings, command line.

``reference.py`` writes them below docs/reference; ``reference.py --check`` changes nothing and leaves with 1 when one
of them is not what the code says.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

from cli.main import parser as build_parser
from dicomlake import errors, settings
from dicomlake.engines.base import Capabilities
from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.headers import quality

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"

GENERATED = "<!-- Written by tools/reference.py (make docs); do not edit. -->\n"


def subclasses(root: type[errors.DicomlakeError]) -> Iterator[type[errors.DicomlakeError]]:
    """``root`` and every error below it, parents first."""
    yield root
    for child in root.__subclasses__():
        yield from subclasses(child)


def errors_page() -> str:
    """One section for each problem type: status, exit code, and what the class says of itself."""
    lines = [
        "# Errors\n",
        "The API answers every error as RFC 9457 `application/problem+json`, with the code in `code`; the command line "
        "prints one line beginning with `dicomlake:` and leaves with the exit code.\n",
        "| code | HTTP status | exit code | title |",
        "|---|---|---|---|",
    ]
    every = sorted(subclasses(errors.DicomlakeError), key=lambda error: error.code)
    lines += [f"| [`{e.code}`](#{e.code}) | {e.status} | {e.exit_code} | {e.title} |" for e in every]
    for error in every:
        said = " ".join((error.__doc__ or "").replace("``", "`").split())
        lines += [f"\n## {error.code}\n", f"{error.title}. HTTP {error.status}, exit code {error.exit_code}.\n", said]
    return "\n".join(lines) + "\n"


def quality_page() -> str:
    """The quality codes, in the order of their table."""
    lines = [
        "# Quality codes\n",
        "Bad data is data: a document with something wrong is indexed, and its `quality` lists what, as `code`, `path` "
        "(where in the document) and `detail`. The codes are searchable and a facet: `quality:bad-date`, "
        "`_exists_:quality`, `--facet quality`.\n",
        "| code | title | what it means | standard |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{c.code}` | {c.title} | {c.description} | {c.standard} |" for c in quality.codes().values()]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """Every setting: environment variable, default, meaning."""
    lines = [
        "# Settings\n",
        "Settings are environment variables. An option of a command takes precedence over its setting.\n",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for variable, default, meaning in settings.described():
        lines.append(f"| `{variable}` | {default and f'`{default}`'} | {meaning} |")
    return "\n".join(lines) + "\n"


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parser and those of its commands, in the order of their definition."""
    yield parser
    for action in parser._actions:
        if isinstance(action.choices, dict):
            for child in dict.fromkeys(action.choices.values()):  # an alias is the same parser
                yield from commands(child)


def cli_page() -> str:
    """The help of the command and of each of its subcommands, 100 columns wide wherever this runs."""
    os.environ.update(COLUMNS="100", NO_COLOR="1")
    lines = [
        "# Command line\n",
        "Every command has `--help`. Exit codes: 0 done, 1 failed, 2 the command cannot be carried out as written, "
        "3 done with something quarantined, 130 interrupted.\n",
    ]
    for parser in commands(build_parser()):
        lines += [f"## {parser.prog}\n", "```text", parser.format_help().rstrip(), "```\n"]
    return "\n".join(lines)


ENGINES: dict[str, Capabilities] = {
    "embedded": EmbeddedEngine.capabilities,
    "opensearch": OpenSearchEngine.capabilities,
}

DIFFERENCES: dict[str, tuple[str, Callable[[Capabilities], str]]] = {
    "drops_uncommitted": (
        "What was put and not committed when the writer ends",
        lambda one: "is gone" if one.drops_uncommitted else "is shown after the next commit or restart",
    ),
    "moment_seconds": (
        "An export or another walk over an earlier commit",
        lambda one: (
            f"ends with `expired-cursor` when it rests for {one.moment_seconds // 60} minutes and others commit"
            if one.moment_seconds
            else "goes on for as long as it takes"
        ),
    ),
    "many_writers": (
        "Processes that may write at once",
        lambda one: (
            "any number, on any hosts; those that update parts of the same series or study do so one after the other"
            if one.many_writers
            else "one"
        ),
    ),
    "instances_skipped": (
        "Hits that a page leaves out at once (`skip`)",
        lambda one: (
            f"{one.instances_skipped:,} instances; any number of series, studies and patients, in orders that fit into "
            "`DICOMLAKE_TABLES_BYTES`, of fields of at most 8 values a document on average"
            if one.instances_skipped
            else "any number"
        ),
    ),
}
"""What to say of each field of Capabilities."""


def engines_page() -> str:
    """Where engines differ."""
    lines = [
        "# Engines\n",
        "The same documents and the same query give the same hits, order, counts, totals and cursors on every engine: "
        "one public test class and a comparison with brute force hold all of them to it. What cannot be made equal is "
        "listed here, and is all there is.\n",
        f"| | {' | '.join(ENGINES)} |",
        "|---" * (len(ENGINES) + 1) + "|",
    ]
    for field in fields(Capabilities):
        what, told = DIFFERENCES[field.name]
        lines.append(f"| {what} | {' | '.join(told(one) for one in ENGINES.values())} |")
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "engines.md": engines_page,
    "errors.md": errors_page,
    "quality.md": quality_page,
    "settings.md": settings_page,
}


def main() -> int:
    """Write or check every page."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--check", action="store_true", help="change nothing; fail when a page is out of date")
    check = options.parse_args().check
    stale = []
    for name, page in PAGES.items():
        target, text = REFERENCE / name, GENERATED + page()
        if target.exists() and target.read_text() == text:
            continue
        stale.append(name)
        if not check:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    if check and stale:
        print(f"out of date in docs/reference: {', '.join(stale)}; write them with: make docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

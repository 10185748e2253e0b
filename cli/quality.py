"""``dicomlake quality``: what is wrong with the headers of a lake, and which values have no rule."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cli.output import number, plural, say, say_json, table

HELP = "summarise what is wrong with headers; 'unmapped' lists values that no rule of canonicalisation knows"
EXAMPLE = """dicomlake quality 'Modality:CT' --data ./lake
  dicomlake quality unmapped --data ./lake --export rules.yml"""


def options(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    add = parser.add_argument
    add("what", nargs="*", metavar="[unmapped] [QUERY]", help="the word unmapped, or not; what to look at, all if none")
    add("--export", metavar="FILE", help="with unmapped: write rules to edit into a new file, - for standard output")


def run(arguments: argparse.Namespace) -> int:
    """Print the codes or the values."""
    from dicomlake import settings  # noqa: PLC0415
    from dicomlake.errors import UsageError  # noqa: PLC0415
    from dicomlake.lake import Lake  # noqa: PLC0415
    from dicomlake.search import Searcher, quality  # noqa: PLC0415

    words = list(arguments.what)
    about_values = words[:1] == ["unmapped"]
    query = words[1:] if about_values else words
    if len(query) > 1:
        raise UsageError(f"{len(query)} queries were given; put one between quotes")
    if arguments.export and not about_values:
        raise UsageError("--export writes rules for values; use it with: dicomlake quality unmapped")
    with Lake.open(arguments.data or settings.load().data) as lake:
        searcher = Searcher(lake)
        found = (quality.unmapped if about_values else quality.codes)(searcher, *query)
    if arguments.export:
        _export(arguments.export, found, as_json=arguments.json)
    elif arguments.json:
        say_json({"fields" if about_values else "codes": found})
    elif about_values:
        _show_values(found)
    else:
        _show_codes(found)
    return 0


def _show_codes(found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        say("Nothing is wrong with these headers.")
        return
    rows = []
    for one in found:
        example = one["example"] or {}
        rows.append(
            [one["code"], number(one["instances"]), number(one["series"]), one["title"]]
            + [example.get(name) for name in ("path", "location")]
        )
    table(["code", "instances", "series", "what", "example: where", "in"], rows)
    say("\nWhat has one of them: dicomlake search 'quality:CODE'")


def _show_values(found: Sequence[Mapping[str, Any]]) -> None:
    rows = [
        [one["field"], value["value"], number(value["instances"]), number(value["series"])]
        for one in found
        for value in one["values"]
    ]
    if not rows:
        say("Every value has a rule.")
        return
    table(["field", "value", "instances", "series"], rows)
    say("\nRules for them: dicomlake quality unmapped --export rules.yml")


def _export(target: str, found: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """A file of the site, of the rules it has and those to edit."""
    from dicomlake import settings  # noqa: PLC0415
    from dicomlake.errors import UsageError  # noqa: PLC0415
    from dicomlake.search import quality  # noqa: PLC0415

    before = settings.load().canonical_file
    text, count = quality.file_to_edit(found, before.read_text(encoding="utf-8-sig") if before else "")
    if target == "-":
        sys.stdout.buffer.write(text.encode())
        return
    try:
        with Path(target).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{target} is there already; name a new file") from error
    except OSError as error:
        raise UsageError(f"{target} cannot be written ({error.strerror}); name another file") from error
    if as_json:
        say_json({"file": target, "rules": count})
    else:
        say(f"{plural(count, 'rule')} to edit in {target}")

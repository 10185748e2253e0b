"""``dicomlake search``: totals, facets and hits of a query."""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cli.output import byte_size, number, plural, printable, say, say_json, table
from cli.parsing import count, field_and_range, field_and_value

if TYPE_CHECKING:
    from dicomlake.query.bounds import Ranges

HELP = "search a lake: totals, facet counts and hits"
EXAMPLE = """dicomlake search 'Modality:CT AND SliceThickness:[0 TO 1.5]' --facet Manufacturer.canonical
  dicomlake search Modality:CT --all --format csv --field PatientID --field StudyDate > ct.csv"""


def options(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    add = parser.add_argument
    add("query", nargs="?", default="", metavar="QUERY", help="what to look for; nothing is everything")
    add("--level", choices=("instance", "series", "study", "patient"), default="series", help="what a hit is")
    add("--facet", action="append", default=[], metavar="F", help="count the values of this field (repeat)")
    add("--filter", action="append", default=[], type=field_and_value, metavar="F=V", help="only this value (repeat)")
    add("--exclude", action="append", default=[], type=field_and_value, metavar="F=V", help="not this value (repeat)")
    add("--range", action="append", default=[], type=field_and_range, metavar="F=A..B", help="from A to B (repeat)")
    add("--facet-limit", type=count, default=1_000, metavar="N", help="values of each facet (default: 1000)")
    add("--facet-sort", choices=("count", "value"), default="count", help="the most frequent values first, or in order")
    add("--facet-contains", default="", metavar="TEXT", help="only values with this text, case and accents aside")
    add("--histogram", action="append", default=[], metavar="F", help="count numbers, dates, times by ranges (repeat)")
    add("--interval", metavar="I", help="width of a range: 0.5, month, 7d or 15min (default: what people can read)")
    add("--field", action="append", default=[], metavar="F", help="show this field too (repeat)")
    add("--sort", action="append", default=[], metavar="F|-F", help="order by a field; a minus is descending (repeat)")
    add("--limit", type=count, default=20, metavar="N", help="hits of a page (default: 20)")
    add("--cursor", metavar="C", help="the next page of an earlier answer")
    add("--all", action="store_true", help="all hits as a file on standard output, of one state of the index")
    add("--format", choices=("csv", "jsonl"), help="with --all: CSV (the default), or an object a line")


def run(arguments: argparse.Namespace) -> int:
    """Search and print the answer."""
    from dicomlake import settings  # noqa: PLC0415
    from dicomlake.lake import Lake  # noqa: PLC0415
    from dicomlake.search import Searcher, SearchRequest  # noqa: PLC0415

    request = SearchRequest(
        q=arguments.query,
        level=arguments.level,
        filters=_by_field(arguments.filter),
        exclude=_by_field(arguments.exclude),
        ranges=_ranges(arguments.range),
        facets=arguments.facet,
        sort=arguments.sort,
        limit=arguments.limit,
        cursor=arguments.cursor,
        fields=arguments.field,
        facet_limit=arguments.facet_limit,
        facet_sort=arguments.facet_sort,
        facet_contains=arguments.facet_contains,
    )
    _check(arguments)
    with Lake.open(arguments.data or settings.load().data) as lake:
        searcher = Searcher(lake)
        if arguments.all:
            return _write_all(searcher.export(request, arguments.format or "csv"))
        answer = searcher.run(request)
        if arguments.histogram:
            drawn = {name: searcher.histogram(name, request, arguments.interval) for name in arguments.histogram}
            answer["histograms"] = drawn
    if arguments.json:
        say_json(answer)
        return 0
    _show_totals(answer["totals"])
    if declared := answer.get("declared"):
        found = plural(declared["series"], "series that an index declares", "series that an index declares")
        say(f"Left out, as their instances are not here: {found} ({plural(declared['instances'], 'instance')})")
    for name, values in answer["facets"].items():
        _show_facet(name, values)
    for name, drawn in answer.get("histograms", {}).items():
        _show_histogram(name, drawn)
    if answer["hits"]:
        say()
        columns = _columns(arguments.level, [field.removeprefix("-") for field in arguments.field + arguments.sort])
        table(list(columns), [[hit.get(column) for column in columns] for hit in answer["hits"]])
    if answer["cursor"]:
        say(f"\nMore: --cursor {answer['cursor']}")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Raises UsageError for options that do not go together."""
    from dicomlake.errors import UsageError  # noqa: PLC0415

    if arguments.format and not arguments.all:
        raise UsageError("--format is for all hits; add --all")
    if arguments.all:
        for name in ("facet", "histogram", "cursor", "json"):
            if getattr(arguments, name):
                raise UsageError(f"--all writes hits and nothing else; leave out --{name}")


def _write_all(chunks: Iterable[bytes]) -> int:
    """Write a file to standard output."""
    sys.stdout.flush()
    for chunk in chunks:
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
    return 0


def _show_totals(totals: Mapping[str, int]) -> None:
    parts = [
        plural(totals["patients"], "patient"),
        plural(totals["studies"], "study", "studies"),
        plural(totals["series"], "series", "series"),
        plural(totals["instances"], "instance"),
        byte_size(totals["bytes"]),
    ]
    say(", ".join(parts))


def _show_facet(name: str, values: Sequence[Mapping[str, Any]]) -> None:
    say(f"\n{printable(name)}")
    for one in values:
        value = "(missing)" if one["value"] is None else printable(one["value"])
        mark = "-" if one.get("excluded") else "*" if one["selected"] else " "
        say(f"  {number(one['count']):>9} {mark} {value}")


def _show_histogram(name: str, drawn: Mapping[str, Any]) -> None:
    unit = f" in {drawn['unit']}" if drawn["unit"] else ""
    say(f"\n{printable(name)}{unit}: {drawn['min']} to {drawn['max']}, by {drawn['interval']}")
    for one in drawn["bins"]:
        say(f"  {number(one['count']):>9}   from {one['from']}")
    for said in ("missing", "other"):
        if drawn[said]:
            say(f"  {number(drawn[said]):>9}   ({said})")


def _ranges(given: Iterable[tuple[str, str]]) -> "Ranges":
    from dicomlake.query.bounds import Bounds, parse_range  # noqa: PLC0415

    found: dict[str, list[Bounds]] = {}
    for name, text in given:
        field, bounds = parse_range(f"{name}:{text}")
        found.setdefault(field, []).append(bounds)
    return found


def _by_field(given: Iterable[tuple[str, str | None]]) -> dict[str, list[str | int | float | None]]:
    found: dict[str, list[str | int | float | None]] = {}
    for name, value in given:
        found.setdefault(name, []).append(value)
    return found


def _columns(level: str, asked: Sequence[str]) -> list[str]:
    """Keys of the hits that a table shows: the level's own, what was asked for, what the registry shows."""
    from mappings import registry  # noqa: PLC0415

    levels = ("patient", "study", "series", "instance")
    shown = levels[: levels.index(level) + 1]
    named = [field.keyword for field in registry.load().fields if field.column and field.level in (*shown, "equipment")]
    counted = {"patient": ["studyCount"], "study": ["seriesCount"], "series": ["instanceCount"], "instance": []}[level]
    own = {"patient": "PatientID", "study": "StudyInstanceUID", "series": "SeriesInstanceUID"}
    return list(dict.fromkeys([*asked, *named, *counted, own.get(level, "SOPInstanceUID")]))

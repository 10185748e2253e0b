"""``dicomlake quarantine``: files that could not be indexed, and why; read them again, or write them to a file."""

import argparse
import csv
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.output import plural, say, say_json, table

if TYPE_CHECKING:
    from dicomlake.catalog import Seen

HELP = "list what could not be indexed, with offset and reason; retry reads it again, export writes it to a file"
EXAMPLE = """dicomlake quarantine list --reason truncated --data ./lake
  dicomlake quarantine retry --under /data/archive/2019 --data ./lake
  dicomlake quarantine export quarantine.csv --data ./lake"""

_COLUMNS = ("location", "reason", "offset", "detail", "size", "source")


def options(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    add = parser.add_argument
    add("action", choices=("list", "retry", "export"), help="list it; read it again; write it to FILE")
    add("file", nargs="?", metavar="FILE", help="export: a new file, .csv or JSON lines; - for standard output")
    add("--reason", metavar="R", help="only what is in quarantine for this reason")
    add("--under", metavar="PATH", help="only this file, or what is below this folder")
    add("--issuer", metavar="I", help="retry: issuer of patient ids that do not name their own (default: none)")
    add("--quiet", action="store_true", help="retry: no progress on standard error")


def run(arguments: argparse.Namespace) -> int:
    """Do it; 3 when something that was read again stays in quarantine."""
    from dicomlake import settings  # noqa: PLC0415
    from dicomlake.errors import UsageError  # noqa: PLC0415
    from dicomlake.lake import Lake  # noqa: PLC0415

    if (arguments.action == "export") != bool(arguments.file):
        raise UsageError("export writes to a file, the others do not: dicomlake quarantine export FILE")
    lake = arguments.data or settings.load().data
    with Lake.open(lake) as opened:
        chosen = [
            one
            for one in opened.catalog.files("quarantined")
            if arguments.reason in (None, one.reason) and _is_under(one.location, arguments.under)
        ]
    match arguments.action:
        case "retry":
            return _retry(chosen, lake, arguments)
        case "export":
            _export(chosen, arguments.file, as_json=arguments.json)
        case _:
            _list(chosen, arguments)
    return 0


def _is_under(location: str, path: str | None) -> bool:
    from dicomlake.storage import location_of  # noqa: PLC0415

    if path is None:
        return True
    root = location_of(path)
    return location == root or location.startswith((root.rstrip("/") + "/", root + "!/"))


def _list(chosen: "Sequence[Seen]", arguments: argparse.Namespace) -> None:
    if arguments.json:
        for one in chosen:
            say_json(_shown(one))
        return
    if not chosen:
        what = "Nothing of that" if arguments.reason or arguments.under else "Nothing"
        say(f"{what} is in quarantine.")
        return
    table(["reason", "offset", "location", "detail"], [[o.reason, o.offset, o.location, o.detail] for o in chosen])
    say(f"\n{plural(len(chosen), 'file')} in quarantine; mend or replace them, then run dicomlake index again.")
    say("After a new version of Dicomlake: dicomlake quarantine retry")


def _retry(chosen: "Sequence[Seen]", lake: Path, arguments: argparse.Namespace) -> int:
    from cli.progress import watching  # noqa: PLC0415
    from cli.stopping import stopping  # noqa: PLC0415
    from dicomlake import settings  # noqa: PLC0415
    from indexer.flow import run as index  # noqa: PLC0415
    from indexer.sources.quarantined import quarantined  # noqa: PLC0415

    set_ = settings.load()
    issuer = set_.issuer if arguments.issuer is None else arguments.issuer
    sources = quarantined(chosen, skipped=lake, issuer=issuer)
    with stopping() as stop, watching(sources, quiet=arguments.quiet) as watch:
        summary = index(lake, sources, workers=set_.workers, watch=watch, stop=stop)
    if arguments.json:
        say_json(summary.as_dict())
    elif not chosen:
        _list(chosen, arguments)
    else:
        say(f"{plural(len(chosen), 'place')} in quarantine tried again: {plural(summary.files, 'file')} read or found")
        for name in ("indexed", "updated", "unchanged", "ignored", "quarantined"):
            if value := getattr(summary, name):
                say(f"  {value:>10,} {name}")
    return 3 if summary.quarantined else 0


def _export(chosen: "Sequence[Seen]", target: str, *, as_json: bool) -> None:
    import orjson  # noqa: PLC0415

    from dicomlake.errors import UsageError  # noqa: PLC0415

    if target.lower().endswith(".csv"):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows([_no_formula(value) for value in _shown(one).values()] for one in chosen)
        content = text.getvalue().encode()
    else:
        content = b"".join(orjson.dumps(_shown(one), option=orjson.OPT_APPEND_NEWLINE) for one in chosen)
    if target == "-":
        sys.stdout.buffer.write(content)
        return
    try:
        # Names of files may be names of patients: for the owner alone.
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except FileExistsError as error:
        raise UsageError(f"{target} is there already; name a new file") from error
    except OSError as error:
        raise UsageError(f"{target} cannot be written ({error.strerror}); name another file") from error
    if as_json:
        say_json({"file": target, "quarantined": len(chosen)})
    else:
        say(f"{plural(len(chosen), 'file')} in quarantine listed in {target}")


def _shown(one: "Seen") -> dict[str, Any]:
    return {name: getattr(one, name) for name in _COLUMNS}


def _no_formula(value: Any) -> Any:
    """Text that no spreadsheet takes for a formula: anybody may have named the file."""
    return "'" + value if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value

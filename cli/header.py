"""``dicomlake header``: the document of a file, as it would be indexed."""

import argparse
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from cli.output import printable, say, say_error, say_json
from dicomlake.errors import DicomlakeError

if TYPE_CHECKING:
    from indexer.items import Outcome

HELP = "show the header of files as the documents that would be indexed"
EXAMPLE = "dicomlake header image.dcm --json"


def options(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a DICOM file, or a zip or tar file with some")


def run(arguments: argparse.Namespace) -> int:
    """A document a file, on a line of its own with ``--json``; 1 when every file failed, 3 when some did."""
    from dicomlake import settings, site  # noqa: PLC0415
    from dicomlake.documents.instance import Origin  # noqa: PLC0415
    from dicomlake.documents.kept import place  # noqa: PLC0415
    from dicomlake.storage import location_of  # noqa: PLC0415
    from indexer.sources.archive import outcomes  # noqa: PLC0415
    from indexer.sources.folder import look  # noqa: PLC0415

    site.current()  # what is wrong with the site's files is not the fault of any of these
    issuer = settings.load().issuer
    failed = files = 0
    for outcome in chain.from_iterable(
        outcomes([look(path)], Origin(location_of(path), issuer=issuer)) for path in arguments.files
    ):
        files += 1
        if outcome.document is None:
            failed += 1
            _complain(outcome, as_json=arguments.json)
            continue
        body = {key: outcome.document.body[key] for key in sorted(outcome.document.body, key=place)}
        if arguments.json:
            say_json(body)
            continue
        say(printable(outcome.found.location))
        for line in tree(body):
            say("  " + line)
    return 0 if not failed else 1 if failed == files else 3


_CODES = {"not-dicom": "not-dicom", "unreadable": "unusable-source", "no-regular-file": "unusable-source"}


def _complain(outcome: "Outcome", *, as_json: bool) -> None:
    location = outcome.found.location
    say_error(DicomlakeError(f"{location}: {outcome.detail}"), as_json=False)
    if as_json:
        error = {
            "code": _CODES.get(outcome.reason, "damaged-dicom"),
            "message": outcome.detail,
            "offset": outcome.offset,
            "reason": outcome.reason,
        }
        say_json({"location": location, "error": error})


def tree(body: Mapping[str, Any]) -> Iterator[str]:
    """A document as indented lines: ``Keyword: value``, sequence items numbered from 1."""
    for key, value in body.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{printable(key)}:"
            for number, item in enumerate(value, 1):
                yield f"  #{number}"
                for line in tree(item):
                    yield "    " + line
        elif isinstance(value, dict):
            yield f"{printable(key)}: " + ", ".join(f"{name}={printable(part)}" for name, part in value.items())
        elif isinstance(value, list):
            yield f"{printable(key)}: " + " \\ ".join(printable(one) for one in value)
        else:
            yield f"{printable(key)}:" + ("" if value is None else f" {printable(value)}")

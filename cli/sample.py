"""``dicomlake sample``: a synthetic hospital to try things on."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from cli.output import byte_size, number, plural, say, say_json
from cli.parsing import count

HELP = "write a synthetic hospital's archive, and the truth about it beside"
EXAMPLE = "dicomlake sample ./hospital --patients 40 --seed 0"


def options(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("out", type=Path, metavar="OUT", help="a new or empty folder")
    parser.add_argument("--patients", type=count, default=40, metavar="N", help="patients (default: 40)")
    parser.add_argument("--seed", type=count, default=0, metavar="S", help="the same seed, the same bytes (default: 0)")


def run(arguments: argparse.Namespace) -> int:
    """Write the archive and say what is in it."""
    import sample  # noqa: PLC0415
    from dicomlake.errors import SourceError, UsageError  # noqa: PLC0415

    try:
        written = sample.write(arguments.out, arguments.patients, arguments.seed, progress=_progress)
    except (ValueError, FileExistsError) as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise SourceError(f"{arguments.out} cannot be written ({error.strerror}); name another folder") from error
    if arguments.json:
        say_json(asdict(written) | {"out": str(written.out), "truth": str(written.truth)})
        return 0
    done = "written to" if written.written else "already in"
    size = byte_size(written.size)
    say(f"{plural(written.files, 'file')} ({size}) {done} {written.out}, the truth in {written.truth}")
    say(
        f"{plural(written.patients, 'patient')}, {plural(written.studies, 'study', 'studies')}, "
        f"{plural(written.series, 'series', 'series')}, {plural(written.instances, 'instance')}; "
        f"{number(written.quarantined)} damaged on purpose, {number(written.ignored)} that are no DICOM"
    )
    say(f"Index it: dicomlake index {written.out}")
    return 0


def _progress(done: int, patients: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done}/{patients} patients" + ("\n" if done == patients else ""))
        sys.stderr.flush()

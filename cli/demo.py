"""``dicomlake demo``: the sample archive and the test files that pydicom ships, indexed and served."""

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from cli.output import plural, say, say_json
from cli.parsing import Parser, add_common, count, port

HELP = "try it: a synthetic hospital and the test files of pydicom, indexed and served to this machine"
EXAMPLE = "dicomlake demo --patients 40"

PATIENTS = 40
SEED = 1
MARK = ".dicomlake-demo"
"""File that says a folder is a demonstration: only there is something removed that is out of date."""

TEST_FILES = ("test_files", "charset_files", "palettes")
"""Folders of pydicom's ``data`` with real files of many makers, character sets and transfer syntaxes."""


def options(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    add = parser.add_argument
    add(
        "--folder", type=Path, default=Path("demo"), metavar="DIR", help="where archive and lake live (default: ./demo)"
    )
    add("--patients", type=count, default=PATIENTS, metavar="N", help=f"patients of the hospital (default: {PATIENTS})")
    add("--port", type=port, metavar="P", help="port of the API; a taken one is passed over (default: 8600)")
    add("--ui-port", type=port, metavar="P", help="port of the page; a taken one is passed over (default: 8601)")


def run(arguments: argparse.Namespace) -> int:
    """Bring archive and lake up to date, then serve until Ctrl-C; 0 when ended so."""
    from cli.serve import Addresses, announce, serve  # noqa: PLC0415
    from dicomlake import settings  # noqa: PLC0415
    from dicomlake.errors import UsageError  # noqa: PLC0415
    from dicomlake.lake import Choice  # noqa: PLC0415

    chosen = settings.load()
    if Choice.of(chosen).kind != "embedded":
        raise UsageError("the demonstration has its index in its own folder; choose --engine embedded")
    folder: Path = arguments.folder
    lake = arguments.data or folder / "lake"
    with _writable(folder):
        _claim(folder)
        _write_archive(folder, arguments.patients)
        if lake.parent == folder:
            _remove_outdated(lake)
    _index(lake, [folder / "archive", *_files_of_pydicom()], as_json=arguments.json)

    api_port = chosen.port if arguments.port is None else arguments.port
    ui_port = chosen.ui_port if arguments.ui_port is None else arguments.ui_port

    def ready(addresses: Addresses) -> None:
        for wanted, address in ((api_port, addresses.api), (ui_port, addresses.ui)):
            if wanted and address and not address.endswith(f":{wanted}"):
                _say(f"Port {wanted} is in use; taking {address.rpartition(':')[2]} instead")
        if arguments.json:
            say_json({"api": addresses.api, "ui": addresses.ui})
        else:
            announce(addresses)

    return serve(lake, chosen.host, api_port, ui_port, find_free=True, ready=ready)


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    from dicomlake.errors import LakeError  # noqa: PLC0415

    try:
        yield
    except OSError as error:
        raise LakeError(f"{folder} cannot be used ({error.strerror or error}); name another with --folder") from error


def _claim(folder: Path) -> None:
    """Make the folder a demonstration's, unless it is somebody's."""
    from dicomlake.errors import UsageError  # noqa: PLC0415

    if (folder / MARK).exists():
        return
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty and holds no demonstration; name another folder with --folder")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def _write_archive(folder: Path, patients: int) -> None:
    """Write the archive unless it is there; one of other arguments or another version is replaced, its lake with it."""
    import sample  # noqa: PLC0415
    from dicomlake.errors import UsageError  # noqa: PLC0415

    if patients < 1:
        raise UsageError("a hospital needs at least one patient: --patients 1")
    archive, lake = folder / "archive", folder / "lake"
    with _progress() as progress:
        try:
            summary = sample.write(archive, patients, SEED, progress)
        except FileExistsError:
            shutil.rmtree(archive)
            summary = sample.write(archive, patients, SEED, progress)
    if summary.written and lake.exists():  # it would still hold what the archive no longer has
        _say("The sample archive was an older or another one; writing it again, and its lake")
        _empty(lake)
    done = "Wrote" if summary.written else "Found"
    _say(f"{done} the sample archive: {plural(summary.files, 'file')} of {plural(summary.patients, 'patient')}")


def _remove_outdated(lake: Path) -> None:
    """Remove a lake of another format, field registry or site: all of it can be indexed again."""
    from dicomlake.errors import LakeError  # noqa: PLC0415
    from dicomlake.lake import Lake  # noqa: PLC0415

    if not (lake / "format.json").exists():
        return
    try:
        Lake.check_place(lake, write=True)
        Lake.open(lake).close()
    except LakeError as error:
        _say(f"Indexing anew: {error.message}")
        _empty(lake)


def _empty(lake: Path) -> None:
    """Remove all that can be indexed again: saved searches and settings stay."""
    for entry in lake.iterdir():
        if entry.is_dir() and entry.name != "state":
            shutil.rmtree(entry)
        elif not entry.is_dir():
            entry.unlink()


def _files_of_pydicom() -> list[Path]:
    """Folders with pydicom's test files, found without importing it."""
    package = find_spec("pydicom")
    homes = package.submodule_search_locations if package else None
    folders = [Path(home) / "data" / name for home in homes or () for name in TEST_FILES]
    return [folder for folder in folders if folder.is_dir()]


def _index(lake: Path, sources: list[Path], *, as_json: bool) -> None:
    """What ``dicomlake index SOURCE... --data LAKE`` does; broken files are part of the demonstration."""
    from cli import index  # noqa: PLC0415

    parser = Parser(prog="dicomlake index")
    index.options(parser)
    add_common(parser)
    words = [*(str(source) for source in sources), "--data", str(lake), *(["--json"] if as_json else [])]
    index.run(parser.parse_args(words))


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Writing the sample archive", total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


def _say(text: str) -> None:
    say(text, to=sys.stderr)

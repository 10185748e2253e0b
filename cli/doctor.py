"""``dicomlake doctor``: whether this installation, this machine and a lake are fit for work."""

import argparse
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.output import byte_size, plural, printable, say, say_json

if TYPE_CHECKING:
    from dicomlake.engines.base import Capabilities

HELP = "check the installation, the ports and the lake"
EXAMPLE = "dicomlake doctor --data ./lake"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, whether it is fit, and what was found."""

    name: str
    fit: bool
    detail: str


def options(parser: argparse.ArgumentParser) -> None:
    """No options of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Print every finding; 1 when something is not fit."""
    from dicomlake import settings  # noqa: PLC0415

    chosen = settings.load()
    data = arguments.data or chosen.data
    checks: list[Callable[[], Iterator[Finding]]] = [
        _installation,
        _site,
        lambda: _disk(data),
        lambda: _engine(data),
        lambda: _port("port of the API", chosen.host, chosen.port, "--port"),
        lambda: _port("port of the page", chosen.host, chosen.ui_port, "--ui-port"),
        lambda: _lake(data),
        lambda: _state(data),
    ]
    findings = [finding for check in checks for finding in check()]
    fit = all(finding.fit for finding in findings)
    if arguments.json:
        say_json({"fit": fit, "checks": [{"name": f.name, "fit": f.fit, "detail": f.detail} for f in findings]})
    else:
        for finding in findings:
            say(f"{'ok  ' if finding.fit else 'BAD '} {finding.name}: {printable(finding.detail)}")
    return 0 if fit else 1


def _installation() -> Iterator[Finding]:
    from dicomlake import __version__  # noqa: PLC0415
    from mappings import registry  # noqa: PLC0415

    yield Finding("dicomlake", True, f"{__version__} in {sys.prefix}")
    yield Finding("python", True, f"{platform.python_version()} on {platform.platform()}")
    yield Finding("registry", True, f"{len(registry.load().fields)} fields")


def _site() -> Iterator[Finding]:
    from dicomlake import site  # noqa: PLC0415
    from dicomlake.errors import DicomlakeError  # noqa: PLC0415

    try:
        found = site.current()
    except DicomlakeError as error:
        yield Finding("site", False, error.message)
        return
    rules = "canonical values of its own" if found.canonical_hash else "no canonical values of its own"
    yield Finding("site", True, f"{rules}, {len(found.persons)} patient ids in its table")


def _engine(data: Path) -> Iterator[Finding]:
    from dicomlake.errors import DicomlakeError  # noqa: PLC0415
    from dicomlake.lake import Mark, home_in  # noqa: PLC0415

    asked = "engine"
    try:
        home = home_in(data)
        mark = Mark.read(data) if Mark.is_in(data) else Mark.of(home)
        mark.check_home(home)
        for name, fit, detail in home.examine(mark.index):
            yield Finding(name, fit, detail)
            asked = "search server"
    except DicomlakeError as error:
        yield Finding(asked, False, error.message)


def _disk(data: Path) -> Iterator[Finding]:
    existing = next(path for path in (data.absolute(), *data.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    yield Finding("disk", free > 1_000_000_000, f"{byte_size(free)} free for {data}")


def _port(name: str, host: str, port: int, flag: str) -> Iterator[Finding]:
    from cli.service import listen  # noqa: PLC0415
    from dicomlake.errors import DicomlakeError  # noqa: PLC0415

    try:
        listen(host, port, flag).close()
    except DicomlakeError as error:
        yield Finding(name, False, error.message)
    else:
        yield Finding(name, True, f"{port} on {host} is free")


def _state(data: Path) -> Iterator[Finding]:
    from dicomlake.errors import DicomlakeError  # noqa: PLC0415
    from dicomlake.state import LOCAL, State  # noqa: PLC0415

    if not State.is_in(data):
        return  # made when somebody saves a search or asks for a job
    try:
        with State.open(data) as state:
            saved = len(state.searches.listed(LOCAL))
            running = sum(job.status in ("queued", "running") for job in state.jobs.listed(LOCAL))
    except DicomlakeError as error:
        yield Finding("state", False, error.message)
        return
    searches = plural(saved, "saved search", "saved searches")
    yield Finding("state", True, f"{searches}, {plural(running, 'job')} waiting or running")


def _lake(data: Path) -> Iterator[Finding]:
    from dicomlake.engines.base import Plan  # noqa: PLC0415
    from dicomlake.errors import DicomlakeError  # noqa: PLC0415
    from dicomlake.lake import Lake  # noqa: PLC0415

    try:
        with Lake.open(data) as lake:
            totals = lake.engine.search(Plan(limit=0)).totals
            counts = lake.catalog.counts()
            differs = lake.engine.capabilities
            open_files = len(lake.catalog.announced())
            gone = lake.catalog.gone()
    except DicomlakeError as error:
        yield Finding("lake", False, error.message)
        return
    instances = totals.instances if totals else 0
    yield Finding("lake", True, f"{instances} instances in {data}")
    yield Finding("capabilities", True, _capabilities(differs))
    yield Finding(
        "catalogue",
        instances <= counts["indexed"] or open_files > 0,
        f"{counts['indexed']} files indexed, {counts['ignored']} ignored, {counts['quarantined']} in quarantine",
    )
    if counts["quarantined"]:
        yield Finding("quarantine", True, f"dicomlake quarantine list --data {data} says what is in it, and why")
    for source, number in gone.items():
        yield Finding(
            "gone", True, f"{plural(number, 'indexed file')} no longer in {source}; remove with dicomlake index --prune"
        )
    if open_files:
        yield Finding("last run", False, f"was stopped with {open_files} files open; run dicomlake index again")


def _capabilities(engine: "Capabilities") -> str:
    """What docs/reference/engines.md lists, of this engine."""
    until = "stays" if engine.moment_seconds is None else f"rests for {engine.moment_seconds} s at most"
    uncommitted = "is gone" if engine.drops_uncommitted else "may show later"
    return f"a walk over an earlier commit {until}; what was not committed when a writer ends {uncommitted}"

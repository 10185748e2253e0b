"""``dicomlake serve``: the API, the page and the worker of a lake, on this machine, until Ctrl-C."""

import argparse
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.output import say, say_json
from cli.parsing import port

if TYPE_CHECKING:
    from cli.service import Part

HELP = "serve the API and the page of a lake to this machine, and run the jobs they ask for"
EXAMPLE = "dicomlake serve --data ./lake --port 8600 --ui-port 8601"

PATIENCE = 60.0
"""Seconds that API and page get to answer."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the service answers; ``ui`` is ``None`` without the page."""

    api: str
    ui: str | None


def options(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--host", metavar="H", help="address of this machine to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=port, metavar="P", help="port of the API (default: 8600)")
    parser.add_argument("--ui-port", type=port, metavar="P", help="port of the page (default: 8601)")
    parser.add_argument("--no-ui", action="store_true", help="no page")
    parser.add_argument(
        "--new", action="store_true", help="start without a lake, too: a job of the page or the API makes it"
    )
    parser.add_argument("--no-worker", action="store_true", help="run no jobs; dicomlake worker does that")


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM; 0 when ended so."""
    from api import server  # noqa: PLC0415
    from dicomlake import settings  # noqa: PLC0415

    chosen = settings.load()
    if chosen.access_log:
        server.log_access()
    return serve(
        arguments.data or chosen.data,
        arguments.host or chosen.host,
        chosen.port if arguments.port is None else arguments.port,
        chosen.ui_port if arguments.ui_port is None else arguments.ui_port,
        with_ui=not arguments.no_ui,
        with_worker=not arguments.no_worker,
        new=arguments.new,
        ready=_announce_json if arguments.json else announce,
    )


def announce(addresses: Addresses) -> None:
    """The addresses, for people."""
    if addresses.ui is not None:
        say(f"Page  {addresses.ui}")
    say(f"API   {addresses.api}/api/v1")
    say("Ctrl-C ends the service.")


def _announce_json(addresses: Addresses) -> None:
    say_json({"api": addresses.api, "ui": addresses.ui})


def serve(
    data: Path,
    host: str,
    api_port: int,
    ui_port: int,
    *,
    with_ui: bool = True,
    with_worker: bool = True,
    new: bool = False,
    find_free: bool = False,
    ready: Callable[[Addresses], None] = announce,
) -> int:
    """Serve the lake in ``data`` until SIGINT, SIGTERM or SIGHUP, then end API, page and worker; gives 0.

    ``new``: there need not be a lake yet, a job makes it.
    ``ready`` is told the addresses once both answer. ``find_free`` takes the next free port for one that is in use.
    Raises LakeError, PortInUseError, UsageError for an address that others can reach, and StartError. Call it from the
    main thread.
    """
    from cli import service  # noqa: PLC0415
    from dicomlake.lake import Lake  # noqa: PLC0415

    with ExitStack() as stack:
        ended = stack.enter_context(service.asked_to_end())
        if not new or Lake.check_place(data):
            Lake.open(data).close()
        listener = stack.enter_context(service.listen(host, api_port, "--port", find_free=find_free))
        addresses = Addresses(service.url_of(listener), None)
        parts: list[Part] = []
        if with_ui:
            # Streamlit opens its port itself; this finds out now whether it can.
            with service.listen(host, ui_port, "--ui-port", find_free=find_free) as probe:
                place, addresses = service.address_of(probe), Addresses(addresses.api, service.url_of(probe))
            page = service.Page(place, addresses.api)
            stack.callback(page.end)
            parts.append(page)
        api = service.Api(data, listener)
        stack.callback(api.end)
        parts.append(api)
        if with_worker:
            worker = service.Work(data)
            stack.callback(worker.end)
            parts.append(worker)
        if _all_answer(parts, ended):
            ready(addresses)
            while not ended.wait(1.0):
                for part in parts:
                    part.check()
    return 0


def _all_answer(parts: "Sequence[Part]", ended: threading.Event) -> bool:
    """Wait until all parts answer; ``False`` when the service was asked to end before. Raises StartError."""
    from dicomlake.errors import StartError  # noqa: PLC0415

    until = time.monotonic() + PATIENCE
    waiting = list(parts)
    while waiting and not ended.wait(0.1):
        for part in waiting:
            part.check()
        waiting = [part for part in waiting if not part.answers()]
        if waiting and time.monotonic() > until:
            raise StartError(f"the service does not answer after {PATIENCE:.0f} s; is this machine very busy?")
    return not waiting

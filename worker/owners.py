"""Names of worker processes, from which another one of the same machine can tell at once whether they still live."""

import os
import secrets
import socket
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

STALE: Final = timedelta(seconds=60)
"""Without a heartbeat for so long, a worker of another machine is given up."""


def own() -> str:
    """The name of this process: where it runs, its number, when it began, and something that no other has."""
    pid = os.getpid()
    return f"{_place()}/{pid}/{_began(pid)}/{secrets.token_hex(4)}"


def is_gone(owner: str, heartbeat: datetime) -> bool:
    """Whether the worker of this name has ended: known at once on this machine, by its heartbeat elsewhere."""
    place, _, rest = owner.partition("/")
    pid, _, rest = rest.partition("/")
    if place == _place() and pid.isdecimal():
        began = _began(int(pid))
        return began is None or began != rest.partition("/")[0]
    return datetime.now(UTC) - heartbeat > STALE


def _place() -> str:
    """This machine since it was started, and within it the container: process numbers mean something there only."""
    parts = [socket.gethostname().replace("/", "-")]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    return ",".join(parts)


def _began(pid: int) -> str | None:
    """When a process began, in the kernel's ticks; empty where the system does not tell, None when there is none."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    except OSError:
        return ""
    else:
        fields = status.rpartition(")")[2].split()  # the name before may hold spaces and parentheses
        return None if fields[0] in ("Z", "X") else fields[19]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return ""

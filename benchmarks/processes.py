"""What a command costs: wall and CPU seconds, and the memory of its processes, as Linux tells it."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

DICOMLAKE = (sys.executable, "-m", "dicomlake")

EVERY = 0.05
"""Seconds between two looks at the memory."""

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident bytes: of the process's own (anonymous and shared), of files mapped into it, which the system takes
    back when it needs them, and of both together: that is the highest ever, as the system keeps it. Of a peak, these
    may be of different moments."""

    own: int = 0
    files: int = 0
    resident: int = 0

    def highest(self, other: "Memory") -> "Memory":
        """The larger of each part."""
        return Memory(max(self.own, other.own), max(self.files, other.files), max(self.resident, other.resident))


@dataclass(frozen=True, slots=True)
class Spent:
    """What a command cost. ``cpu``: seconds of it and of all processes that it started. ``main`` and ``worker``: peaks
    of its first process, and of the largest that this one started."""

    seconds: float
    cpu: float
    output: str
    main: Memory = Memory()
    worker: Memory = Memory()


def end_cleanly() -> None:
    """Let SIGTERM end this program as Ctrl-C does: what it started is ended and what it wrote removed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def run(
    command: Sequence[str | Path],
    *,
    accepted: Sequence[int] = (0,),
    environment: Mapping[str, str] | None = None,
    every: float = EVERY,
) -> Spent:
    """Run a command to its end, with more variables in its environment, looking at its memory meanwhile, ``every`` so
    many seconds. Leaves with its message when it fails."""
    started = time.perf_counter()
    words = [str(part) for part in command]
    environ = os.environ | dict(environment or {})
    process = subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    main, worker = Memory(), Memory()
    watched = os.pidfd_open(process.pid)
    try:
        while not select.select([watched], [], [], every)[0]:  # at its end, not at the next look
            main = main.highest(memory(process.pid))
            for child in children(process.pid):
                worker = worker.highest(memory(child))
        seconds = time.perf_counter() - started
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        raise
    finally:
        os.close(watched)
    process.returncode = os.waitstatus_to_exitcode(status)
    with process.stdout:
        output = process.stdout.read().decode()
    if process.returncode not in accepted:
        raise SystemExit(f"{' '.join(map(str, command))} left with {process.returncode}")
    return Spent(seconds, usage.ru_utime + usage.ru_stime, output, main, worker)


def memory(pid: int) -> Memory:
    """The resident memory of a process, and the most that it ever was; nothing once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return Memory()
    sizes = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith(" kB")}
    own, files = sizes.get("RssAnon:", 0) + sizes.get("RssShmem:", 0), sizes.get("RssFile:", 0)
    return Memory(own, files, max(own + files, sizes.get("VmHWM:", 0)))


def children(pid: int) -> list[int]:
    """The processes that any thread of a process started and that still run."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:  # the thread has ended
            continue
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a running process with its threads, and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder, which may come and go meanwhile."""
    size = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            size += path.stat().st_size if path.is_file() else 0
    return size

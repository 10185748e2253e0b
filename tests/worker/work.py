"""Builders: workers as processes, and jobs to watch."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dicomlake.state import LOCAL, Job, State
from tests.cli.run import environment_of

PATIENCE = 90.0
"""Seconds that a busy machine gets."""


@contextmanager
def worker(data: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker as ``dicomlake serve`` starts it; killed at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "worker", data],
        stdin=subprocess.PIPE,
        env=environment_of(**environment),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """What a condition gives as soon as it is something."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {PATIENCE} s")


def ended(state: State, job: Job) -> Job:
    """The job when it has ended."""

    def found() -> Job | None:
        now = state.jobs.get(LOCAL, job.id)
        return now if now.status in ("done", "failed", "cancelled") else None

    return wait_for(found, f"the end of {job.kind}")  # type: ignore[no-any-return]


def under_way(state: State, job: Job, done: int = 1) -> Job:
    """The job when it has done so much, and is not at its end."""

    def found() -> Job | None:
        now = state.jobs.get(LOCAL, job.id)
        assert now.status in ("queued", "running"), now
        return now if now.progress is not None and now.progress["done"] >= done else None

    return wait_for(found, f"{job.kind} under way")  # type: ignore[no-any-return]


def processes_of(job: Job) -> list[int]:
    """The processes that carry out a job."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if job.id.encode() in words:
            found.append(int(folder.name))
    return found


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)

"""One job, in a process of its own: ``python -m worker.child DATA JOB OWNER``.

Its standard input is a pipe from the worker, which tells when the worker has ended, however it did. SIGINT or SIGTERM
asks it to stop. What comes of the job is written into the state; the exit code only says whether that was done.
"""

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Final

from dicomlake import jobs, settings
from dicomlake.errors import DicomlakeError, StateError, StoppedError
from dicomlake.messages import Message
from dicomlake.state import Job, JobLimits, Progress, State
from worker.tasks import Work, carry_out

SAID: Final = 0
LOST: Final = 1
STOPPED: Final = 2
"""Exit codes: what came of the job is in the state; the job is not ours any more; stopped, the worker knows why."""

_log = logging.getLogger("dicomlake.worker")

_PATIENCE: Final = 20.0
"""Seconds after the worker's end until this process ends by force."""


def main(argv: list[str]) -> int:
    """Carry the job out."""
    data, id, owner = Path(argv[0]), argv[1], argv[2]
    stop = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stop.set())
    threading.Thread(target=_watch_worker, args=(stop,), name="watching the worker", daemon=True).start()
    chosen = settings.load()
    try:
        with State.open(data, jobs=JobLimits.of(chosen)) as state:
            job = state.jobs.find(id)
            if job.owner != owner or job.status != "running":
                return LOST
            return _carry_out(state, job, data, stop, chosen)
    except DicomlakeError as error:  # of the state itself, so nothing can be written into it
        _log.error("%s", error.message)
        return LOST


def _carry_out(state: State, job: Job, data: Path, stop: threading.Event, chosen: settings.Settings) -> int:
    def report(progress: Progress) -> None:
        if not state.jobs.report(job, progress):
            stop.set()  # given up for dead, and begun anew by another

    try:
        task = jobs.task(job.kind, job.arguments)
        result = carry_out(task, Work(data, state.exports / job.id, report, stop, chosen))
    except StoppedError:
        return STOPPED
    except StateError:
        raise
    except DicomlakeError as error:
        return SAID if state.jobs.finish(job, "failed", error=error.problem()) else LOST
    except Exception as error:  # noqa: BLE001  (the boundary of the process: the job is to say why it failed)
        _log.error("an unexpected error in job %s", job.id, exc_info=chosen.debug)
        what = DicomlakeError(
            Message("unexpected {name}: {error}; DICOMLAKE_DEBUG=1 shows where", name=type(error).__name__, error=error)
        )
        return SAID if state.jobs.finish(job, "failed", error=what.problem()) else LOST
    return SAID if state.jobs.finish(job, "done", result=result) else LOST


def _watch_worker(stop: threading.Event) -> None:
    """Stop when the worker has ended; a job that does not is ended, since another process may begin it anew."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stop.set()
    threading.Event().wait(_PATIENCE)
    os._exit(LOST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

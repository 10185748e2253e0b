"""The worker: claims jobs from the state, runs each in a process of its own, and passes on who wants it to stop."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dicomlake import jobs, settings
from dicomlake.errors import DicomlakeError, LakeError
from dicomlake.messages import Message
from dicomlake.state import Job, JobLimits, State
from worker import child, owners

POLL: Final = 0.25
"""Seconds between two looks for something to do."""
BEAT: Final = 5.0
"""Seconds between two heartbeats, and two looks for jobs of workers that have ended."""
TIDY: Final = 600.0
"""Seconds between two looks for what is to be forgotten."""
GRACE: Final = 15.0
"""Seconds that a cancelled job gets to commit what it has, until it is killed."""
LEAVE: Final = 4.0
"""Seconds that running jobs get when the worker is to end; less than its own end may take."""

_log = logging.getLogger("dicomlake.worker")


@dataclass(slots=True)
class _Running:
    job: Job
    process: subprocess.Popen[bytes]
    asked: float | None = None
    """When it was asked to stop."""

    def ask(self) -> None:
        """Ask it to stop; it is killed with all it started when it takes too long."""
        if self.asked is None:
            self.asked = time.monotonic()
            self.process.send_signal(signal.SIGINT)
        elif time.monotonic() - self.asked > GRACE:
            self.kill()

    def kill(self) -> None:
        """End it, and what it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


@dataclass
class Worker:
    """Runs the jobs of one data folder until it is told to stop."""

    data: Path
    chosen: settings.Settings = field(default_factory=settings.load)
    _owner: str = field(default_factory=owners.own)
    _state: State | None = None
    _running: dict[str, _Running] = field(default_factory=dict)
    _beat: float = float("-inf")
    _tidied: float = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; then running jobs are asked to stop and queued again."""
        try:
            while not stop.wait(POLL):
                try:
                    self._turn()
                except LakeError as error:  # a full disk, somebody who writes for long: it may pass
                    _log.error("%s", error.message)
                    stop.wait(BEAT)
        finally:
            self._leave()

    def _turn(self) -> None:
        state = self._opened()
        if state is None:
            return
        self._reap(state)
        now = time.monotonic()
        if now - self._beat > BEAT:
            self._beat = now
            state.jobs.beat(self._owner)
            state.jobs.take_back(owners.is_gone)
        if now - self._tidied > TIDY:
            self._tidied = now
            self._tidy(state)
        if self._running:
            for id in state.jobs.to_cancel(self._owner) & self._running.keys():
                self._running[id].ask()
        while (job := state.jobs.claim(self._owner, jobs.ALONE)) is not None:
            self._begin(state, job)

    def _opened(self) -> State | None:
        """The state; None while the folder has none. A worker makes no folder: it may just have been removed."""
        if self._state is not None and not self._state.is_current():
            for one in self._running.values():
                one.kill()  # what they were to write into is gone
                one.process.wait()
            self._running.clear()
            self._state.close()
            self._state = None
        if self._state is None and State.is_in(self.data):
            self._state = State.open(self.data, jobs=JobLimits.of(self.chosen))
            self._beat = self._tidied = float("-inf")
        return self._state

    def _begin(self, state: State, job: Job) -> None:
        # -P: a folder of the name of one of our packages, in the folder that somebody is in, is not to be taken for it.
        command = [sys.executable, "-P", "-m", "worker.child", str(self.data.absolute()), job.id, self._owner]
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
            )
        except OSError as error:
            state.jobs.lose(job, Message("its process could not be started ({strerror})", strerror=error.strerror))
            return
        self._running[job.id] = _Running(job, process)

    def _reap(self, state: State) -> None:
        """What came of processes that have ended."""
        for id, one in list(self._running.items()):
            code = one.process.poll()
            if code is None:
                continue
            if code == child.STOPPED:
                if one.asked is not None:
                    state.jobs.finish(one.job, "cancelled")
                else:  # by a signal from elsewhere
                    state.jobs.lose(one.job, Message("its process was asked to end"))
            elif code != child.SAID:
                state.jobs.lose(one.job, _how(code))
            one.kill()  # its own children, should there be some left
            self._forget(one)
            del self._running[id]

    def _leave(self) -> None:
        """Let running jobs stop, and queue them again."""
        for one in self._running.values():
            one.process.send_signal(signal.SIGINT)
        until = time.monotonic() + LEAVE
        for one in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                one.process.wait(max(0.0, until - time.monotonic()))
        if self._state is not None:
            for one in self._running.values():
                with suppress(DicomlakeError):
                    if one.asked is not None:
                        self._state.jobs.finish(one.job, "cancelled")
                    else:  # changes nothing when the job has ended meanwhile
                        self._state.jobs.give_back(one.job)
            self._state.close()
        for one in self._running.values():
            self._forget(one)

    def _forget(self, one: _Running) -> None:
        """Let go of the pipe; a process that still runs takes that for the end of its worker, and stops."""
        if one.process.stdin is not None:
            one.process.stdin.close()

    def _tidy(self, state: State) -> None:
        """Forget old jobs, and files of jobs that are gone."""
        state.jobs.forget()
        known = state.jobs.known()
        with suppress(FileNotFoundError):
            for folder in state.exports.iterdir():
                if folder.name not in known:
                    shutil.rmtree(folder, ignore_errors=True)


def run(data: Path, stop: threading.Event) -> None:
    """Run the jobs of a data folder until ``stop`` is set."""
    Worker(data).run(stop)


def _how(code: int) -> Message:
    """How a process ended that did not say so itself."""
    if code < 0:
        return Message("its process was ended by signal {signal}", signal=-code)
    return Message("its process ended with code {code}", code=code)

"""Jobs: what was asked for, how far it is, and what came of it.

A job is *queued*, then *running* while an owner (a worker process) has it, then *done*, *failed* or *cancelled*. Every
change an owner makes names the owner and the attempt, so one that was given up for dead changes nothing any more.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal, Self, get_args

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from dicomlake.errors import JobLostError, NotFoundError, QueueFullError
from dicomlake.messages import Message
from dicomlake.settings import Settings
from dicomlake.state.clock import DAY, moment, now, opaque
from dicomlake.state.database import Database
from dicomlake.state.tables import jobs

Status = Literal["queued", "running", "done", "failed", "cancelled"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
ENDED: Final[tuple[Status, ...]] = ("done", "failed", "cancelled")

ATTEMPTS: Final = 3
"""Times a job is begun when its process ends by itself."""


@dataclass(frozen=True, slots=True)
class JobLimits:
    """``running`` and ``queued``: jobs of a user. Ended jobs are forgotten after ``days``."""

    running: int = 2
    queued: int = 20
    days: int = 7

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits that the settings say."""
        return cls(settings.jobs_running, settings.jobs_queued, settings.job_days)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: ``done`` of ``total`` (None: unknown) ``unit``, ``rate`` of them a second, ``eta`` in seconds.
    ``phase`` is what it is doing, for programs; ``message`` says it."""

    phase: str
    message: str = ""
    done: int = 0
    total: int | None = None
    unit: str = ""
    rate: float | None = None
    eta: float | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One job. ``cancel``: it is to stop. ``attempts``: times it was begun. ``error`` is a problem (RFC 9457)."""

    id: str
    user: str
    kind: str
    arguments: Mapping[str, Any]
    status: Status
    progress: Mapping[str, Any] | None
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    cancel: bool
    attempts: int
    owner: str | None
    created: datetime
    started: datetime | None
    finished: datetime | None
    heartbeat: datetime | None


class Jobs:
    """The jobs of every user. The API adds, shows and cancels them; a worker claims them and says what came of them."""

    def __init__(self, database: Database, limits: JobLimits) -> None:
        self._database = database
        self._limits = limits

    # For whoever wants something done

    def add(self, user: str, kind: str, arguments: Mapping[str, Any]) -> Job:
        """Queue a job. Raises QueueFullError."""
        with self._database.writing() as connection:
            waiting = (jobs.c.user == user, jobs.c.status == "queued")
            count = connection.execute(select(func.count()).select_from(jobs).where(*waiting)).scalar_one()
            if count >= self._limits.queued:
                raise QueueFullError(
                    Message("{count} jobs are waiting; cancel one, or ask again when some have run", count=count),
                    limit=self._limits.queued,
                )
            id = opaque()
            values = {"id": id, "user": user, "kind": kind, "arguments": dict(arguments), "created": now()}
            connection.execute(insert(jobs).values(**values, status="queued", cancel=False, attempts=0))
            return _one(connection, jobs.c.id == id)

    def get(self, user: str, id: str) -> Job:
        """A job of the user's. Raises NotFoundError."""
        with self._database.reading() as connection:
            return _one(connection, (jobs.c.id == id) & (jobs.c.user == user))

    def listed(self, user: str) -> list[Job]:
        """The user's jobs, the newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(jobs).where(jobs.c.user == user).order_by(jobs.c.created.desc(), jobs.c.id).limit(1_000)
            )
            return [_job(row) for row in rows]

    def cancel(self, user: str, id: str) -> Job | None:
        """Have a job stopped: at once when it waits, soon when it runs. One that has ended is removed: gives None.

        Raises NotFoundError.
        """
        where = (jobs.c.id == id) & (jobs.c.user == user)
        with self._database.writing() as connection:
            job = _one(connection, where)
            if job.status in ENDED:
                connection.execute(delete(jobs).where(where))
                return None
            if job.status == "queued":
                connection.execute(update(jobs).where(where).values(cancel=True, status="cancelled", finished=now()))
            else:
                connection.execute(update(jobs).where(where).values(cancel=True))
            return _one(connection, where)

    # For a worker

    def claim(self, owner: str, alone: Collection[str] = ()) -> Job | None:
        """The next job to run, now this owner's; None when none may run. Of the kinds in ``alone`` one runs at a time.

        A user's jobs run in the order in which they were added, as far as these rules let them.
        """
        with self._database.reading() as connection:  # most of the time there is nothing, and nobody is to wait for it
            if connection.execute(select(jobs.c.id).where(jobs.c.status == "queued").limit(1)).first() is None:
                return None
        with self._database.writing() as connection:
            running = connection.execute(select(jobs.c.user, jobs.c.kind).where(jobs.c.status == "running")).all()
            busy = any(row.kind in alone for row in running)
            queued = select(jobs.c.id, jobs.c.user, jobs.c.kind).where(jobs.c.status == "queued")
            for row in connection.execute(queued.order_by(jobs.c.created, jobs.c.id)).all():
                mine = sum(1 for other in running if other.user == row.user)
                if mine >= self._limits.running or (busy and row.kind in alone):
                    continue
                time = now()
                connection.execute(
                    update(jobs)
                    .where(jobs.c.id == row.id)
                    .values(status="running", owner=owner, started=time, heartbeat=time, attempts=jobs.c.attempts + 1)
                )
                return _one(connection, jobs.c.id == row.id)
        return None

    def find(self, id: str) -> Job:
        """A job, whoever's it is. Raises NotFoundError."""
        with self._database.reading() as connection:
            return _one(connection, jobs.c.id == id)

    def beat(self, owner: str) -> None:
        """Say that the owner is alive."""
        with self._database.writing() as connection:
            mine = (jobs.c.owner == owner) & (jobs.c.status == "running")
            connection.execute(update(jobs).where(mine).values(heartbeat=now()))

    def to_cancel(self, owner: str) -> set[str]:
        """The ids of the owner's jobs that are to stop."""
        with self._database.reading() as connection:
            mine = (jobs.c.owner == owner) & (jobs.c.status == "running")
            return set(connection.execute(select(jobs.c.id).where(mine, jobs.c.cancel)).scalars())

    def report(self, job: Job, progress: Progress) -> bool:
        """Write down how far a claimed job is; False when it is not the owner's any more."""
        return self._change(job, progress=asdict(progress))

    def finish(
        self,
        job: Job,
        status: Literal["done", "failed", "cancelled"],
        *,
        result: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> bool:
        """End a claimed job; False when it is not the owner's any more."""
        return self._change(job, status=status, result=result, error=error, finished=now(), owner=None)

    def give_back(self, job: Job) -> bool:
        """Queue a claimed job again: its worker ends. The attempt does not count."""
        return self._change(job, status="queued", owner=None, attempts=job.attempts - 1, heartbeat=None)

    def lose(self, job: Job, how: Message) -> bool:
        """A claimed job's process ended by itself: it is begun again, or failed after the last attempt, or cancelled
        if it was to be. ``how`` says how it ended."""
        with self._database.writing() as connection:
            where = _held(job)
            row = connection.execute(select(jobs).where(where)).first()
            if row is None:
                return False
            connection.execute(update(jobs).where(where).values(**_lost(row, how)))
            return True

    def take_back(self, is_gone: Callable[[str, datetime], bool]) -> int:
        """Lose the jobs whose owner is gone, by its name and last heartbeat; how many."""
        with self._database.writing() as connection:
            rows = connection.execute(select(jobs).where(jobs.c.status == "running")).all()
            gone = [row for row in rows if row.owner is None or is_gone(row.owner, moment(row.heartbeat or 0))]
            for row in gone:
                values = _lost(row, Message("the worker ended by itself"))
                connection.execute(update(jobs).where(jobs.c.id == row.id).values(**values))
            return len(gone)

    def forget(self) -> None:
        """Remove jobs that ended long ago."""
        with self._database.writing() as connection:
            old = jobs.c.finished < now() - self._limits.days * DAY
            connection.execute(delete(jobs).where(jobs.c.status.in_(ENDED), old))

    def known(self) -> set[str]:
        """The ids of all jobs."""
        with self._database.reading() as connection:
            return set(connection.execute(select(jobs.c.id)).scalars())

    def _change(self, job: Job, **values: Any) -> bool:
        with self._database.writing() as connection:
            return connection.execute(update(jobs).where(_held(job)).values(**values)).rowcount > 0


def _held(job: Job) -> ColumnElement[bool]:
    """The job is still that owner's, in that attempt."""
    of_owner = (jobs.c.owner == job.owner) & (jobs.c.attempts == job.attempts)
    return (jobs.c.id == job.id) & (jobs.c.status == "running") & of_owner


def _lost(row: Row[Any], how: Message) -> dict[str, Any]:
    if row.cancel:
        return {"status": "cancelled", "owner": None, "finished": now()}
    if row.attempts < ATTEMPTS:
        return {"status": "queued", "owner": None, "heartbeat": None}
    message = Message(
        "{how}, {attempts} times; look at the memory and the log of this machine, then ask for the job again",
        how=how,
        attempts=row.attempts,
    )
    error = JobLostError(message, attempts=row.attempts).problem()
    return {"status": "failed", "owner": None, "finished": now(), "error": error}


def _one(connection: Connection, where: ColumnElement[bool]) -> Job:
    row = connection.execute(select(jobs).where(where)).first()
    if row is None:
        raise NotFoundError("there is no such job; it was removed, or ended too long ago")
    return _job(row)


def _job(row: Row[Any]) -> Job:
    fields = dict(row._mapping)
    for name in ("created", "started", "finished", "heartbeat"):
        fields[name] = None if fields[name] is None else moment(fields[name])
    return Job(**fields)

"""The database behind the state: opened, brought to the newest tables, and its errors in words.

What is SQLite's own is in this module alone: the other modules ask in terms that PostgreSQL answers, too.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import URL

from dicomlake import disk
from dicomlake.errors import StateError
from dicomlake.messages import Message

MIGRATIONS: Final = Path(__file__).with_name("migrations")
PATIENCE: Final = 30.0
"""Seconds to wait for another process that writes."""

_BEGIN: Final = "dicomlake_begin"


class Database:
    """The database in a file. Safe to share between threads, not between processes: each opens its own.

    Raises StateError when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._errors():
            _make_private(path)
            self._mark = _mark_of(path)
            self._engine = _engine(path)
            try:
                with _alone(path.with_name("lock")):
                    self._upgrade()
            except BaseException:
                self._engine.dispose()
                raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment and changes nothing."""
        with self._errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is alone: what it reads stays true until it is committed, at the end of the block."""
        with (
            self._errors(),
            self._engine.connect() as connection,
            connection.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"}).begin(),
        ):
            yield connection

    def is_current(self) -> bool:
        """Whether the file that was opened is still the one in its place."""
        return self._mark is not None and self._mark == _mark_of(self.path)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def _upgrade(self) -> None:
        """Bring the tables to the newest version, in one transaction. Raises StateError when they are newer."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        scripts = ScriptDirectory(str(MIGRATIONS))
        head = scripts.get_current_head()

        def steps(version: Any, context: MigrationContext) -> list[RevisionStep]:
            return scripts._upgrade_revs("head", version)

        with self.reading() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        if current == head:
            return
        known = {script.revision for script in scripts.walk_revisions()}
        if current is not None and current not in known:
            raise StateError(
                Message(
                    "{path} was written by a newer Dicomlake (tables {current}, this one knows {head}); "
                    "use that version, or move the file away to begin without what it holds",
                    path=self.path,
                    current=current,
                    head=head,
                )
            )
        with self.writing() as connection, EnvironmentContext(config, scripts, fn=steps) as environment:
            environment.configure(connection=connection, transactional_ddl=True)
            environment.run_migrations()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise disk.full(self.path.parent, error) or StateError(
                Message(
                    "{path} cannot be written ({strerror}); change the permissions of its folder",
                    path=self.path,
                    strerror=error.strerror,
                )
            ) from error
        except exc.IntegrityError:
            raise
        except exc.DBAPIError as error:
            what = str(error.orig)
            raise disk.full(self.path.parent, error) or StateError(
                Message(
                    "{path} cannot be used ({what}); check its permissions and its disk, or move a damaged file away",
                    path=self.path,
                    what=what,
                )
            ) from error


def _engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path.absolute())),
        connect_args={"timeout": PATIENCE},
        max_overflow=-1,  # as many connections as threads that ask: a file refuses none
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.isolation_level = None  # the driver would begin only at the first INSERT, and never for tables
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))

    return engine


def _make_private(path: Path) -> None:
    """The file and its folder, for the owner alone; SQLite gives its side files the mode of the file."""
    folder = path.parent
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(exist_ok=True, mode=0o700)
    _narrow(folder, 0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    _narrow(path, 0o600)


def _mark_of(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _narrow(path: Path, mode: int) -> None:
    if path.stat().st_mode & 0o777 & ~mode:
        with suppress(PermissionError):  # somebody else's: what they gave stays
            path.chmod(mode)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process at a time: switching a new file to a write-ahead log does not wait for others by itself."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

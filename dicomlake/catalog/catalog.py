"""The catalogue on SQLite: one writer, any number of readers, durable at every commit."""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import orjson

from dicomlake import disk
from dicomlake.catalog.seen import Seen, Status
from dicomlake.errors import LakeError

VERSION = 1
"""``user_version`` of the file."""

_SCHEMA = """
CREATE TABLE files (
    location    TEXT PRIMARY KEY,
    size        INTEGER NOT NULL,
    mtime_ns    INTEGER NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('indexed', 'ignored', 'quarantined')),
    uid         TEXT NOT NULL,
    header_hash TEXT NOT NULL,
    reason      TEXT NOT NULL,
    "offset"    INTEGER NOT NULL,
    detail      TEXT NOT NULL,
    source      TEXT NOT NULL,
    run         INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX files_by_status ON files (status, location);
CREATE TABLE announced (
    location TEXT NOT NULL,
    uid      TEXT NOT NULL,
    PRIMARY KEY (location, uid)
) WITHOUT ROWID;
CREATE TABLE runs (
    run      INTEGER PRIMARY KEY,
    started  TEXT NOT NULL,
    finished TEXT,
    sources  TEXT NOT NULL,
    summary  TEXT
);
"""
_UPGRADES: dict[int, str] = {}
"""What makes the tables of a version those of the next; carried out in one transaction when the file is opened for
writing, which a lake of an older format never is but at the end of its migration."""

_COLUMNS = tuple(field.name for field in fields(Seen))
_row = attrgetter(*_COLUMNS)
_SELECT = "SELECT {} FROM files".format(", ".join(f'"{name}"' for name in _COLUMNS))
_INSERT = "INSERT OR REPLACE INTO files ({}) VALUES ({})".format(
    ", ".join(f'"{name}"' for name in _COLUMNS), ", ".join("?" for _ in _COLUMNS)
)
_PAGE = 1_000
_WITHIN = (
    "location >= ? AND location < ? AND (location = ? OR substr(location, ?, 1) = '/' OR substr(location, ?, 2) = '!/')"
)
_ABSENT = f"{_WITHIN} AND run <> ? AND location NOT IN (SELECT location FROM present)"


class Catalog:
    """The catalogue of a lake, usable from several threads. Raises LakeError when the file cannot be used.

    A reader sees nothing until the writer has made the file, and then what the writer has committed.
    """

    def __init__(self, path: Path, *, write: bool) -> None:
        self._path = path
        self._write = write
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        if write:
            with self._errors():
                self._connection = self._open_for_writing()

    def check(self) -> None:
        """Raises LakeError when the file cannot be read or is of a newer version; no file at all is none."""
        self._rows("SELECT 1")

    def known(self, locations: Sequence[str]) -> dict[str, Seen]:
        """What is recorded of these locations; those never seen are left out."""
        wanted = orjson.dumps(locations).decode()
        rows = self._rows(f"{_SELECT} WHERE location IN (SELECT value FROM json_each(?))", wanted)
        return {row[0]: Seen(*row) for row in rows}

    def files(self, status: Status | None = None) -> Iterator[Seen]:
        """Every recorded location, or those of one status, in order; commits in between may or may not be seen."""
        after = ""
        while True:
            condition = "location > ?" if status is None else "status = ? AND location > ?"
            values = (after,) if status is None else (status, after)
            rows = self._rows(f"{_SELECT} WHERE {condition} ORDER BY location LIMIT {_PAGE}", *values)
            yield from (Seen(*row) for row in rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def page(self, status: Status, skip: int, limit: int, reason: str | None = None) -> list[tuple[Seen, str]]:
        """Some locations of one status, and of one reason where it is given, in order, and when the run began that
        recorded each (ISO 8601)."""
        condition = "status = ?" if reason is None else "status = ? AND reason = ?"
        values = (status,) if reason is None else (status, reason)
        columns = ", ".join(f'files."{name}"' for name in _COLUMNS)
        rows = self._rows(
            f"SELECT {columns}, coalesce(runs.started, '') FROM files LEFT JOIN runs ON runs.run = files.run "
            f"WHERE {condition} ORDER BY location LIMIT ? OFFSET ?",
            *values,
            limit,
            skip,
        )
        return [(Seen(*row[:-1]), row[-1]) for row in rows]

    def reasons(self, status: Status) -> dict[str, int]:
        """Number of locations of one status, by reason."""
        return dict(self._rows("SELECT reason, count(*) FROM files WHERE status = ? GROUP BY reason", status))

    def counts(self) -> dict[Status, int]:
        """Number of locations by status."""
        counts: dict[Status, int] = {"indexed": 0, "ignored": 0, "quarantined": 0}
        return counts | dict(self._rows("SELECT status, count(*) FROM files GROUP BY status"))

    def announced(self) -> dict[str, frozenset[str]]:
        """Location to SOP Instance UIDs that a run was about to change when it was killed: the engine may have them or
        not."""
        found: dict[str, set[str]] = {}
        for location, uid in self._rows("SELECT location, uid FROM announced"):
            found.setdefault(location, set()).add(uid)
        return {location: frozenset(uids) for location, uids in found.items()}

    def announce(self, changes: Iterable[tuple[str, str]]) -> None:
        """Durably note (location, uid) before the engine gets or loses them; :meth:`record` takes the note away."""
        with self._transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO announced VALUES (?, ?)", changes)

    def record(self, seen: Iterable[Seen], gone: Iterable[str] = ()) -> None:
        """Durably record locations and drop those that hold nothing any more, all or none; call it when the engine
        has committed what they hold."""
        rows = [_row(one) for one in seen]
        dropped = [(location,) for location in gone]
        with self._transaction() as connection:
            connection.executemany("DELETE FROM files WHERE location = ?", dropped)
            connection.executemany(_INSERT, rows)
            connection.executemany("DELETE FROM announced WHERE location = ?", [*dropped, *((row[0],) for row in rows)])

    def note_present(self, locations: Sequence[str]) -> None:
        """Note, for :meth:`absent`, recorded locations that were met again. Kept in a temporary file, not in memory."""
        self._note("SELECT value FROM json_each(?)", orjson.dumps(locations).decode())

    def note_within(self, root: str) -> None:
        """Note all recorded locations within a root as met again, as when it cannot be looked into."""
        self._note(f"SELECT location FROM files WHERE {_WITHIN}", *_within(root))

    def absent(self, root: str, run: int) -> Iterator[Seen]:
        """The locations within a root that this run neither recorded nor noted, in order."""
        after = ""
        while True:
            rows = self._rows(
                f"{_SELECT} WHERE {_ABSENT} AND location > ? ORDER BY location LIMIT {_PAGE}",
                *_within(root),
                run,
                after,
            )
            yield from (Seen(*row) for row in rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def tallies(self, root: str) -> list[tuple[Status, str, int]]:
        """Status, reason and number of the locations within a root."""
        return self._rows(
            f"SELECT status, reason, count(*) FROM files WHERE {_WITHIN} GROUP BY status, reason", *_within(root)
        )

    def within(self, root: str) -> int:
        """Number of locations within a root that the lake has an instance of."""
        rows = self._rows(f"SELECT count(*) FROM files WHERE uid <> '' AND {_WITHIN}", *_within(root))
        return int(rows[0][0]) if rows else 0

    def gone(self) -> dict[str, int]:
        """Sources, as the last whole run over them named them, of which indexed files were gone and stayed: how many.
        Several are between commas."""
        rows = self._rows(
            "SELECT sources, json_extract(summary, '$.gone') FROM runs "
            "WHERE run IN (SELECT max(run) FROM runs WHERE finished IS NOT NULL GROUP BY sources)"
        )
        return {", ".join(orjson.loads(sources)): number for sources, number in rows if number}

    def begin_run(self, sources: Sequence[str]) -> int:
        """The number of a new run over these sources."""
        with self._transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO runs (started, sources) VALUES (?, ?)", (_now(), orjson.dumps(sources).decode())
            )
            return int(cursor.lastrowid or 0)

    def end_run(self, run: int, summary: dict[str, int | float]) -> None:
        """Mark a run as finished, with its summary."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE runs SET finished = ?, summary = ? WHERE run = ?",
                (_now(), orjson.dumps(summary).decode(), run),
            )

    def copy_to(self, path: Path) -> None:
        """A copy as of now in a new file, durable but for its name. Where there is no file yet, none is made."""
        self.check()
        with self._lock, self._errors():
            if self._connection is not None:
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
                with closing(sqlite3.connect(path, isolation_level=None)) as copy:
                    self._connection.backup(copy)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _note(self, selection: str, *values: str | int) -> None:
        self._rows(f"INSERT OR IGNORE INTO present {selection}", *values)

    def _rows(self, statement: str, *values: str | int) -> list[tuple[Any, ...]]:
        with self._lock, self._errors():
            if self._connection is None and not self._write:
                self._connection = self._open_for_reading()
            if self._connection is None:
                return []
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._errors():
            if not self._write or self._connection is None:
                raise LakeError(f"{self._path} was opened for reading only")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()
            self._connection.execute("PRAGMA shrink_memory")  # 2 MB of pages, which the system has too

    def _open_for_writing(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        version = _version(connection, self._path)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            if version < VERSION:
                changes = _SCHEMA if version == 0 else " ".join(_UPGRADES[step] for step in range(version, VERSION))
                connection.executescript(f"BEGIN; {changes} PRAGMA user_version = {VERSION}; COMMIT;")
            connection.execute("CREATE TEMP TABLE present (location TEXT PRIMARY KEY) WITHOUT ROWID")
        except BaseException:
            connection.close()  # and with it what the script had begun
            raise
        return connection

    def _open_for_reading(self) -> sqlite3.Connection | None:
        if not self._path.exists():
            return None
        # Beside a write-ahead log a reader needs a shared-memory file, and what a killed writer had begun must be taken
        # back before anything is read, which mode=ro refuses. Where it may do neither nobody writes either.
        mode = "mode=rw" if os.access(self._path, os.W_OK) else "mode=ro"
        if not os.access(self._path.parent, os.W_OK):
            mode = "mode=ro&immutable=1"
        uri = f"{self._path.absolute().as_uri()}?{mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only = ON")
        if _version(connection, self._path) == 0:  # made, but its tables are not committed yet
            connection.close()
            return None
        return connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise disk.full(self._path.parent, error) or LakeError(
                f"the catalogue {self._path} cannot be used ({error}); free space or mend it"
            ) from error
        except sqlite3.DatabaseError as error:
            raise LakeError(
                f"the catalogue {self._path} is damaged ({error}); remove it and index again, the files are read anew"
            ) from error


def _within(root: str) -> tuple[str | int, ...]:
    """The values of the condition: a range that the key finds, and in it the root itself, what is below it, and the
    members of the archive that it is."""
    start = root.rstrip("/")
    return start, start + "0", start, len(start) + 1, len(start) + 1


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        connection.close()
        raise LakeError(f"{path} was written by a newer Dicomlake (catalogue {version}, this one knows {VERSION})")
    return version


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

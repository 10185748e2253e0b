"""The state of one data folder."""

import secrets
from pathlib import Path
from typing import Final, Self

from sqlalchemy import insert, select

from dicomlake.closing import Closing
from dicomlake.state import tables
from dicomlake.state.database import Database
from dicomlake.state.jobs import JobLimits, Jobs
from dicomlake.state.preferences import Preferences
from dicomlake.state.searches import Searches, SearchLimits

LOCAL: Final = "local"
"""The one user of a service without accounts."""

FOLDER: Final = "state"
FILE: Final = "state.sqlite"
EXPORTS: Final = "exports"

_DEFAULT_SEARCHES: Final = SearchLimits()
_DEFAULT_JOBS: Final = JobLimits()


class State(Closing):
    """Settings, searches, jobs and secrets of a data folder. Safe to share between threads; each process opens its own.

    Every method raises StateError when the database cannot be used.
    """

    def __init__(self, folder: Path, database: Database, searches: SearchLimits, jobs: JobLimits) -> None:
        self.folder = folder
        self._database = database
        self.preferences = Preferences(database)
        self.searches = Searches(database, searches)
        self.jobs = Jobs(database, jobs)

    @classmethod
    def open(cls, data: Path, searches: SearchLimits = _DEFAULT_SEARCHES, jobs: JobLimits = _DEFAULT_JOBS) -> Self:
        """The state of the data folder, which need not hold a lake; made when missing, brought to the newest tables.

        Raises StateError when it cannot be, or was written by a newer Dicomlake.
        """
        return cls(data / FOLDER, Database(data / FOLDER / FILE), searches, jobs)

    @staticmethod
    def is_in(data: Path) -> bool:
        """Whether the data folder has a state already."""
        return (data / FOLDER / FILE).is_file()

    def is_current(self) -> bool:
        """Whether it is still the state of its folder, which may have been removed or replaced."""
        return self._database.is_current()

    @property
    def exports(self) -> Path:
        """The folder with the files of export jobs, each in one of its own, named by its job."""
        return self.folder / EXPORTS

    def secret(self, name: str) -> bytes:
        """32 random bytes of this name: made at the first call, the same for all processes ever after."""
        column = select(tables.secrets.c.value).where(tables.secrets.c.name == name)
        with self._database.reading() as connection:
            value = connection.execute(column).scalar_one_or_none()
        if value is None:
            with self._database.writing() as connection:  # alone: another process may just have made it
                value = connection.execute(column).scalar_one_or_none()
                if value is None:
                    value = secrets.token_bytes(32)
                    connection.execute(insert(tables.secrets).values(name=name, value=value))
        return bytes(value)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

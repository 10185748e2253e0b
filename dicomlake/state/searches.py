"""Searches that are addressed by an opaque id: saved under a name, or kept for an address that must not tell."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, update

from dicomlake.errors import InvalidRequestError, LimitError, NameTakenError, NotFoundError
from dicomlake.messages import Message
from dicomlake.settings import Settings
from dicomlake.state.clock import DAY, moment, now, opaque
from dicomlake.state.database import Database
from dicomlake.state.tables import searches

MOST_CHARACTERS: Final = 200
"""Characters of a name."""

_USED_EVERY: Final = 60_000_000
"""Microseconds after which another use is worth writing down."""


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """``named`` and ``unnamed``: searches that a user may have; of the unnamed ones those used longest ago make room,
    and all go ``days`` after their last use. ``size``: bytes of one."""

    named: int = 1_000
    unnamed: int = 10_000
    days: int = 180
    size: int = 65_536

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits that the settings say."""
        days, size = settings.unnamed_search_days, settings.search_bytes
        return cls(settings.saved_searches, settings.unnamed_searches, days, size)


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search: ``text`` is the query string of its permalink (:mod:`dicomlake.query.permalink`), without the ``?``."""

    id: str
    user: str
    name: str | None
    text: str
    shared: bool
    created: datetime
    used: datetime


class Searches:
    """The searches of every user; a user sees their own and what others share."""

    def __init__(self, database: Database, limits: SearchLimits) -> None:
        self._database = database
        self._limits = limits

    def add(self, user: str, text: str, name: str | None = None, *, shared: bool = False) -> SavedSearch:
        """Keep a search. One without a name that the user has already is that one, used again.

        Raises InvalidRequestError for a text that is too long, NameTakenError, and LimitError when no more are saved.
        """
        self._check_size(text)
        with self._database.writing() as connection:
            if name is None and not shared:
                same = select(searches).where(
                    searches.c.user == user,
                    searches.c.digest == _digest(text),
                    searches.c.text == text,
                    searches.c.name.is_(None),
                    searches.c.shared.is_(False),
                )
                if (known := connection.execute(same).first()) is not None:
                    connection.execute(update(searches).where(searches.c.id == known.id).values(used=now()))
                    return _one(connection, searches.c.id == known.id)
                self._forget(connection, user)
            else:
                self._check_room(connection, user, name)
            values = {
                "id": opaque(),
                "user": user,
                "name": name,
                "text": text,
                "digest": _digest(text),
                "shared": shared,
                "created": (time := now()),
                "used": time,
            }
            connection.execute(insert(searches).values(values))
            return _one(connection, searches.c.id == values["id"])

    def listed(self, user: str) -> list[SavedSearch]:
        """What the user saved under a name or shares, and what others share; the newest first."""
        with self._database.reading() as connection:
            mine = (searches.c.user == user) & searches.c.name.is_not(None)
            rows = connection.execute(
                select(searches)
                .where(or_(mine, searches.c.shared))
                .order_by(searches.c.created.desc(), searches.c.id)
                .limit(2 * self._limits.named)
            )
            return [_search(row) for row in rows]

    def get(self, user: str, id: str) -> SavedSearch:
        """One of the user's or a shared one, which counts as used. Raises NotFoundError."""
        visible = (searches.c.id == id) & or_(searches.c.user == user, searches.c.shared)
        with self._database.reading() as connection:
            found = _one(connection, visible)
            stale = connection.execute(select(searches.c.used).where(visible)).scalar_one() < now() - _USED_EVERY
        if not stale:
            return found
        with self._database.writing() as connection:
            connection.execute(update(searches).where(visible).values(used=now()))
            return _one(connection, visible)

    def change(self, user: str, id: str, **changes: Any) -> SavedSearch:
        """Change ``name``, ``text`` or ``shared`` of one of the user's own. Raises as :meth:`add` and NotFoundError."""
        own = (searches.c.id == id) & (searches.c.user == user)
        if "text" in changes:
            self._check_size(changes["text"])
            changes["digest"] = _digest(changes["text"])
        with self._database.writing() as connection:
            before = _one(connection, own)
            name, shared = changes.get("name", before.name), changes.get("shared", before.shared)
            if (name is not None and name != before.name) or (shared and not before.shared):
                self._check_room(connection, user, name, but=id)
            if changes:
                connection.execute(update(searches).where(own).values(**changes))
            return _one(connection, own)

    def remove(self, user: str, id: str) -> None:
        """Forget one of the user's own. Raises NotFoundError."""
        with self._database.writing() as connection:
            done = connection.execute(delete(searches).where(searches.c.id == id, searches.c.user == user))
            if not done.rowcount:
                raise _missing()

    def _check_size(self, text: str) -> None:
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > self._limits.size:
            raise InvalidRequestError(
                Message("the search has {size:,} bytes; {most:,} are kept", size=size, most=self._limits.size),
                field="state",
            )

    def _check_room(self, connection: Connection, user: str, name: str | None, but: str = "") -> None:
        """Room for one more that stays until it is deleted. Raises LimitError and NameTakenError."""
        others = (searches.c.user == user, searches.c.id != but)
        if (
            name is not None
            and connection.execute(select(searches.c.id).where(*others, searches.c.name == name)).first()
        ):
            raise NameTakenError("a search of that name is saved already; choose another name, or change that one")
        kept = (*others, or_(searches.c.name.is_not(None), searches.c.shared))
        if (
            connection.execute(select(func.count()).select_from(searches).where(*kept)).scalar_one()
            >= self._limits.named
        ):
            raise LimitError(
                Message(
                    "{named:,} searches are saved; delete one first, or raise DICOMLAKE_SAVED_SEARCHES",
                    named=self._limits.named,
                ),
                limit=self._limits.named,
            )

    def _forget(self, connection: Connection, user: str) -> None:
        """Make room for one more unnamed search."""
        passing: tuple[ColumnElement[bool], ...] = (
            searches.c.user == user,
            searches.c.name.is_(None),
            searches.c.shared.is_(False),
        )
        connection.execute(delete(searches).where(*passing, searches.c.used < now() - self._limits.days * DAY))
        newest = select(searches.c.id).where(*passing).order_by(searches.c.used.desc(), searches.c.id)
        for id in connection.execute(newest.offset(self._limits.unnamed - 1)).scalars().all():
            connection.execute(delete(searches).where(searches.c.id == id))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _one(connection: Connection, where: ColumnElement[bool]) -> SavedSearch:
    row = connection.execute(select(searches).where(where)).first()
    if row is None:
        raise _missing()
    return _search(row)


def _search(row: Row[Any]) -> SavedSearch:
    return SavedSearch(row.id, row.user, row.name, row.text, row.shared, moment(row.created), moment(row.used))


def _missing() -> NotFoundError:
    return NotFoundError("there is no such search; it was deleted, or not used for too long")

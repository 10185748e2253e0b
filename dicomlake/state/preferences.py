"""Settings of people: any JSON under a name of its own."""

import re
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, func, insert, select, update

from dicomlake.errors import InvalidRequestError, LimitError, NotFoundError
from dicomlake.messages import Message
from dicomlake.state.database import Database
from dicomlake.state.tables import settings

KEY: Final = r"^[a-z.-]{1,64}$"
"""What a setting may be called."""
MOST_BYTES: Final = 65_536
"""Bytes of one value, as JSON."""
MOST: Final = 100
"""Settings of one user."""


class Preferences:
    """The settings of every user."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, user: str) -> dict[str, Any]:
        """Every setting of a user, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(settings.c.key, settings.c.value).where(settings.c.user == user).order_by(settings.c.key)
            )
            return {row.key: orjson.loads(row.value) for row in rows}

    def get(self, user: str, key: str) -> Any:
        """One setting. Raises NotFoundError."""
        with self._database.reading() as connection:
            found = _value(connection, user, key)
        if found is None:
            raise _missing(key)
        return orjson.loads(found)

    def put(self, user: str, key: str, value: Any) -> None:
        """Write one. Raises InvalidRequestError for a name or a value that is too large, LimitError for too many."""
        if not re.fullmatch(KEY, key, re.ASCII):
            raise InvalidRequestError("a setting is named by up to 64 small letters, points and hyphens", field="key")
        try:
            text = orjson.dumps(value)
        except TypeError as error:  # numbers of more than 64 bits, half a surrogate pair, a hundred levels
            raise InvalidRequestError(
                Message("the value cannot be kept: {error}", error=str(error)), field=key
            ) from error
        if len(text) > MOST_BYTES:
            raise InvalidRequestError(
                Message(
                    "the value has {size:,} bytes; a setting holds {most:,}",
                    size=len(text),
                    most=MOST_BYTES,
                ),
                field=key,
            )
        with self._database.writing() as connection:
            if _value(connection, user, key) is not None:
                where = (settings.c.user == user, settings.c.key == key)
                connection.execute(update(settings).where(*where).values(value=text.decode()))
                return
            count = connection.execute(select(func.count()).where(settings.c.user == user)).scalar_one()
            if count >= MOST:
                raise LimitError(Message("{most} settings are kept; delete one first", most=MOST), limit=MOST)
            connection.execute(insert(settings).values(user=user, key=key, value=text.decode()))

    def remove(self, user: str, key: str) -> None:
        """Forget one. Raises NotFoundError."""
        with self._database.writing() as connection:
            done = connection.execute(delete(settings).where(settings.c.user == user, settings.c.key == key))
            if not done.rowcount:
                raise _missing(key)


def _value(connection: Connection, user: str, key: str) -> str | None:
    return connection.execute(
        select(settings.c.value).where(settings.c.user == user, settings.c.key == key)
    ).scalar_one_or_none()


def _missing(key: str) -> NotFoundError:
    return NotFoundError(Message("there is no setting {key}; put one first", key=key[:64]))

"""The tables of the state, as the newest migration leaves them. Times are microseconds since 1970, UTC."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _user() -> Column[str]:
    return Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("created", BigInteger, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),  # JSON as it was sent: a database's own type may order members anew
)

searches = Table(
    "searches",
    metadata,
    Column("id", Text, primary_key=True),
    _user(),
    Column("name", Text),
    Column("text", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of the text, which is too long for an index
    Column("shared", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
)
Index(None, searches.c.user, searches.c.digest)
Index(None, searches.c.user, searches.c.used)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    _user(),
    Column("kind", Text, nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("status", Text, nullable=False),
    Column("progress", JSON),
    Column("result", JSON),
    Column("error", JSON),
    Column("cancel", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", Text),
    Column("created", BigInteger, nullable=False),
    Column("started", BigInteger),
    Column("finished", BigInteger),
    Column("heartbeat", BigInteger),
)
Index(None, jobs.c.status, jobs.c.created)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

"""Users, their settings and searches, jobs, and secrets."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _user() -> "sa.Column[str]":
    return sa.Column("user", sa.Text, nullable=False)


def _of_a_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user"], ["users.id"], name=f"fk_{table}_user", ondelete="CASCADE")


def upgrade() -> None:
    """Make the tables, and the one user of a service without accounts."""
    users = op.create_table(
        "users",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.bulk_insert(users, [{"id": "local", "created": time.time_ns() // 1_000}])
    op.create_table(
        "settings",
        _user(),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("user", "key", name="pk_settings"),
        _of_a_user("settings"),
    )
    op.create_table(
        "searches",
        sa.Column("id", sa.Text, nullable=False),
        _user(),
        sa.Column("name", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_searches"),
        _of_a_user("searches"),
    )
    op.create_index("ix_searches_user_digest", "searches", ["user", "digest"])
    op.create_index("ix_searches_user_used", "searches", ["user", "used"])
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text, nullable=False),
        _user(),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("progress", sa.JSON),
        sa.Column("result", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("cancel", sa.Boolean, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger),
        sa.Column("finished", sa.BigInteger),
        sa.Column("heartbeat", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        _of_a_user("jobs"),
    )
    op.create_index("ix_jobs_status_created", "jobs", ["status", "created"])
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secrets"),
    )

"""What journeys do besides sending: events of the hub's own, tasks, coupons, scheduled starts, journeys held back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables, and let an event keep how long the guest had stayed."""
    op.add_column("events", sa.Column("dwell_us", sa.BigInteger(), nullable=True))
    op.create_table(
        "pending",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("guest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=True),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.Column("data_json", sa.Text(), nullable=False),
        sa.UniqueConstraint("id"),
    )
    op.create_index("pending_guest", "pending", ["guest"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(), primary_key=True, nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("guest", sa.String(), nullable=False),
        sa.Column("journey", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("ack_by_us", sa.BigInteger(), nullable=True),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("shadow", sa.Boolean(), nullable=False),
        sa.Column("tell_us", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("told_us", sa.BigInteger(), nullable=True),
        sa.Column("acked_us", sa.BigInteger(), nullable=True),
        sa.Column("acked_by", sa.String(), nullable=True),
    )
    op.create_index("tasks_venue", "tasks", ["venue", "at_us"], unique=False)
    op.create_index("tasks_guest", "tasks", ["guest"], unique=False)
    op.create_index(
        "tasks_tell",
        "tasks",
        ["tell_us"],
        unique=False,
        sqlite_where=sa.text("tell_us IS NOT NULL"),
        postgresql_where=sa.text("tell_us IS NOT NULL"),
    )
    op.create_table(
        "coupons",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("guest", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("issued_us", sa.BigInteger(), nullable=False),
        sa.Column("redeemed_us", sa.BigInteger(), nullable=True),
        sa.Column("redeemed_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("code", "run"),
    )
    op.create_index("coupons_guest", "coupons", ["guest"], unique=False)
    op.create_table(
        "occasions",
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("clock", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("guests", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("venue", "clock", "day"),
    )
    op.create_table(
        "holds",
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("journey", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("venue", "journey"),
    )

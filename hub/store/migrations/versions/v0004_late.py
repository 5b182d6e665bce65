"""Sightings that came late wait to mend history, and a visit knows what was mended of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the table and the columns; visits of before say nothing of when they were last heard."""
    op.add_column("visits", sa.Column("heard_us", sa.BigInteger(), nullable=True))
    op.add_column("visits", sa.Column("told_us", sa.BigInteger(), nullable=True))
    op.add_column("visits", sa.Column("repaired", sa.String(), nullable=True))
    op.create_table(
        "late",
        sa.Column("venue", sa.String(), primary_key=True, nullable=False),
        sa.Column("tag", sa.String(), primary_key=True, nullable=False),
        sa.Column("gateway", sa.String(), primary_key=True, nullable=False),
        sa.Column("at_us", sa.BigInteger(), primary_key=True, nullable=False),
        sa.Column("first_us", sa.BigInteger(), nullable=False),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.Column("mean_dbm", sa.Float(), nullable=False),
        sa.Column("max_dbm", sa.Integer(), nullable=False),
        sa.Column("guest", sa.String(), nullable=False),
    )
    op.create_index("late_guest", "late", ["guest"], unique=False)

"""Consents are chained by hashes, and a message knows whether it was sent again after a doubt or by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; statements that were there before stand outside the chain."""
    for name in ("salt", "digest", "chain"):
        op.add_column("consents", sa.Column(name, sa.String(), nullable=True))
    op.add_column("messages", sa.Column("resent", sa.Boolean(), server_default=sa.text("0"), nullable=False))
    op.add_column("messages", sa.Column("forgiven", sa.Integer(), server_default=sa.text("0"), nullable=False))

"""A message keeps what the second asking said when it ended there, in words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Of those that ended before, the reason alone is known."""
    op.add_column("messages", sa.Column("detail", sa.Text()))

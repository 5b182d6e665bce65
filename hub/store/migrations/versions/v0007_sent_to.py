"""An attempt keeps the hash of the mailbox or number that it went to: what bounces is that one, and not her newest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Nobody knows of those that were made before."""
    op.add_column("attempts", sa.Column("address_hash", sa.String()))

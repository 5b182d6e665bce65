"""The decisions of a message are found by an index without those that have none."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Put it in the place of the one that had them all."""
    has_one = text("message IS NOT NULL")
    op.create_index("decisions_of_messages", "decisions", ["message"], sqlite_where=has_one, postgresql_where=has_one)
    op.drop_index("decisions_message", "decisions")

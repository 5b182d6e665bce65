"""Messages are shown newest first by an index, however many there are."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add it."""
    op.create_index("messages_newest", "messages", ["created_us", "id"])

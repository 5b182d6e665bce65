"""What alembic runs for each migration: on the connection that hub/store/schema.py opened, in its one transaction."""

from __future__ import annotations

from alembic import context

from hub.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # alembic believes that SQLite has none; with a BEGIN of our own it has
    render_as_batch=True,  # SQLite alters most things by copying the table
)
with context.begin_transaction():
    context.run_migrations()

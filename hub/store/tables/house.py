"""What is kept about the hub itself, and about who may ask it?"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table, Text

from hub.store.tables.metadata import metadata

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("venue", String),  # None: all
    Column("guest", String),  # for role app: the one guest that it may write about; None: any
    Column("secret_hash", String, nullable=False, unique=True),  # SHA-256 of 32 random bytes; nothing to guess
    Column("created_us", BigInteger, nullable=False),
    Column("revoked_us", BigInteger),
)

"""What is sent, and what became of each try?"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint, text

from hub.store.tables.metadata import metadata

messages = Table(
    "messages",
    metadata,
    Column("id", String, primary_key=True),  # a UUID; the provider's id too
    Column("dedupe_key", String, nullable=False, unique=True),
    Column("venue", String, nullable=False),
    Column("guest", String, nullable=False),
    Column("journey", String, nullable=False),
    Column("version", String, nullable=False),
    Column("run", String, nullable=False),
    Column("step", String, nullable=False),
    Column("message", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("channels_json", Text, nullable=False),
    Column("channel_at", Integer, nullable=False, server_default=text("0")),  # which of them is being tried
    Column("class", String, nullable=False, server_default=text("'at_most_once'")),  # or at_least_once
    Column("ghost", Boolean, nullable=False),
    Column("state", String, nullable=False),  # hub.outbox.state.State
    Column("reason", String),  # of SUPPRESSED, DEAD, CANCELLED
    Column("logical_us", BigInteger, nullable=False),  # what cooldown and caps count
    Column("due_us", BigInteger, nullable=False),  # not to be claimed before
    Column("held_us", BigInteger),  # until when it was held, or tried again by hand: it passes the whole gate then
    Column("expires_us", BigInteger, nullable=False),
    Column("lease_token", String),
    Column("lease_until_us", BigInteger),
    Column("boot", String),  # of the hub that set SENDING
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("provider", String),
    Column("provider_id", String),
    Column("view_json", Text, nullable=False),
    Column("title", Text),  # as rendered; emptied by erasure
    Column("body", Text),
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    Column("resent", Boolean, nullable=False, server_default=text("0")),  # after a doubt: it counts for good
    Column("forgiven", Integer, nullable=False, server_default=text("0")),  # attempts that count for nothing
    Column("detail", Text),  # the reason in words, of what ended before it left; else the attempt has them
    Index("messages_due", "state", "due_us"),
    Index("messages_guest", "guest", "logical_us"),
    Index("messages_newest", "created_us", "id"),
    UniqueConstraint("run", "step", name="messages_once_a_step"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("message", String, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("channel", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("device", String),
    Column("started_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Column("outcome", String),  # accepted, or a hub.errors.Trouble
    Column("detail", Text),
    Column("provider_id", String),
    Column("address_hash", String),  # of the mailbox or number (hub.store.suppressed); of a push its device says it
)

"""Who are the guests, and what hangs on them: reservations, devices, consents, and whose tag is whose?"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, text

from hub.store.tables.metadata import metadata

guests = Table(
    "guests",
    metadata,
    Column("guest", String, primary_key=True),
    Column("version", Integer, nullable=False, server_default=text("1")),  # compare-and-set of every decision
    Column("first_name", Text),
    Column("last_name", Text),
    Column("email", Text),
    Column("language", String),
    Column("timezone", String),
    Column("member", Boolean),
    Column("tier", String),
    Column("preferred", String),
    Column("holdout", String),
    Column("attributes_json", Text, nullable=False, server_default=text("'{}'")),
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
)

reservations = Table(
    "reservations",
    metadata,
    Column("guest", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("venue", String, nullable=False),
    Column("room", String),
    Column("arrival", String, nullable=False),  # ISO dates
    Column("departure", String, nullable=False),
    Column("status", String, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("guest", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("address", Text, nullable=False),
    Column("app", String),
    Column("environment", String),
    Column("registered_us", BigInteger, nullable=False),  # when this address was last registered
    Index("devices_address", "kind", "address"),
)

consents = Table(
    "consents",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),  # append only; the newest is in force
    Column("guest", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("salt", String),  # goes with an erased guest, so that the digest leads nobody back; None before the chain
    Column("digest", String),  # SHA-256 of salt and statement
    Column("chain", String),  # SHA-256 of the chain before it and the digest
    Index("consents_guest", "guest", "purpose", "channel", "seq"),
)

suppressed = Table(  # addresses that must not be written to: hard bounces, complaints
    "suppressed",
    metadata,
    Column("channel", String, primary_key=True),
    Column("address_hash", String, primary_key=True),  # SHA-256, so that erasure leaves no address behind
    Column("reason", String, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)

bindings = Table(
    "bindings",
    metadata,
    Column("tag", String, primary_key=True),
    Column("from_us", BigInteger, primary_key=True),
    Column("guest", String, nullable=False),
    Column("until_us", BigInteger),
    Index("bindings_guest", "guest"),
)

"""What gateways told, and who was where because of it?"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text, text

from hub.store.tables.metadata import metadata

visits = Table(
    "visits",
    metadata,
    Column("id", String, primary_key=True),
    Column("venue", String, nullable=False),
    Column("tag", String, nullable=False),  # the venue's pseudonym; "": another system told of it, or she was erased
    Column("zone", String, nullable=False),
    Column("entered_us", BigInteger, nullable=False),
    Column("left_us", BigInteger),
    Column("dwelled_us", BigInteger, nullable=False, server_default=text("0")),  # the largest threshold told
    Column("confidence", Float, nullable=False),
    Column("guest", String),  # whose it was, once identity had said so; None after erasure
    Column("heard_us", BigInteger),  # the last live sign of being there; None: from before it was kept
    Column("told_us", BigInteger),  # when it had begun, as journeys were told, if history was mended since
    Column("repaired", String),  # what was mended by late sightings, a hub.presence.repair.Mended; None: nothing
    Index(
        "visits_open",
        "venue",
        "tag",
        sqlite_where=text("left_us IS NULL"),
        postgresql_where=text("left_us IS NULL"),
    ),
    Index("visits_guest", "guest", "venue", "entered_us"),
)

late = Table(  # sightings that came too late to trigger, until history is mended with them
    "late",
    metadata,
    Column("venue", String, primary_key=True),
    Column("tag", String, primary_key=True),  # the venue's pseudonym
    Column("gateway", String, primary_key=True),
    Column("at_us", BigInteger, primary_key=True),  # of the last reading
    Column("first_us", BigInteger, nullable=False),
    Column("readings", Integer, nullable=False),
    Column("mean_dbm", Float, nullable=False),
    Column("max_dbm", Integer, nullable=False),
    Column("guest", String, nullable=False),  # whose tag it was then
    Index("late_guest", "guest"),
)

gateways = Table(
    "gateways",
    metadata,
    Column("venue", String, primary_key=True),
    Column("gateway", String, primary_key=True),
    Column("last_heard_us", BigInteger),
    Column("state_json", Text, nullable=False, server_default=text("'{}'")),
    Column("revoked_us", BigInteger),
)

marks = Table(  # which batches are stored: the hub's side of the acknowledgement
    "marks",
    metadata,
    Column("venue", String, primary_key=True),
    Column("gateway", String, primary_key=True),
    Column("epoch", String, primary_key=True),
    Column("bucket", Integer, primary_key=True),
    Column("upto", BigInteger, nullable=False),
    Column("also_json", Text, nullable=False),
    Column("batches", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("lost", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
)

configs = Table(  # what was last asked of each venue's gateways, so that versions rise across restarts
    "configs",
    metadata,
    Column("venue", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("digest", String, nullable=False),
)

"""What happened to guests, what was decided about it, and what is still to come?"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, text

from hub.store.tables.metadata import metadata

events = Table(
    "events",
    metadata,
    Column("id", String, primary_key=True),
    Column("venue", String, nullable=False),
    Column("guest", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("object", String),
    Column("at_us", BigInteger, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Column("data_json", Text, nullable=False),
    Column("dwell_us", BigInteger),  # of a dwell: the threshold that was reached
    Index("events_guest", "guest", "venue", "at_us"),
)

pending = Table(  # events of the hub's own making that are still to be decided about: set, every, acked
    "pending",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),  # in this order, for each guest
    Column("id", String, nullable=False, unique=True),
    Column("venue", String, nullable=False),
    Column("guest", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("object", String),
    Column("at_us", BigInteger, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Column("data_json", Text, nullable=False),
    Index("pending_guest", "guest"),
)

journeys = Table(  # the text of every version that a run may still be on
    "journeys",
    metadata,
    Column("venue", String, primary_key=True),
    Column("journey", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("first_us", BigInteger, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("venue", String, nullable=False),
    Column("guest", String, nullable=False),
    Column("journey", String, nullable=False),
    Column("version", String, nullable=False),
    Column("once_key", String, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("ended_us", BigInteger),
    Column("wake_us", BigInteger),  # when to look at it again: one indexed column
    Column("goal_until_us", BigInteger),
    Column("value_json", Text, nullable=False),  # the whole rules.run.Run
    Index("runs_guest", "guest", "venue", "started_us"),
    Index(
        "runs_due",
        "wake_us",
        sqlite_where=text("live AND wake_us IS NOT NULL"),
        postgresql_where=text("live AND wake_us IS NOT NULL"),
    ),
    Index(
        "runs_one_live",
        "venue",
        "journey",
        "guest",
        "once_key",
        unique=True,
        sqlite_where=text("live"),
        postgresql_where=text("live"),
    ),
)

decisions = Table(
    "decisions",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("at_us", BigInteger, nullable=False),
    Column("venue", String, nullable=False),
    Column("guest", String, nullable=False),
    Column("journey", String, nullable=False),
    Column("run", String),
    Column("kind", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("message", String),
    Column("event", String),
    Column("value_json", Text, nullable=False),  # the whole rules.decision.Decision
    Index("decisions_guest", "guest", "venue", "seq"),
    Index(
        "decisions_of_messages",
        "message",
        sqlite_where=text("message IS NOT NULL"),  # most have none
        postgresql_where=text("message IS NOT NULL"),
    ),
)

tasks = Table(  # what the staff were asked to do
    "tasks",
    metadata,
    Column("id", String, primary_key=True),  # a hash of its run and step
    Column("venue", String, nullable=False),
    Column("guest", String, nullable=False),
    Column("journey", String, nullable=False),
    Column("version", String, nullable=False),
    Column("run", String, nullable=False),
    Column("step", String, nullable=False),
    Column("team", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("ack_by_us", BigInteger),  # until when somebody should; None: nobody waits for it
    Column("escalated", Boolean, nullable=False),  # nobody acknowledged the first one in time
    Column("by", String),  # the channel besides the staff page: "webhook:desk"
    Column("shadow", Boolean, nullable=False),  # of a hub in shadow: nobody is told
    Column("tell_us", BigInteger),  # when its channel is tried next; None: it has none, or took it, or never will
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("told_us", BigInteger),  # when its channel took it
    Column("acked_us", BigInteger),
    Column("acked_by", String),  # the name of the token
    Index("tasks_venue", "venue", "at_us"),
    Index("tasks_guest", "guest"),
    Index(
        "tasks_tell",
        "tell_us",
        sqlite_where=text("tell_us IS NOT NULL"),
        postgresql_where=text("tell_us IS NOT NULL"),
    ),
)

coupons = Table(  # codes that stood in a message which began to leave
    "coupons",
    metadata,
    Column("code", String, primary_key=True),
    Column("run", String, primary_key=True),
    Column("venue", String, nullable=False),
    Column("guest", String, nullable=False),
    Column("message", String, nullable=False),  # the outbox message's id
    Column("issued_us", BigInteger, nullable=False),
    Column("redeemed_us", BigInteger),
    Column("redeemed_by", String),  # the name of the token
    Index("coupons_guest", "guest"),
)

occasions = Table(  # scheduled starts that have been
    "occasions",
    metadata,
    Column("venue", String, primary_key=True),
    Column("clock", String, primary_key=True),  # "17:00", the venue's
    Column("day", String, primary_key=True),  # an ISO date, the venue's
    Column("at_us", BigInteger, nullable=False),
    Column("guests", Integer, nullable=False),  # for how many it was
)

holds = Table(  # journeys that an operator holds back
    "holds",
    metadata,
    Column("venue", String, primary_key=True),
    Column("journey", String, primary_key=True),  # "*": all
    Column("state", String, nullable=False),  # hub.journeys.holds.Hold
    Column("since_us", BigInteger, nullable=False),
)

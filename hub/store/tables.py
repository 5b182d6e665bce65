"""What is kept? Every table, once, in SQLAlchemy Core; migrations make them, hot statements are plain SQL.

Times are whole microseconds since 1970 in UTC (`…_us`), so that "exactly 24 hours" is an integer comparison.
`…_json` columns hold JSON text. Deleting a guest deletes what hangs on her, by hand in one place
(store/erasure.py), because SQLite's cascades are off unless each connection asks for them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

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

visits = Table(
    "visits",
    metadata,
    Column("id", String, primary_key=True),
    Column("venue", String, nullable=False),
    Column("tag", String, nullable=False),  # the venue's pseudonym
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
    Index("decisions_message", "message"),
)

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
    Column("held_us", BigInteger),  # until when quiet hours held it; a held message passes the whole gate again
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
    Column("resent", Boolean, nullable=False, server_default=text("0")),  # once after a doubt, of at_least_once
    Column("forgiven", Integer, nullable=False, server_default=text("0")),  # attempts before a person had it retried
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

journeys = Table(  # the text of every version that a run may still be on
    "journeys",
    metadata,
    Column("venue", String, primary_key=True),
    Column("journey", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("first_us", BigInteger, nullable=False),
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

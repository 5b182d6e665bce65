"""What was decided, and why? Every refusal is a value with a reason; nothing is refused without one.

A decision is a named tuple, because one is made for each event and journey: as a frozen dataclass, the making of it
took half of all the time in which it was decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from rules.event import NO_VALUES, Value


class Kind(StrEnum):
    """What became of one event and one journey, or of one step."""

    STARTED = "started"
    MOVED = "moved"  # a wait was met, timed out, or a step was passed over
    SENT = "sent"  # handed to the outbox
    GHOST_SENT = "ghost_sent"  # held out: what would have been sent
    HELD = "held"  # by quiet hours, until `message.not_before`
    REFUSED = "refused"  # a send that the gate, or a guard on the step, refused
    NOT_STARTED = "not_started"
    TAKEN_BACK = "taken_back"  # a message that still waited; stored only when it did
    TOLD = "told"  # the staff were asked to do something; `text` is what
    ENDED = "ended"


class Reason(StrEnum):
    """Why. One scenario in tests/rules yields each of them."""

    MATCHED = "matched"  # nothing stood against it
    DONE = "done"  # the run's last step
    GOAL = "goal"
    STOP = "stop"
    GUARD = "guard"  # a `when` or `unless`; `text` has it in words
    ALREADY_IN = "already_in"
    ONCE = "once"
    LATE = "late"
    JOURNEY_PAUSED = "journey_paused"
    JOURNEY_DRAINING = "journey_draining"  # nobody starts it any more; who is in it goes on to its end
    TIMED_OUT = "timed_out"
    ESCALATED = "escalated"  # nobody acknowledged in time, so another team was told
    VENUE_HOLDOUT = "venue_holdout"
    JOURNEY_HOLDOUT = "journey_holdout"
    SHADOW = "shadow"  # the journey only decides
    HUSH = "hush"
    NO_CONSENT = "no_consent"
    NO_ADDRESS = "no_address"
    CAP = "cap"
    QUIET_HOURS = "quiet_hours"
    ARBITRATION = "arbitration"
    DUPLICATE = "duplicate"
    EXPIRED = "expired"
    STOPPED = "stopped"  # the run or journey ended before a held message was released
    FAULT = "fault"  # a guard or text that failed when it ran; `text` has the error


class Decision(NamedTuple):
    """One answer of the engine, as it is stored and shown; a value."""

    id: str  # made from what it is about: deciding again gives the same id
    at: datetime  # logical: the event's or the deadline's time
    venue: str
    guest: str
    journey: str
    kind: Kind
    reason: Reason
    text: str  # a sentence for people: "messaged in the last 24h"
    run: str | None = None
    step: str | None = None  # its path: "steps.0.choose.2.then.1"
    event: str | None = None
    message: str | None = None  # the outbox message's id
    guard: str | None = None  # the guard's own text
    saw: Mapping[str, Value] = NO_VALUES  # the values that the guard saw
    task: str | None = None  # the staff's task, of TOLD
    said: str | None = None  # the name of the message in the journey's file, or of the team that was told

"""How is it said in words? Every state, event, decision and attempt, for people."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from hub.outbox.message import State
from hub.outbox.shown import Attempt, MessageRow
from hub.pages.port import Item
from hub.pages.venue import VenuePage
from rules.decision import Decision, Kind
from rules.event import DWELLED, ENTERED, LEFT, Event, Value


class Tone(StrEnum):
    """How a line looks."""

    GOOD = "good"
    WAITS = "waits"
    DOUBT = "doubt"
    BAD = "bad"
    QUIET = "quiet"


_STATES: Final[Mapping[State, tuple[str, Tone]]] = {
    State.SCHEDULED: ("Waits for quiet hours to end", Tone.WAITS),
    State.READY: ("About to be sent", Tone.WAITS),
    State.CLAIMED: ("Being checked once more", Tone.WAITS),
    State.SENDING: ("On its way", Tone.WAITS),
    State.SENT: ("Sent", Tone.GOOD),
    State.UNKNOWN: ("Possibly delivered", Tone.DOUBT),
    State.SUPPRESSED: ("Held back", Tone.QUIET),
    State.EXPIRED: ("Too late, not sent", Tone.QUIET),
    State.DEAD: ("Could not be sent", Tone.BAD),
    State.CANCELLED: ("Taken back", Tone.QUIET),
    State.GHOST: ("Held out: never sent, only counted", Tone.QUIET),
    State.DELIVERED: ("Delivered", Tone.GOOD),
    State.OPENED: ("Opened", Tone.GOOD),
    State.BOUNCED: ("Came back", Tone.BAD),
    State.COMPLAINED: ("Called unwanted", Tone.BAD),
}
_PROVIDERS: Final[Mapping[str, str]] = {"apns": "Apple", "fcm": "Google", "smtp": "email"}
_KINDS: Final[Mapping[Kind, tuple[str, Tone]]] = {
    Kind.STARTED: ("Started", Tone.GOOD),
    Kind.MOVED: ("Moved on", Tone.QUIET),
    Kind.SENT: ("Decided to send", Tone.GOOD),
    Kind.GHOST_SENT: ("Would have sent", Tone.QUIET),
    Kind.HELD: ("Held until later", Tone.WAITS),
    Kind.REFUSED: ("Did not send", Tone.QUIET),
    Kind.NOT_STARTED: ("Did not start", Tone.QUIET),
    Kind.TAKEN_BACK: ("Taken back", Tone.QUIET),
    Kind.ENDED: ("Ended", Tone.QUIET),
    Kind.TOLD: ("Told the staff", Tone.GOOD),
}


def state(row: MessageRow) -> tuple[str, Tone]:
    """Where a message stands: "Sent by Apple"."""
    words, tone = _STATES[row.state]
    if row.state is State.SENT and row.provider is not None:
        words = f"Accepted by {provider(row.provider)}"
    return (f"{words}: {spaced(row.reason)}" if row.reason else words), tone


def provider(name: str) -> str:
    """Who takes a message to the guest."""
    return _PROVIDERS.get(name, name)


def spaced(word: str) -> str:
    """`no_consent` as people write it."""
    return word.replace("_", " ")


def kind(decision: Decision) -> tuple[str, Tone]:
    """What a decision was."""
    return _KINDS[decision.kind]


def event(one: Event, venue: VenuePage) -> str:
    """What happened: "entered Lobby", "purchase restaurant"."""
    if one.kind in {ENTERED, LEFT, DWELLED} and one.object is not None:
        return f"{_MOVES[one.kind]} {venue.zone(one.object)}"
    return " ".join(spaced(part) for part in (one.kind, one.object) if part)


_MOVES: Final[Mapping[str, str]] = {ENTERED: "entered", LEFT: "left", DWELLED: "stayed in"}


def attempt(one: Attempt) -> tuple[str, Tone]:
    """How a hand-over went."""
    to = f"{one.channel} by {provider(one.provider)}"
    match one.outcome:
        case None:
            return f"{to}: no answer yet", Tone.WAITS
        case "accepted":
            return f"{to}: accepted", Tone.GOOD
        case "doubt":
            return f"{to}: it may have been accepted", Tone.DOUBT
        case _:
            return f"{to}: {spaced(one.outcome)}", Tone.BAD


def value(one: Value) -> str:
    """A value that a guard saw."""
    match one:
        case True:
            return "yes"
        case False:
            return "no"
        case None:
            return "nothing"
        case _:
            return str(one)


def happening(item: Item, who: str, venue: VenuePage) -> tuple[str, Tone] | None:
    """A line for what has just happened; None for what is no news to people."""
    match item["kind"]:
        case "entered" | "left" | "dwelled":
            did = "stays in" if item["kind"] == "dwelled" else item["kind"]
            return f"{who} {did} {venue.zone(str(item.get('zone')))}", Tone.QUIET
        case "decision":
            return _decided(item, who)
        case "task":
            return _task(item)
        case "accepted":
            return f"{provider(str(item.get('provider')))} accepted {_words(item, 'message')} for {who}", Tone.GOOD
        case _:
            return None


def _decided(item: Item, who: str) -> tuple[str, Tone] | None:
    if item.get("decision") not in {one.value for one in Kind}:
        return None
    words, tone = _KINDS[Kind(str(item["decision"]))]
    return f"{who}: {words[:1].lower()}{words[1:]} in {_words(item, 'journey')}: {item.get('text') or ''}", tone


def _task(item: Item) -> tuple[str, Tone]:
    if item.get("state") == "open":
        return f"{_words(item, 'team')}: {item.get('text') or ''}", Tone.WAITS
    return f"{item.get('by') or 'somebody'} took it: {item.get('text') or ''}", Tone.GOOD


def _words(item: Item, name: str) -> str:
    return str(item.get(name) or "").replace("-", " ")

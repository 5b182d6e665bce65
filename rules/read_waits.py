"""What does a step wait for? A span, a time of day, a time that is reckoned, an event, or quiet in a zone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rules.conditions import read_time
from rules.document import Node, Scalar
from rules.fault import nearest
from rules.journey import Verb, WaitClock, WaitEvent, WaitQuiet, WaitSpan, WaitUntil
from rules.reading import Reading
from rules.spans import parse_clock, parse_span
from rules.triggers import QUIET, read_trigger
from rules.venue import Venue

_UNTIL: Final = "until "
_QUIET_WORDS: Final = 3


def read_wait(reading: Reading, value: Node, at: Mapping[str, Node], venue: Venue) -> Verb | None:
    """The wait; `at` are the keys beside it."""
    text = reading.text(value, "wait")
    if text is None:
        return None
    quiet = text.split()[0] == QUIET
    if not quiet and not text.startswith(_UNTIL) and parse_span(text) is None:
        return _event(reading, value, at, venue)
    for word in ("within", "else"):
        if word in at:
            reading.fault(at[word], f"`{word}` belongs to a wait for an event; '{text}' always comes")
    if quiet:
        return _quiet(reading, value, text.split(), venue)
    if not text.startswith(_UNTIL):
        span = parse_span(text)
        return None if span is None else WaitSpan(span=span)
    clock = parse_clock(text.removeprefix(_UNTIL))
    if clock is not None:
        return WaitClock(clock=clock)
    until = read_time(reading, value, venue, skip=len(_UNTIL))
    return None if until is None else WaitUntil(until=until)


def _quiet(reading: Reading, node: Node, words: list[str], venue: Venue) -> WaitQuiet | None:
    if len(words) != _QUIET_WORDS:
        reading.fault(node, f"'{' '.join(words)}' is not a wait; write quiet ZONE 10m")
        return None
    zone, span = words[1], parse_span(words[2])
    if zone not in venue.zones:
        message = f"unknown zone '{zone}'; known: {', '.join(venue.zones)}"
        reading.fault(node, message, hint=nearest(zone, venue.zones), offset=len(QUIET) + 1)
        return None
    if span is None:
        reading.fault(node, f"quiet '{words[2]}' is not a span of time; write 45s, 15m, 4h or 2d")
        return None
    return WaitQuiet(zone=zone, span=span)


def _event(reading: Reading, value: Node, at: Mapping[str, Node], venue: Venue) -> WaitEvent | None:
    trigger = read_trigger(reading, value, "wait", venue)
    within = reading.span(at.get("within"), "within")
    if "within" not in at:
        hint = nearest(value.text.split()[0], ("until",)) if isinstance(value, Scalar) else ""
        reading.fault(value, "a wait for an event needs `within:`; nobody waits for ever", hint=hint)
    return None if trigger is None or within is None else WaitEvent(trigger=trigger, within=within)

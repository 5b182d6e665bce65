"""How is an event written in a file?

`enter lobby`, `dwell pool 5m`, `purchase restaurant`, `checked_out`, `opened welcome`, `every day 17:00`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from rules.document import Node
from rules.event import ACKED, CLICKED, DWELLED, ENTERED, EVERY, LEFT, OPENED, SET
from rules.fault import nearest
from rules.journey import Trigger
from rules.reading import Reading
from rules.spans import parse_clock, parse_span, span_text
from rules.venue import Venue

PRESENCE: Final[Mapping[str, str]] = {"enter": ENTERED, "leave": LEFT, "dwell": DWELLED}

OF_A_MESSAGE: Final = (OPENED, CLICKED)
START: Final = "start"
QUIET: Final = "quiet"

_ELSEWHERE: Final[Mapping[str, str]] = {
    # words of this language that are no events, and what is said to who writes them as one
    SET: "cannot be awaited",
    ACKED: "a task is awaited by `tell` with `within:`",
    QUIET: "is a wait; write wait: quiet ZONE 10m",
}

_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_OBJECT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
_DWELL_WORDS: Final = 3
_MOST_WORDS: Final = 2


def read_trigger(
    reading: Reading, node: Node | None, what: str, venue: Venue, *, of_message: bool = True
) -> Trigger | None:
    """One event, as a start, stop, goal or wait names it; `of_message`: may it be `opened` or `clicked`?"""
    text = reading.text(node, what)
    if text is None or node is None:
        return None
    words = text.split()
    if words[0] in PRESENCE:
        return _presence(reading, node, words, venue)
    if words[0] == EVERY:
        return _every(reading, node, words, what)
    wrong, hint = _wrong(words, venue)
    if words[0] in OF_A_MESSAGE and not of_message:
        wrong = "only the hub says that"
    if wrong is not None:
        reading.fault(node, f"{what} '{text}': {wrong}", hint=hint)
        return None
    return Trigger(kind=words[0], object=words[1] if len(words) > 1 else None, text=" ".join(words))


def _wrong(words: list[str], venue: Venue) -> tuple[str | None, str]:
    """What is wrong with `KIND` or `KIND OBJECT`, and a hint."""
    kind = words[0]
    if kind in _ELSEWHERE:
        return _ELSEWHERE[kind], ""
    if kind in PRESENCE.values():
        word = {name: word for word, name in PRESENCE.items()}[kind]
        return "cannot be awaited", f"did you mean `{word}`?"
    if kind in OF_A_MESSAGE:
        return (None, "") if len(words) == _MOST_WORDS else (f"write {kind} MESSAGE", "")
    named = len(words) == 1 or _OBJECT.fullmatch(words[1]) is not None
    if len(words) > _MOST_WORDS or not _KIND.fullmatch(kind) or not named:
        return "not an event; write KIND, KIND OBJECT, or enter, leave or dwell and a zone", ""
    if venue.events and kind not in venue.events:
        known = (*PRESENCE, *OF_A_MESSAGE, *venue.events)
        return f"nobody posts '{kind}'; known: {', '.join(known)}", nearest(kind, known)
    return None, ""


def _every(reading: Reading, node: Node, words: list[str], what: str) -> Trigger | None:
    clock = parse_clock(words[2]) if len(words) == _DWELL_WORDS and words[1] == "day" else None
    if what != START:
        reading.fault(node, f"{what} '{' '.join(words)}': only a journey's start comes every day")
    elif clock is None:
        reading.fault(node, f"start '{' '.join(words)}' is not a time of day; write every day 17:00")
    else:
        return Trigger(kind=EVERY, object=f"{clock:%H:%M}", text=" ".join(words))
    return None


def _presence(reading: Reading, node: Node, words: list[str], venue: Venue) -> Trigger | None:
    verb, text = words[0], " ".join(words)
    wanted = _DWELL_WORDS if verb == "dwell" else _MOST_WORDS
    if len(words) != wanted:
        form = f"{verb} ZONE 5m" if verb == "dwell" else f"{verb} ZONE"
        reading.fault(node, f"'{text}' is not an event; write {form}")
        return None
    zone = venue.zones.get(words[1])
    if zone is None:
        hint = nearest(words[1], venue.zones)
        message = f"unknown zone '{words[1]}'; known: {', '.join(venue.zones)}"
        reading.fault(node, message, hint=hint, offset=len(verb) + 1)
        return None
    if verb != "dwell":
        return Trigger(kind=PRESENCE[verb], object=zone.id, text=text)
    span = parse_span(words[2])
    if span is None or span not in zone.dwell:
        told = ", ".join(map(span_text, zone.dwell)) or "none"
        reading.fault(
            node, f"zone '{zone.id}' tells no dwell of {words[2]}; told: {told}", hint="add it to the zone's `dwell:`"
        )
        return None
    return Trigger(kind=DWELLED, object=zone.id, dwell=span, text=text)

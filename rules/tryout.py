"""What would come of it, if a guest like this did these things? The timeline, with every reason.

Guest fields are the venue's; besides them `consent`, `refused` and `address` (`all`, `none`, or a list:
`marketing/push`, `push`), `timezone`, `preferred` and `holdout` (`never`, which is the default, or the id of a guest to
draw for). What she refused she has not agreed to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from rules.decision import Kind
from rules.event import Event, Value
from rules.examples import willing_guest
from rules.facts import Facts
from rules.fault import nearest
from rules.rehearsal import Beat, Line, Timeline, rehearse
from rules.rulebook import Rulebook
from rules.schedule import read_entry, read_event, read_value, write_when
from rules.venue import FieldKind, Venue
from rules.view import typed

OWN: Final = ("consent", "refused", "address", "timezone", "preferred", "holdout")

GUEST: Final = "someone"


class Unplayable(Exception):
    """What was asked to be tried makes no sense; `str()` is one line."""


def play(rulebook: Rulebook, guest: Mapping[str, str], events: Sequence[str]) -> Timeline:
    """Play the events for such a guest. Raises Unplayable."""
    facts = _facts(rulebook.venue, guest)
    happenings = [_event(text, rulebook.venue, facts.guest, number) for number, text in enumerate(events)]
    return rehearse(rulebook, facts, happenings)


def lines(timeline: Timeline, venue: Venue) -> list[str]:
    """The timeline for people, one line each."""
    width = max((len(write_when(line.at, venue)) for line in timeline), default=0)
    return [f"{write_when(line.at, venue):<{width}}  {_said(line)}" for line in timeline]


def _said(line: Line) -> str:
    if line.beat is Beat.EVENT:
        return line.text
    if line.decision is not None:
        decision = line.decision
        what = f" {decision.said}" if decision.said and decision.kind in (Kind.REFUSED, Kind.TOLD) else ""
        return f"  {decision.journey}: {decision.kind.replace('_', ' ')}{what} - {line.text}"
    journey = "" if line.planned is None else f"{line.planned.journey}: "
    if line.rendered is None or line.planned is None:
        return f"  {journey}{line.text}"
    subject = "" if line.rendered.title is None else f"{line.rendered.title} / "
    body = " ".join(line.rendered.body.split())
    verb = "would say" if line.planned.ghost else "says"
    return f"  {journey}{line.planned.message} {verb}: {subject}{body}"


def _facts(venue: Venue, guest: Mapping[str, str]) -> Facts:
    facts = willing_guest(venue, GUEST)
    profile: dict[str, Value] = {}
    for name, text in guest.items():
        if name in venue.guest:
            profile[name] = _value(venue, name, text)
        elif name not in OWN:
            known = (*venue.guest, *OWN)
            hint = nearest(name, known)
            raise Unplayable(f"unknown guest field '{name}'; known: {', '.join(known)}" + (f"; {hint}" if hint else ""))
    facts = facts._replace(profile=profile, language=guest.get("language") or None)
    facts = facts._replace(timezone=guest.get("timezone"), preferred=guest.get("preferred"))
    every = facts.consents
    if "consent" in guest:
        facts = facts._replace(consents=frozenset(_pairs(guest["consent"], every)))
    if "refused" in guest:
        refused = frozenset(_pairs(guest["refused"], every))
        facts = facts._replace(consents=facts.consents - refused, refused=refused)
    if "address" in guest:
        facts = facts._replace(reachable=frozenset(_names(guest["address"], venue.channels)))
    holdout = guest.get("holdout", "never")
    return facts if holdout == "never" else facts._replace(guest=holdout, holdout_never=False)


def _value(venue: Venue, name: str, text: str) -> Value:
    field = venue.guest[name]
    value = read_value(text, name, venue)
    marker = replace(field, default=None)
    if field.kind is not FieldKind.TEXT and typed(value, marker, venue.timezone) is None:
        raise Unplayable(f"guest field '{name}': '{text}' is no {field.kind}")
    return value


def _names(text: str, known: Iterable[str]) -> tuple[str, ...]:
    known = tuple(known)
    if text in ("all", "none"):
        return known if text == "all" else ()
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in known:
            raise Unplayable(f"unknown channel '{name}'; known: {', '.join(known)}")
    return names


def _pairs(text: str, known: frozenset[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    if text in ("all", "none"):
        return known if text == "all" else ()
    pairs = [(purpose, channel) for purpose, _, channel in (part.strip().partition("/") for part in text.split(","))]
    for purpose, channel in pairs:
        if (purpose, channel) not in known:
            raise Unplayable(f"unknown consent '{purpose}/{channel}'; write PURPOSE/CHANNEL: marketing/push")
    return pairs


def _event(text: str, venue: Venue, guest: str, number: int) -> Event:
    entry = read_entry(text, venue)
    if entry is None:
        raise Unplayable(f"event '{text}' has no time; write '09:00 enter lobby' or '+1d 08:59 enter lobby'")
    event = read_event(entry, venue, guest=guest, id=f"event-{number}")
    if event is None:
        raise Unplayable(f"'{entry.what}' is not an event here; zones: {', '.join(venue.zones)}")
    return event

"""When does what comes every day come, and to whom?

A journey that starts `every day 17:00` starts by an event like any other, made for each guest whom it may concern.
The venue's clock shows each time once a day: one that is skipped when clocks go forward comes when it would have, and
one that comes twice counts the first time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from rules.event import EVERY, Event
from rules.journey import Journey
from rules.lexer import MARK, NAME, Token, tokens
from rules.rulebook import Rulebook
from rules.spans import comes_at, parse_clock

IN_HOUSE: Final = "in_house"
RESERVATION: Final = "reservation"
_FIELD_TOKENS: Final = 3  # guest . name
_INSIDE_TOKENS: Final = 4  # inside ( 'zone' )


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Which guests could start it. All that is said here must be true of them; nothing said: every guest known here."""

    in_house: bool = False
    reservation: bool = False
    inside: frozenset[str] = frozenset()  # in one of these zones just now

    def __or__(self, other: Audience) -> Audience:
        """Whoever is in either, or some more."""
        return Audience(
            in_house=self.in_house and other.in_house,
            reservation=self.reservation and other.reservation,
            inside=self.inside | other.inside if self.inside and other.inside else frozenset(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One time of one day, and the journeys that start then."""

    at: datetime
    clock: str  # "17:00"
    day: str  # on the venue's calendar
    journeys: tuple[str, ...]
    audience: Audience


def next_occasion(rulebook: Rulebook, after: datetime) -> datetime | None:
    """The first instant after this one at which something starts by the clock; None when nothing ever does."""
    day = rulebook.venue.local(after).date()
    days = (day + timedelta(days=days) for days in (-1, 0, 1, 2))
    times = (at for each in days for at, _ in _times(rulebook, each))
    return min((at for at in times if at > after), default=None)


def occasions(rulebook: Rulebook, at: datetime) -> tuple[Occasion, ...]:
    """What starts by the clock at exactly this instant."""
    return tuple(occasions_between(rulebook, at, at, whole_days=False))


def occasions_between(
    rulebook: Rulebook, first: datetime, last: datetime, *, whole_days: bool = True
) -> Iterator[Occasion]:
    """What starts by the clock from one instant to another, or from the first's day to the end of the last's."""
    if not rulebook.starts.get(EVERY):
        return
    day, end = rulebook.venue.local(first).date(), rulebook.venue.local(last).date()
    if not whole_days:
        day, end = day - timedelta(days=1), end + timedelta(days=1)  # a time that is skipped lies on another day
    while day <= end:
        for at, clock in sorted(_times(rulebook, day)):
            if whole_days or first <= at <= last:
                yield _occasion(rulebook, at, clock, day)
        day += timedelta(days=1)


def occasion_event(occasion: Occasion, *, venue: str, guest: str, received: datetime) -> Event:
    """What happens to one guest then; the same however often it is made."""
    return Event(
        id=f"{EVERY}:{venue}:{occasion.day}:{occasion.clock}:{guest}",
        venue=venue,
        guest=guest,
        kind=EVERY,
        object=occasion.clock,
        at=occasion.at,
        received=received,
    )


def audience(journey: Journey) -> Audience:
    """Whom a journey's own `when` leaves, as far as its text shows it."""
    found = Audience()
    for guard in journey.guards:
        if not guard.unless:
            for part in _parts(tokens(guard.expression.source), "&&"):
                found = _narrowed(found, part)
    return found


def _times(rulebook: Rulebook, day: date) -> set[tuple[datetime, str]]:
    zone = rulebook.venue.timezone
    clocks = {journey.start.object for journey in rulebook.starts.get(EVERY, ()) if journey.start.object}
    found = ((text, parse_clock(text)) for text in clocks)
    return {(comes_at(day, clock, zone), text) for text, clock in found if clock is not None}


def _occasion(rulebook: Rulebook, at: datetime, clock: str, day: date) -> Occasion:
    journeys = [journey for journey in rulebook.starts[EVERY] if journey.start.object == clock]
    wanted, *others = map(audience, journeys)
    for other in others:
        wanted |= other
    names = tuple(journey.name for journey in journeys)
    return Occasion(at=at, clock=clock, day=day.isoformat(), journeys=names, audience=wanted)


def _parts(words: Sequence[Token], mark: str) -> list[list[Token]]:
    """The parts of `a && b && c`; the whole of anything that another operator holds together."""
    other = "||" if mark == "&&" else "&&"
    parts: list[list[Token]] = [[]]
    depth = 0
    for word in words:
        if word.kind == MARK:
            depth += (word.text in "([{") - (word.text in ")]}")
            if not depth and word.text in (other, "?"):
                return [list(words)]
        if word.kind == MARK and word.text == mark and not depth:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _narrowed(found: Audience, part: list[Token]) -> Audience:
    field = _field(part)
    zones = [_zone(each) for each in _parts(part, "||")]
    if all(zone is not None for zone in zones):
        return replace(found, inside=frozenset(zone for zone in zones if zone is not None))
    return replace(
        found, in_house=found.in_house or field == IN_HOUSE, reservation=found.reservation or field == RESERVATION
    )


def _field(part: list[Token]) -> str | None:
    plain = len(part) == _FIELD_TOKENS and part[0].text == "guest" and part[2].kind == NAME
    return part[2].text if plain else None


def _zone(part: list[Token]) -> str | None:
    return part[2].value if len(part) == _INSIDE_TOKENS and part[0].text == "inside" else None

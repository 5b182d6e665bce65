"""Which journeys does an operator hold back, and how?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from rules.rulebook import Rulebook

ALL: Final = "*"  # in place of a journey's name: every one of the venue


class Hold(StrEnum):
    """What an operator asked for."""

    PAUSED = "paused"  # no starts and no sends; what is waited for passes
    DRAINING = "draining"  # no starts; who is in it goes on to its end
    STOPPED = "stopped"  # no starts; who was in it is out, and what had not left was taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One journey that is held back."""

    venue: str
    journey: str  # or ALL
    hold: Hold
    since: datetime


def holding(books: Mapping[str, Rulebook], held: Iterable[Held]) -> dict[str, Rulebook]:
    """The rules with what is held back just now; the journeys that are not named are free."""
    by_name = {(one.venue, one.journey): one.hold for one in held}
    return {venue: _holding(book, venue, by_name) for venue, book in books.items()}


def _holding(book: Rulebook, venue: str, holds: Mapping[tuple[str, str], Hold]) -> Rulebook:
    names = {journey.name for journey in (*book.journeys, *book.older)}
    found = {name: {holds.get((venue, name)), holds.get((venue, ALL))} for name in names}
    paused = frozenset(name for name, of in found.items() if Hold.PAUSED in of)
    draining = frozenset(name for name, of in found.items() if of & {Hold.DRAINING, Hold.STOPPED})
    if (paused, draining) == (book.paused, book.draining):
        return book
    return replace(book, paused=paused, draining=draining)

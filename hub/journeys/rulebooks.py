"""Which rules are in force, and which older journeys do the runs under way still need?

A reload swaps the whole set at once: an event is decided under the old one or the new one, never under a mixture.
New runs take the newest version of a journey, live runs keep theirs: so the text of every version is kept, and those
that are still in use are read again at each start and reload.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from hub.journeys.holds import Held, holding
from hub.journeys.port import KeptVersion, Versions
from rules.definition import Faulty, read_journey
from rules.journey import Journey
from rules.rulebook import Rulebook

_log = structlog.get_logger()


class Rulebooks:
    """The holder that a reload swaps."""

    def __init__(self, books: Mapping[str, Rulebook]) -> None:
        self.current = books  # by venue
        self._held: Sequence[Held] = ()

    def of(self, venue: str) -> Rulebook | None:
        """A venue's rules just now; None for a venue that no file describes."""
        return self.current.get(venue)

    def waited_by(self) -> Mapping[str, frozenset[str]]:
        """The guest fields that some wait is reckoned from, by venue: a change of one is an event."""
        return {venue: book.waited_on for venue, book in self.current.items()}

    def swap(self, books: Mapping[str, Rulebook]) -> None:
        """From now on these. What was newest stays readable: a run may have started on it a moment ago."""
        complete = {venue: _remembering(book, self.current.get(venue)) for venue, book in books.items()}
        self.current = holding(complete, self._held)

    def hold(self, held: Sequence[Held]) -> None:
        """From now on these journeys are held back, and no others."""
        self._held = held
        self.current = holding(self.current, held)


def _remembering(book: Rulebook, before: Rulebook | None) -> Rulebook:
    newest = () if before is None else before.journeys
    missing = tuple(journey for journey in newest if book.journey(journey.name, journey.version) is None)
    return replace(book, older=(*book.older, *missing)) if missing else book


async def with_versions_in_use(
    books: Mapping[str, Rulebook], texts: Sequence[KeptVersion], versions: Versions, *, now: datetime
) -> dict[str, Rulebook]:
    """Keep the journeys' texts, and complete each book with the older versions that are still in use."""
    await versions.keep_versions(texts, now=now)
    older: defaultdict[str, list[Journey]] = defaultdict(list)
    for kept in await versions.versions_in_use(now=now):
        book = books.get(kept.venue)
        if book is not None and book.journey(kept.journey, kept.version) is None:
            older[kept.venue] += _read(kept, book)
    return {venue: replace(book, older=(*book.older, *older[venue])) for venue, book in books.items()}


def _read(kept: KeptVersion, book: Rulebook) -> Iterable[Journey]:
    """The journey, or nothing when this program or the venue file no longer allows what it says: its runs end."""
    try:
        journey = read_journey(kept.text, book.venue, file=f"{kept.journey} ({kept.version[:8]})")
    except Faulty as exc:
        _log.error("An older version of a journey can no longer be read", journey=kept.journey, fault=str(exc))
        return ()
    return (replace(journey, version=kept.version),)

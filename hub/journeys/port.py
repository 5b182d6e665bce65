"""What the journeys ask of the store: facts in, decisions out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from rules.decision import Decision
from rules.deliberation import TakenBack
from rules.event import Due, Event
from rules.facts import Facts, Planned
from rules.run import Run
from rules.task import Task, Write


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitNote:
    """What a presence event says about a visit; stored with the event, in one transaction."""

    id: str
    venue: str
    tag: str  # the venue's pseudonym
    zone: str
    entered: datetime
    left: datetime | None
    dwelled_us: int  # the largest threshold told so far
    confidence: float
    heard: datetime | None = None  # the last live sign of being there


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that one decision changes, stored in one transaction or not at all."""

    guest: str
    venue: str
    version: int  # of the facts that were read; the store refuses with Conflict when it has moved on
    event: Event | None  # None when a deadline was the cause
    visit: VisitNote | None  # None: of an `entered` or `left` that another system tells, the store makes it
    runs: tuple[Run, ...]  # new and changed ones
    decisions: tuple[Decision, ...]
    planned: tuple[Planned, ...]  # a ghost is stored in state GHOST, a held one SCHEDULED, the others READY
    cancelled: tuple[TakenBack, ...] = ()  # messages to take back; the decision is stored where one had not left yet
    tasks: tuple[Task, ...] = ()  # what the staff are asked to do
    writes: tuple[Write, ...] = ()  # on her profile
    emitted: tuple[Event, ...] = ()  # of the journeys' own making, decided about already
    facts: Facts | None = None  # on which it was decided, those of `version`


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What came of one asking."""

    known: bool  # does anybody know the guest?
    record: Record | None = None  # as it was stored; None: there was nothing to decide, or its event was stored before


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWait:
    """A run whose deadline has been reached."""

    venue: str
    guest: str
    due: Due


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVersion:
    """The text of one version of a journey: a run stays on the version on which it started."""

    venue: str
    journey: str
    version: str
    text: str


class KnownEvent(NamedTuple):
    """What an event that was stored is about: another one of its id is the same when it is about the same."""

    guest: str
    kind: str
    object: str | None


class Ledger(Protocol):
    """Where runs and decisions are kept."""

    async def facts(self, *, venue: str, guest: str, at: datetime) -> Facts | None:
        """All that the engine may ask about a guest; None when nobody knows her."""
        ...

    async def known(self, event: Event) -> KnownEvent | None:
        """What is stored at its venue under its id, if anything."""
        ...

    async def settle(
        self,
        *,
        venue: str,
        guest: str,
        at: datetime,
        decide: Callable[[Facts], Record | None],
        now: Callable[[], datetime],
    ) -> Settled:
        """Read her facts, decide on them and record it, in one transaction.

        `decide` is pure, and may be called on another thread, as `now` may. Raises Conflict as `record` does, of a
        write that came in between.
        """
        ...

    async def record(self, record: Record, *, now: datetime) -> bool:
        """Store all of it, durably; False when its event was stored before, and so nothing was now.

        A repeated decision id or dedupe key changes nothing. Raises Conflict when the guest's version has moved on, or
        nobody knows her any more: the caller reads and decides again.

        An `entered` without a visit begins one, unless she is there by a visit of a tag's; `left` ends it, and so does
        whatever she enters next.
        """
        ...

    async def note_visit(self, visit: VisitNote) -> None:
        """Store a visit of a tag that is nobody's just now, or of somebody whom nobody knows any more."""
        ...

    async def due(self, *, now: datetime, limit: int) -> Sequence[DueWait]:
        """Runs to look at, the earliest first."""
        ...

    async def next_wake(self) -> datetime | None:
        """When the next run is to be looked at."""
        ...


class Pendings(Protocol):
    """Where events of the hub's own making wait. `Ledger.record` takes one away with its decision."""

    async def pending(self, *, limit: int) -> Sequence[Event]:
        """Those that have waited longest, in order."""
        ...

    async def settle_pending(self, event: str) -> None:
        """Nobody can decide about it: take it away."""
        ...


class RunBook(Protocol):
    """Who is in a journey just now, and which versions of it were ever kept."""

    async def live_runs(self, *, venue: str, journey: str | None, after: str, limit: int) -> Sequence[Run]:
        """Live runs of a journey, or of all, by id, those after one."""
        ...

    async def versions_of(self, venue: str, journey: str) -> Sequence[KeptVersion]:
        """Every kept version of a journey, the oldest first."""
        ...


class Versions(Protocol):
    """Where the texts of journeys are kept, so that a changed file leaves the runs under way as they are."""

    async def keep_versions(self, versions: Sequence[KeptVersion], *, now: datetime) -> None:
        """Keep the text of versions that runs may come to depend on; those that are kept already stay."""
        ...

    async def versions_in_use(self, *, now: datetime) -> Sequence[KeptVersion]:
        """The kept versions that a live run, an open goal or an unsent message still needs, the oldest first."""
        ...

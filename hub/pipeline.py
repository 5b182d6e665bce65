"""The river: what happens to a batch of sightings, from the broker to a decision.

    arrival ─ingest→ sightings ─presence→ transitions ─identity→ events ─journeys→ decisions, stored
                                                                                      │
    gateway <── acknowledged, only now: what the batch caused can no longer be lost ──┘

A guest's own phone that heard the venue's beacons goes the same road from presence on; its answer is its
acknowledgement.

Nearly every sighting changes nothing: it is received and tracked in memory, in one turn of the loop, without a store
and without a task. What changes something is decided guest by guest; guests that change at once share a commit.
From the decision on, the outbox (hub/outbox/dispatch.py) takes the message on its way.

What goes wrong with one message or one guest harms nobody else, and does not come again for ever: it is set aside with
a line in the log, and counted. A disk that refuses is another thing: everything waits for it, and nothing is lost.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import inf
from typing import Final, Generic, Protocol, TypeVar

import structlog

from hub.clock import Clock
from hub.errors import Conflict, StoreFailed, WorkRefused, without_words
from hub.identity.bindings import Carried, Enrolment
from hub.identity.events import Crossing, event_of
from hub.ingest.gateways import GatewayNote
from hub.ingest.marks import Mark
from hub.ingest.port import Acknowledge, Broker, D, Gateways, Marks
from hub.ingest.receive import Arrival, Ingest
from hub.ingest.sighting import Sighting
from hub.journeys.engine import Journeys
from hub.journeys.port import Ledger, VisitNote
from hub.presence.tracker import Tracker
from hub.presence.transition import Change, Transition
from wire.pseudonym import Pseudonym

T = TypeVar("T")

GROUP_S: Final = 0.15
# Batches that changed nothing share a commit: six a second instead of one for each. A gateway waits ten seconds.
GROUP_MOST: Final = 100
# Messages at which a commit waits no longer: a broker hands over some hundreds, and then none until the first of them
# is acknowledged.
TICK_S: Final = 1.0  # how often silence is looked at; presence counts in seconds
PAUSE_S: Final = 1.0  # before the store is asked again after it refused
CONFLICTS: Final = 5  # each is sixteen decisions in vain: no counter clerk writes so fast, so it is a fault of ours

_log = structlog.get_logger()


class History(Protocol):
    """Where sightings wait that came too late to trigger, until visits that are over are mended with them."""

    async def keep(self, late: Sequence[Sighting]) -> None:
        """Keep these, durably before it returns. The same again changes nothing."""
        ...


@dataclass(kw_only=True)
class Pipeline(Generic[D]):
    """Knows the order of the rooms; each room knows nothing of the others."""

    broker: Broker[D]
    ingest: Ingest
    tracker: Tracker
    phones: Tracker = field(default_factory=lambda: Tracker(()))  # the same, of guests' own phones
    enrolment: Callable[[], Enrolment]  # the one in force
    journeys: Journeys
    ledger: Ledger
    marks: Marks
    gateways: Gateways
    clock: Clock
    acknowledge: Acknowledge  # to a gateway
    history: History  # where late sightings go
    is_reference: Callable[[str, str], bool] = lambda _venue, _tag: False  # a tag of the venue's own, at a venue
    counts: Counter[str] = field(default_factory=Counter)  # transitions, and messages and transitions set aside
    _changes: list[Transition] = field(default_factory=list)
    _late: list[Sighting] = field(default_factory=list)
    _taken: list[D] = field(default_factory=list)  # received, and not acknowledged yet
    _asking: list[asyncio.Future[None]] = field(default_factory=list)  # who waits until all this is settled
    _work: asyncio.Event = field(default_factory=asyncio.Event)
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Hear, look at silence, and settle what changed, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear(), name="pipeline-hear")
            tasks.create_task(self._tick(), name="pipeline-tick")
            tasks.create_task(self._settle(), name="pipeline-settle")

    async def _hear(self) -> None:
        while True:
            self.take(await self.broker.arrivals())

    def take(self, deliveries: Iterable[D]) -> None:
        """Receive and track one turn's messages, in memory."""
        for delivery in deliveries:
            try:
                self._receive(delivery.arrival)
            except Exception as exc:  # noqa: BLE001  our own fault: the others' messages are heard all the same
                self.counts["messages_set_aside"] += 1
                _log.error("A message is set aside", topic=delivery.arrival.topic, fault=without_words(exc))
            self._taken.append(delivery)
        self._work.set()
        if len(self._taken) >= GROUP_MOST:
            self._hurry.set()

    def _receive(self, arrival: Arrival) -> None:
        received = self.ingest.receive(arrival)
        if received.state is not None and received.gateway is not None:
            self.tracker.gateway_state(*received.gateway, arrival.at, online=received.state.online)
        if received.heard is None:
            return
        if received.late:
            self._late += received.sightings
        else:
            self.changed(self.tracker.hear(*received.heard))

    async def hear_phone(self, venue: str, phone: Pseudonym, heard: Sequence[Sighting]) -> bool:
        """What a guest's phone heard, in order; back when what it caused is stored. False: nothing of it was new."""
        known = self.phones.last_heard(venue, phone)
        live = [one for one in heard if one.live and one.at > known.get(one.gateway, -inf)]
        late = [one for one in heard if not one.live]
        changes = self.phones.observe(live)
        self._late += late
        self.changed(changes)
        if changes or late or not live:  # what a repeat repeats may be on its way to the store
            await self._settled()
        return bool(live or late)

    async def _settled(self) -> None:
        settled = asyncio.get_running_loop().create_future()
        self._asking.append(settled)
        self._work.set()
        self._hurry.set()
        await settled

    def changed(self, transitions: Iterable[Transition]) -> None:
        """Have these decided, after those that wait."""
        before = len(self._changes)
        self._changes += transitions
        if len(self._changes) > before:
            self._work.set()
            self._hurry.set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now = self.clock.now().timestamp()
            self.changed([*self.tracker.expire(now), *self.phones.expire(now)])

    async def _settle(self) -> None:
        while True:
            await self._work.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(GROUP_S):
                    await self._hurry.wait()
            await self.settle_some()

    async def settle_some(self) -> None:
        """Decide and store what waits; then, and only then, acknowledge the batches that caused it."""
        self._work.clear()
        self._hurry.clear()
        changes, self._changes = self._changes, []
        taken, self._taken = self._taken, []
        late, self._late = self._late, []
        asking, self._asking = self._asking, []
        marks = self.ingest.marks.take()
        if len(changes) == 1:  # nearly always: it needs no task, and goes a turn of the loop earlier
            await self._settle_one(changes[0])
        else:
            await asyncio.gather(*(self._settle_one(transition) for transition in changes))
        if late:
            await _until_stored(lambda: self.history.keep(late))
        await self._keep(marks, self.ingest.gateways.take())  # of what was heard meanwhile too: it tells of no batch
        self.broker.acknowledge(taken)
        for mark in marks:
            self.acknowledge(mark.key.venue, mark.key.gateway, mark.ack)
        for settled in asking:
            if not settled.done():  # it went away meanwhile
                settled.set_result(None)

    async def _keep(self, marks: Sequence[Mark], notes: Sequence[GatewayNote]) -> None:
        """Which batches are stored, and what their gateways said: side by side, so that they share a commit."""
        keeping: list[Awaitable[None]] = []
        if marks:
            keeping.append(_until_stored(lambda: self.marks.store(marks, self.clock.now())))
        if notes:
            keeping.append(_until_stored(lambda: self.gateways.store(notes)))
        await asyncio.gather(*keeping)

    async def _settle_one(self, transition: Transition) -> None:
        if self.is_reference(transition.venue, transition.tag):
            return
        self.counts["transitions"] += 1
        visit = _note(transition)
        try:
            await self._decide(transition, visit)
        except Exception as exc:  # noqa: BLE001  our own fault about one guest: the others are decided all the same
            self.counts["transitions_set_aside"] += 1
            _log.error("A transition is set aside", visit=visit.id, kind=transition.kind, fault=without_words(exc))
            with suppress(WorkRefused):
                await _until_stored(lambda: self.ledger.note_visit(visit))

    async def _decide(self, transition: Transition, visit: VisitNote) -> None:
        carried = None if transition.kind is Change.CLOSED else self._carried(transition)
        if carried is None:
            await _until_stored(lambda: self.ledger.note_visit(visit))
            return
        hers = replace(visit, entered=max(visit.entered, carried.since))
        event = event_of(_crossing(transition), carried.guest, received=self.clock.now())
        await _until_stored(lambda: self.journeys.handle(event, hers))

    def _carried(self, transition: Transition) -> Carried | None:
        """Who is told of it: whoever has had the tag since the visit began."""
        carried = self.enrolment().carried(transition.venue, transition.tag, transition.at)
        return None if carried is None or transition.began < carried.since else carried


async def _until_stored(work: Callable[[], Awaitable[T]]) -> T:
    """Do it again until the store takes it: a full disk delays a decision and loses none.

    Raises:
        WorkRefused, Conflict: it never will take this.
    """
    conflicts = 0
    while True:
        try:
            return await work()
        except WorkRefused:
            raise
        except Conflict:
            conflicts += 1
            if conflicts == CONFLICTS:
                raise
        except StoreFailed as exc:
            _log.error("The store refuses; trying again until it takes it", error=str(exc))
        await asyncio.sleep(PAUSE_S)


def _note(transition: Transition) -> VisitNote:
    return VisitNote(
        id=transition.visit,
        venue=transition.venue,
        tag=transition.tag,
        zone=transition.zone,
        entered=transition.entered,
        left=transition.at if transition.kind in {Change.LEFT, Change.CLOSED} else None,
        dwelled_us=0 if transition.dwell is None else transition.dwell // timedelta(microseconds=1),
        confidence=transition.confidence,
        heard=transition.heard,
    )


def _crossing(transition: Transition) -> Crossing:
    return Crossing(
        venue=transition.venue,
        kind=transition.kind.value,
        zone=transition.zone,
        visit=transition.visit,
        at=transition.at,
        dwell=transition.dwell,
        either=transition.either,
    )

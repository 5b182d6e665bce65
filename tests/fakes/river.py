"""A pipeline between a broker, a store and a gateway that a test can stop and open: everything else is real."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from hub.errors import HubError
from hub.identity.bindings import Enrolment
from hub.identity.guest import Binding, GuestId, VenueId
from hub.ingest.admit import Roster
from hub.ingest.gateways import GatewayNote
from hub.ingest.marks import Mark
from hub.ingest.phones import Heard, sightings_of
from hub.ingest.receive import Arrival, Ingest
from hub.journeys.engine import Journeys
from hub.journeys.port import Record, VisitNote
from hub.journeys.rulebooks import Rulebooks
from hub.pipeline import Pipeline
from hub.presence.layout import Layout, ZoneLayout
from hub.presence.tracker import Tracker
from tests.fakes.arrivals import a_guest
from tests.fakes.history import FakeHistory
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.marks import FakeMarks
from tests.fakes.rulebook import the_hotel
from wire.advert.frame import TagId
from wire.mqtt.messages import Ack
from wire.pseudonym import Pseudonym, pseudonym
from wire.tag import parse_tag

KEY = bytes(range(16))
LIVE = "ik/1/marlton/{}/live/0"
LOG = "ik/1/marlton/{}/log/0"
STATE = "ik/1/marlton/{}/state"
BEACONS = {zone: TagId(f"altbeacon:{zone.encode().hex().ljust(40, '0')}") for zone in ("lobby", "pool")}
AGREED_AT = datetime(2026, 1, 1, tzinfo=UTC)


class FakeDelivery(NamedTuple):
    """hub.ingest.port.Delivery."""

    arrival: Arrival


class FakeBroker:
    """hub.ingest.port.Broker: hands over what a test puts, and notes what is acknowledged."""

    def __init__(self, order: list[str]) -> None:
        self._order = order
        self._waiting: asyncio.Queue[FakeDelivery] = asyncio.Queue()
        self.acknowledged: list[FakeDelivery] = []
        self.put_in = 0

    @property
    def is_done(self) -> bool:
        """Is all that was put acknowledged?"""
        return len(self.acknowledged) == self.put_in

    def put(self, topic: str, payload: bytes, *, at: datetime = T0) -> None:
        self.put_in += 1
        self._waiting.put_nowait(FakeDelivery(Arrival(topic, payload, at.timestamp(), at.timestamp())))

    async def arrivals(self) -> list[FakeDelivery]:
        taken = [await self._waiting.get()]
        while not self._waiting.empty():
            taken.append(self._waiting.get_nowait())
        return taken

    def acknowledge(self, deliveries: Iterable[FakeDelivery]) -> None:
        told = list(deliveries)
        self.acknowledged += told
        self._order += ["acknowledged to the broker"] * bool(told)


class FakeGateways:
    """hub.ingest.port.Gateways."""

    def __init__(self) -> None:
        self.notes: list[GatewayNote] = []

    async def load(self) -> Sequence[GatewayNote]:
        return self.notes

    async def store(self, notes: Sequence[GatewayNote]) -> None:
        self.notes += notes

    async def revoke(self, venue: str, gateway: str, at: datetime) -> None:
        raise NotImplementedError


class GatedLedger(FakeLedger):
    """Stores a decision only while its gate is open, and fails as it is told to, first come first."""

    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self._order = order
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[str] = []  # the guests whose records were brought
        self.noted = 0
        self.faults: dict[str, list[Exception]] = {}  # by guest

    async def record(self, record: Record, *, now: datetime) -> bool:
        self.asked.append(record.guest)
        await self.gate.wait()
        if waiting := self.faults.get(record.guest):
            raise waiting.pop(0)
        stored = await super().record(record, now=now)
        self._order.append("decision stored")
        return stored

    async def note_visit(self, visit: VisitNote) -> None:
        self.noted += 1
        await super().note_visit(visit)


class GatedMarks(FakeMarks):
    """Notes when, and fails as it is told to."""

    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self._order = order
        self.faults: list[HubError] = []
        self.stored = 0

    async def store(self, marks: Sequence[Mark], at: datetime) -> None:
        if self.faults:
            raise self.faults.pop(0)
        await super().store(marks, at)
        self.stored += 1
        self._order.append("mark stored")


class River:
    """The hub from the broker to a decision. What is public here, a test may turn and look at."""

    def __init__(self, guests: Sequence[str] = ("ana",)) -> None:
        self.order: list[str] = []  # what happened, in order
        self.clock = StillClock()
        self.broker = FakeBroker(self.order)
        self.ledger = GatedLedger(self.order)
        self.marks = GatedMarks(self.order)
        self.gateways = FakeGateways()
        self.history = FakeHistory(self.order)
        self.acks: list[Ack] = []
        self.told: list[Record] = []
        bindings = [_binding(guest) for guest in guests]
        for guest in guests:
            self.ledger.put_guest(a_guest(guest))
        agreed = {GuestId(guest): AGREED_AT for guest in guests}
        self.enrolment = Enrolment({VenueId("marlton"): KEY}, bindings, agreed)
        ingest = Ingest()
        ingest.roster = Roster(
            zones={"marlton": {"lobby-1": "lobby", "pool-1": "pool"}},
            revoked=frozenset(),
            enrolled={"marlton": frozenset(self.enrolment.pseudonyms("marlton", T0))},
        )
        layout = Layout(
            venue="marlton",
            zones=tuple(
                ZoneLayout(zone=zone, gateways=(f"{zone}-1",), min_stay=timedelta(0)) for zone in ("lobby", "pool")
            ),
        )
        self.pipeline = Pipeline(
            broker=self.broker,
            ingest=ingest,
            tracker=Tracker((layout,)),
            phones=Tracker((_of_beacons(layout),)),
            enrolment=lambda: self.enrolment,
            journeys=Journeys(self.ledger, Rulebooks({"marlton": the_hotel()}), self.clock, decided=self.told.append),
            ledger=self.ledger,
            marks=self.marks,
            gateways=self.gateways,
            clock=self.clock,
            acknowledge=self._acknowledge,
            history=self.history,
        )

    def _acknowledge(self, venue: str, gateway: str, ack: Ack) -> None:
        assert (venue, gateway) in {("marlton", "lobby-1"), ("marlton", "pool-1")}
        self.acks.append(ack)
        self.order.append(f"acknowledged upto {ack.upto}")

    def nobody_is_enrolled(self) -> None:
        """Whose tag it was is known no longer."""
        self.enrolment = Enrolment({VenueId("marlton"): KEY})

    def hands_on(self, guest: str, *, to: str, at: datetime) -> None:
        """Her tag is another's from then on; presence is not told."""
        if to not in self.ledger.guests:
            self.ledger.put_guest(a_guest(to))
        binding = replace(_binding(guest), guest=GuestId(to), from_=at)
        self.enrolment = Enrolment({VenueId("marlton"): KEY}, [binding])

    def heard(self, seq: int, *guests: str, dbm: int = -60, gateway: str = "lobby-1", topic: str = LIVE) -> None:
        """A gateway's batch, a second later for each seq: loud enough to enter unless it says otherwise."""
        at = T0 + timedelta(seconds=seq)
        self.clock.at = max(self.clock.at, at)
        batch = {
            "v": 1,
            "gw": gateway,
            "epoch": "f3a1",
            "boot": "9c",
            "seq": seq,
            "low": 1,
            "sent": 1_000_000 + seq * 1000,
            "rows": [[tag_of(guest), 900, 10, 5, dbm, dbm, dbm] for guest in guests],
        }
        self.broker.put(topic.format(gateway), json.dumps(batch).encode(), at=at)

    async def phone_hears(self, guest: str, zone: str = "lobby", *, age_s: float = 0.0, dbm: int = -60) -> bool:
        """Her own phone says that it heard a zone's beacon twice, the last time so many seconds ago. Was it new?"""
        now = self.clock.at.timestamp()
        phone = self.enrolment.phone("marlton", GuestId(guest))
        assert phone is not None
        heard = [Heard(now - age_s - step, BEACONS[zone], dbm) for step in (1.0, 0.0)]
        return await self.pipeline.hear_phone("marlton", phone, sightings_of("marlton", phone, heard, now))

    @property
    def zones(self) -> Mapping[str, str]:
        """Where each guest is, by the visits that were stored."""
        return {whose: note.zone for note, whose in self.ledger.visits.values() if whose is not None}

    @asynccontextmanager
    async def runs(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.pipeline.run())
        try:
            yield
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


def tag_of(guest: str) -> Pseudonym:
    return pseudonym(KEY, parse_tag(_beacon(guest)))


def _beacon(guest: str) -> str:
    return f"altbeacon:{guest.encode().hex().ljust(40, '0')}"


def _binding(guest: str) -> Binding:
    return Binding(tag=parse_tag(_beacon(guest)), guest=GuestId(guest), from_=AGREED_AT, until=None)


def _of_beacons(layout: Layout) -> Layout:
    """The same zones, as phones hear them."""
    return replace(layout, zones=tuple(replace(zone, gateways=(BEACONS[zone.zone],)) for zone in layout.zones))

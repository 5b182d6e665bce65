"""What the API and the pages stand on in a test: everything in memory, and a client that speaks HTTP to the app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from prometheus_client import CollectorRegistry, Counter

from hub.api.deps import ApiDeps
from hub.api.feed import Feed
from hub.api.port import Listened, Posted, VenueShown
from hub.errors import BadRequest, Conflict, NotFound
from hub.identity import resume
from hub.identity.eid import RollingBeacon
from hub.identity.guest import GuestId
from hub.identity.port import GuestRecord
from hub.identity.present import PresentGuest
from hub.identity.token import Role, TokenRecord, hash_of
from hub.identity.unsubscribe import read
from hub.ingest.phones import Heard
from hub.ingest.seen import SeenGateway
from hub.journeys.coupon import Coupon
from hub.journeys.task import TaskRow
from hub.outbox.message import State
from hub.outbox.receipt import STATE_OF, Receipt
from hub.outbox.shown import Attempt, MessageRow, MessageStory, Page, ShownVisit
from rules.decision import Decision, Kind, Reason
from rules.event import Event
from tests.fakes.guests import FakeGuests
from tests.fakes.hub_clock import T0, StillClock
from wire.advert.frame import TagId
from wire.tag import parse_tag

HANGING: Final = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:1:1"  # in the lobby, for the guests' phones
UNSUBSCRIBE_SECRET: Final = b"s" * 32


class FakeTokens:
    """Tokens by their secret; `secret-<id>` opens `<id>`."""

    def __init__(self, *records: TokenRecord) -> None:
        self.records = {record.id: record for record in records}

    async def find(self, secret_hash: str) -> TokenRecord | None:
        return next((one for one in self.records.values() if hash_of(f"secret-{one.id}") == secret_hash), None)

    def revoke(self, token: str) -> None:
        self.records[token] = replace(self.records[token], revoked_at=T0)


class FakeMessages:
    """Stories and decisions in lists, newest first; a cursor is a position."""

    def __init__(self) -> None:
        self.stories: list[MessageStory] = []
        self.decisions: list[Decision] = []

    async def page(
        self, *, venue: str | None, state: State | None, guest: str | None, limit: int, cursor: str | None
    ) -> Page[MessageRow]:
        rows = [
            one.row
            for one in self.stories
            if venue in {None, one.row.venue} and state in {None, one.row.state} and guest in {None, one.row.guest}
        ]
        return _page(tuple(rows), limit, cursor)

    async def one(self, message: str) -> MessageStory:
        for story in self.stories:
            if story.row.id == message:
                return story
        raise NotFound("message")

    async def timeline(self, guest: str, *, venue: str | None, limit: int, cursor: str | None) -> Page[Decision]:
        found = [one for one in self.decisions if one.guest == guest and venue in {None, one.venue}]
        return _page(tuple(found), limit, cursor)


def _page(items: tuple[Any, ...], limit: int, cursor: str | None) -> Page[Any]:
    if cursor is not None and not cursor.isdecimal():
        raise BadRequest("cursor: found one of somebody else's; right would be `next` of the page before")
    start = int(cursor or 0)
    following = start + limit
    return Page(items=items[start:following], cursor=str(following) if following < len(items) else None)


class FakeBeacons:
    """Secrets in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[TagId, RollingBeacon] = {}

    def knows(self, tag: TagId) -> bool:
        return tag in self.kept

    async def keep(self, tag: TagId, beacon: RollingBeacon) -> None:
        self.kept[tag] = beacon

    async def forget(self, tag: TagId) -> None:
        self.kept.pop(tag, None)


class FakeLive:
    """Whoever a test puts somewhere."""

    def __init__(self) -> None:
        self.guests: dict[str, list[PresentGuest]] = {}
        self.heard: list[SeenGateway] = []

    async def presence(self, venue: str) -> Sequence[PresentGuest]:
        return self.guests.get(venue, [])

    async def gateways(self, venue: str | None) -> Sequence[SeenGateway]:
        return [one for one in self.heard if venue in {None, one.venue}]


class FakeTasks:
    """Tasks in a list, newest first."""

    def __init__(self) -> None:
        self.rows: list[TaskRow] = []

    async def page(
        self, *, venue: str | None, team: str | None, is_open: bool | None, limit: int, cursor: str | None
    ) -> Page[TaskRow]:
        rows = [
            one
            for one in self.rows
            if venue in {None, one.venue} and team in {None, one.team} and is_open in {None, one.acked is None}
        ]
        return _page(tuple(rows), limit, cursor)

    async def one(self, task: str) -> TaskRow:
        for row in self.rows:
            if row.id == task:
                return row
        raise NotFound("task")

    async def ack(self, task: str, by: str) -> TaskRow:
        row = await self.one(task)
        if row.acked is None:
            taken = replace(row, acked=T0 + timedelta(minutes=1), acked_by=by)
            self.rows[self.rows.index(row)] = taken
        return await self.one(task)


class FakeCoupons:
    """Coupons by their code."""

    def __init__(self) -> None:
        self.coupons: dict[str, Coupon] = {}

    async def one(self, code: str, *, venue: str | None) -> Coupon:
        found = self.coupons.get(code)
        if found is None or venue not in {None, found.venue}:
            raise NotFound("coupon")
        return found

    async def redeem(self, code: str, *, venue: str | None, by: str, now: datetime) -> Coupon:
        found = await self.one(code, venue=venue)
        if found.redeemed is not None:
            raise Conflict("used")
        self.coupons[code] = replace(found, redeemed=now, redeemed_by=by)
        return self.coupons[code]


def a_task(task: str = "t-1", /, **changes: Any) -> TaskRow:  # noqa: ANN401  any field
    row = TaskRow(
        id=task,
        venue="marlton",
        guest="ana",
        journey="complaint",
        run="run-1",
        step="steps.0",
        team="front-desk",
        text="Ana is at the desk, with an open complaint.",
        at=T0,
        ack_by=T0 + timedelta(minutes=3),
        escalated=False,
        acked=None,
        acked_by=None,
    )
    return replace(row, **changes)


def a_coupon(code: str = "AB12CD34", /, **changes: Any) -> Coupon:  # noqa: ANN401  any field
    coupon = Coupon(
        code=code,
        venue="marlton",
        guest="ana",
        journey="welcome",
        message="meal-discount",
        issued=T0,
        redeemed=None,
        redeemed_by=None,
    )
    return replace(coupon, **changes)


class FakeJourneys:
    """Takes events, once each, about guests whom `guests` knows."""

    def __init__(self, guests: FakeGuests) -> None:
        self.guests = guests
        self.events: list[Event] = []

    async def __call__(self, event: Event) -> Posted:
        for one in self.events:
            if one.id == event.id:
                same = (one.guest, one.kind, one.object) == (event.guest, event.kind, event.object)
                return Posted.REPEATED if same else Posted.CLASHES
        await self.guests.guest(GuestId(event.guest))
        self.events.append(event)
        return Posted.TAKEN


class FakePhones:
    """Takes what phones hear, once each, of guests whom `guests` knows and who agreed to be noticed."""

    def __init__(self, guests: FakeGuests) -> None:
        self.guests = guests
        self.heard: list[tuple[str, str, Heard]] = []  # venue, guest

    async def __call__(self, venue: str, guest: GuestId, heard: Sequence[Heard]) -> Listened:
        await self.guests.guest(guest)
        if guest not in await self.guests.agreed():
            return Listened.NO_CONSENT
        fresh = [(venue, guest, one) for one in heard if (venue, guest, one) not in self.heard]
        self.heard += fresh
        return Listened.TAKEN if fresh else Listened.REPEATED


@dataclass(kw_only=True)
class FakeHub:
    """All of it, with one token a role, one bound to a venue, and one bound to a guest."""

    clock: StillClock = field(default_factory=StillClock)
    tokens: FakeTokens = field(default_factory=lambda: FakeTokens(*_some_tokens()))
    guests: FakeGuests = field(default_factory=FakeGuests)
    beacons: FakeBeacons = field(default_factory=FakeBeacons)
    messages: FakeMessages = field(default_factory=FakeMessages)
    live: FakeLive = field(default_factory=FakeLive)
    tasks: FakeTasks = field(default_factory=FakeTasks)
    coupons: FakeCoupons = field(default_factory=FakeCoupons)
    feed: Feed = field(default_factory=Feed)
    waiting: list[str] = field(default_factory=list)
    told: int = 0  # how often the gateways were told of a change

    receipts: list[Receipt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.journeys = FakeJourneys(self.guests)
        self.phones = FakePhones(self.guests)
        self.venues = {"marlton": a_venue("marlton"), "sands": a_venue("sands")}
        self.metrics = CollectorRegistry()
        Counter("innkeeper_sightings", "Sightings that were taken.", registry=self.metrics).inc(3)

    async def record(self, guest: str = "ana") -> GuestRecord:
        return await self.guests.guest(GuestId(guest))

    async def enrolment_changed(self) -> None:
        self.told += 1

    async def take_receipt(self, receipt: Receipt) -> State:
        self.receipts.append(receipt)
        return STATE_OF[receipt.told]

    def pseudonyms(self, tag: TagId) -> Mapping[str, str]:
        return {venue: f"{venue[:4]}{len(tag):012d}" for venue in self.venues}

    def deps(self) -> ApiDeps:
        return ApiDeps(
            clock=self.clock,
            tokens=self.tokens,
            guests=self.guests,
            beacons=self.beacons,
            messages=self.messages,
            live=self.live,
            feed=self.feed,
            post_event=self.journeys,
            hear_phone=self.phones,
            tasks=self.tasks,
            ack_task=self.tasks.ack,
            coupons=self.coupons,
            take_receipt=self.take_receipt,
            venues=lambda: self.venues,
            pseudonyms=self.pseudonyms,
            enrolment_changed=self.enrolment_changed,
            read_unsubscribe=lambda token: read(UNSUBSCRIBE_SECRET, token),
            read_resume=lambda token: resume.read(UNSUBSCRIBE_SECRET, token, now=self.clock.now()),
            waiting_for=lambda: self.waiting,
            metrics=self.metrics,
        )


def a_venue(venue: str) -> VenueShown:
    return VenueShown(
        id=venue,
        name=f"The {venue.title()}",
        zones=("lobby", "restaurant"),
        beacons=frozenset({parse_tag(HANGING)}),
        channels=frozenset({"push", "email"}),
        purposes=frozenset({"marketing", "service", "transactional"}),
    )


def a_token(token: str, role: Role = Role.VIEWER, *, venue: str | None = None, guest: str | None = None) -> TokenRecord:
    return TokenRecord(id=token, name=token, role=role, venue=venue, guest=guest, created_at=T0)


def _some_tokens() -> list[TokenRecord]:
    return [
        *(a_token(str(role), role) for role in Role),
        *(a_token(f"{role}-of-marlton", role, venue="marlton") for role in Role),
        a_token("app-of-ana", Role.APP, guest="ana"),
    ]


def client(app: FastAPI, token: str | None = None) -> AsyncClient:
    """A client of the app; with the secret of a token, or without one."""
    headers = {} if token is None else {"Authorization": f"Bearer secret-{token}"}
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://hub.test", headers=headers)


def a_row(message: str = "m-1", /, **changes: Any) -> MessageRow:  # noqa: ANN401  any field
    row = MessageRow(
        id=message,
        venue="marlton",
        guest="ana",
        journey="welcome",
        version="v1",
        run="run-1",
        step="steps.0.choose.2",
        message="welcome",
        purpose="marketing",
        state=State.SENT,
        reason=None,
        detail=None,
        channels=("push",),
        channel="push",
        provider="apns",
        provider_id="apns-1",
        ghost=False,
        title=None,
        body="Welcome back, Ana. Room 412 is ready for you.",
        at=T0,
        due=T0,
        expires=T0 + timedelta(minutes=15),
        created=T0,
        updated=T0 + timedelta(seconds=1),
    )
    return replace(row, **changes)


def a_decision(decision: str = "d-1", **changes: Any) -> Decision:  # noqa: ANN401  any field
    value = Decision(
        id=decision,
        at=T0,
        venue="marlton",
        guest="ana",
        journey="welcome",
        kind=Kind.SENT,
        reason=Reason.MATCHED,
        text="a member with a reservation",
        run="run-1",
        step="steps.0.choose.2",
        event="e-1",
        message="m-1",
        guard="guest.reservation",
        saw={"guest.reservation": True, "guest.member": True},
    )
    return value._replace(**changes)


def a_story(message: str = "m-1", /, **changes: Any) -> MessageStory:  # noqa: ANN401  any field of the row
    event = Event(
        id="e-1", venue="marlton", guest="ana", kind="entered", object="lobby", at=T0, received=T0, data={"n": 1}
    )
    attempt = Attempt(
        n=1,
        channel="push",
        provider="apns",
        device="phone",
        started=T0,
        ended=T0 + timedelta(seconds=1),
        outcome="accepted",
        detail=None,
        provider_id="apns-1",
    )
    return MessageStory(
        row=a_row(message, **changes),
        decisions=(a_decision(message=message),),
        events=(event,),
        visit=ShownVisit(id="v-1", zone="lobby", entered=T0, left=None, confidence=0.93),
        attempts=(attempt,),
    )

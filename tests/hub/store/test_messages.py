from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.errors import BadRequest, NotFound
from hub.journeys.engine import Journeys
from hub.journeys.rulebooks import Rulebooks
from hub.outbox.message import Accepted, State, Target
from hub.store.box import BoxStore
from hub.store.ledger import LedgerStore
from hub.store.messages import MessageStore
from hub.store.posting import put_message
from hub.store.sqlite import Store
from rules.decision import Kind, Reason
from tests.fakes.arrivals import a_visit, enters, know_ana
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.planned import a_planned
from tests.fakes.rulebook import the_hotel
from tests.fakes.store import a_store

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
PHONE = Target(channel="push", provider="apns", address="aa11", device="phone", kind="apns")


@dataclass
class Hub:
    store: Store

    def __post_init__(self) -> None:
        self.messages = MessageStore(self.store)
        self.box = BoxStore(self.store, timezone_of=lambda _: UTC)
        ledger = LedgerStore(self.store, timezone_of=lambda _: UTC)
        self.journeys = Journeys(ledger, Rulebooks({"marlton": the_hotel()}), StillClock(), decided=lambda _: None)

    async def puts(self, name: str, *, at: datetime = T0, guest: str = "ana") -> None:
        await self.store.write(lambda c: put_message(c, a_planned(name, at=at, guest=guest), at))

    async def page(
        self, *, state: State | None = None, guest: str | None = None, venue: str | None = None, limit: int = 10
    ) -> list[str]:
        page = await self.messages.page(venue=venue, state=state, guest=guest, limit=limit, cursor=None)
        return [row.id for row in page.items]


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with a_store(tmp_path) as store:
        yield Hub(store)


async def test_messages_are_listed_newest_first_page_by_page(hub: Hub) -> None:
    for n in range(5):
        await hub.puts(f"m{n}", at=T0 + (n // 2) * SECOND)  # two in the same moment

    pages, cursor = [], None
    while True:
        page = await hub.messages.page(venue=None, state=None, guest=None, limit=2, cursor=cursor)
        pages.append([row.id for row in page.items])
        cursor = page.cursor
        if cursor is None:
            break
        await hub.puts(f"later{len(pages)}", at=T0 + HOUR)  # what arrives meanwhile shifts nothing

    assert pages == [["m4", "m3"], ["m2", "m1"], ["m0"]]


async def test_a_list_can_be_of_one_state_one_guest_or_one_venue(hub: Hub) -> None:
    await hub.puts("m1")
    await hub.puts("m2", guest="ben")
    await hub.box.claim(now=T0, lease_until=T0 + HOUR, token="t", limit=1)

    assert await hub.page(state=State.CLAIMED) == ["m1"]
    assert await hub.page(guest="ben") == ["m2"]
    assert await hub.page(venue="marlton") == ["m2", "m1"]
    assert await hub.page(venue="elsewhere") == []


@pytest.mark.parametrize("cursor", ["", "!", "abc", "bm90LW91cnM", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkuYQ", "ünï"])
async def test_a_cursor_that_no_page_gave_is_refused(hub: Hub, cursor: str) -> None:
    with pytest.raises(BadRequest):
        await hub.messages.page(venue=None, state=None, guest=None, limit=2, cursor=cursor)
    with pytest.raises(BadRequest):
        await hub.messages.timeline("ana", venue=None, limit=2, cursor=cursor)


async def test_a_message_that_is_not_there_is_not_found(hub: Hub) -> None:
    with pytest.raises(NotFound):
        await hub.messages.one("m1")


@pytest.mark.parametrize("state", [State.SUPPRESSED, State.DEAD, State.EXPIRED, State.CANCELLED])
async def test_p44_a_message_that_ended_before_it_left_says_why_in_words(hub: Hub, state: State) -> None:
    await hub.puts("m1")
    [claimed] = await hub.box.claim(now=T0, lease_until=T0 + HOUR, token="t", limit=1)

    await hub.box.finish(claimed, now=T0, state=state, reason="template", detail="unknown name 'event.gate'")

    row = (await hub.messages.one("m1")).row
    assert (row.reason, row.detail) == ("template", "unknown name 'event.gate'")


async def test_what_a_provider_said_stands_with_the_attempt_alone(hub: Hub) -> None:
    await know_ana(hub.store, member=True)
    await hub.puts("m1")
    [claimed] = await hub.box.claim(now=T0, lease_until=T0 + HOUR, token="t", limit=1)
    await hub.box.begin_sending(claimed, now=T0, boot="b", target=PHONE, title=None, body="Welcome")

    await hub.box.finish(claimed, now=T0, state=State.DEAD, reason="content", detail="413")

    story = await hub.messages.one("m1")
    assert (story.row.detail, story.attempts[0].detail) == (None, "413")


async def test_a_message_is_told_with_its_whole_why(hub: Hub) -> None:
    await know_ana(hub.store, member=True)
    await hub.journeys.handle(enters("lobby"), a_visit("lobby"))
    [claimed] = await hub.box.claim(now=T0, lease_until=T0 + HOUR, token="t", limit=1)
    await hub.box.begin_sending(claimed, now=T0, boot="b", target=PHONE, title=None, body="Rooms from 189")
    await hub.box.accepted(claimed, now=T0 + SECOND, accepted=Accepted(provider_id="p1"))

    story = await hub.messages.one(claimed.planned.id)

    assert (story.row.message, story.row.state, story.row.provider_id) == ("room-rates", State.SENT, "p1")
    assert (story.row.channel, story.row.body) == ("push", "Rooms from 189")
    assert {decision.kind for decision in story.decisions} >= {Kind.STARTED, Kind.SENT}
    assert [event.id for event in story.events] == [enters("lobby").id]
    assert story.visit is not None
    assert (story.visit.zone, story.visit.entered) == ("lobby", T0)
    [attempt] = story.attempts
    assert (attempt.n, attempt.provider, attempt.outcome) == (1, "apns", "accepted")
    assert (attempt.started, attempt.ended) == (T0, T0 + SECOND)


async def test_a_guests_timeline_has_every_decision_and_its_reason_newest_first(hub: Hub) -> None:
    await know_ana(hub.store, member=True)
    await hub.journeys.handle(enters("lobby"))
    await hub.journeys.handle(enters("lobby", at=T0 + HOUR))

    first = await hub.messages.timeline("ana", venue="marlton", limit=1, cursor=None)
    rest = await hub.messages.timeline("ana", venue=None, limit=50, cursor=first.cursor)

    assert [(each.kind, each.reason) for each in first.items] == [(Kind.NOT_STARTED, Reason.GUARD)]
    assert Kind.SENT in [each.kind for each in rest.items]
    assert rest.cursor is None
    assert (await hub.messages.timeline("ben", venue=None, limit=5, cursor=None)).items == ()
    assert (await hub.messages.timeline("ana", venue="elsewhere", limit=5, cursor=None)).items == ()

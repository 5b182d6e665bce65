"""From an event to the provider's answer: the journeys, the outbox and the store, as the hub puts them together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from itertools import count
from pathlib import Path

import pytest

from hub.identity.guest import Consent, GuestId
from hub.journeys.engine import Journeys
from hub.journeys.rulebooks import Rulebooks
from hub.outbox.dispatch import Dispatcher
from hub.outbox.message import State
from hub.store.box import BoxStore
from hub.store.guests import GuestStore
from hub.store.ledger import LedgerStore
from hub.store.messages import MessageStore
from hub.store.sqlite import Store
from tests.fakes.arrivals import enters, happens, know_ana
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.office import SlowChannel
from tests.fakes.rulebook import the_hotel
from tests.fakes.store import a_store

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Hub:
    """One start of the hub over a store that outlives it."""

    def __init__(self, store: Store, clock: StillClock, *, boot: str = "b1") -> None:
        tokens = count()
        self.store = store
        self.clock = clock
        self.apns, self.smtp = SlowChannel(), SlowChannel()
        rulebooks = Rulebooks({"marlton": the_hotel()})
        self.dispatcher = Dispatcher(
            box=BoxStore(store, timezone_of=lambda _: UTC),
            channels={"apns": self.apns, "smtp": self.smtp},
            rulebook_of=rulebooks.of,
            clock=clock,
            chance=lambda: 0.5,
            boot=boot,
            new_token=lambda: f"{boot}-{next(tokens)}",
            unsubscribe_url=lambda _: "https://hub.example/u/t",
        )
        self.journeys = Journeys(
            LedgerStore(store, timezone_of=lambda _: UTC),
            rulebooks,
            clock,
            decided=lambda record: self.dispatcher.poke() if record.planned else None,
        )
        self.messages = MessageStore(store)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.dispatcher.run())
        try:
            yield
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    async def states(self) -> dict[str, tuple[State, str | None]]:
        page = await self.messages.page(venue=None, state=None, guest=None, limit=50, cursor=None)
        return {row.message: (row.state, row.reason) for row in page.items}

    async def until(self, message: str, state: State) -> None:
        async with asyncio.timeout(30):
            while (await self.states()).get(message, (None,))[0] is not state:  # noqa: ASYNC110  a row, not an event
                await asyncio.sleep(0.002)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  what is waited for is a value, not an event
            await asyncio.sleep(0.001)


async def test_who_is_no_member_is_offered_membership_by_email_once(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await know_ana(store, member=False)
        hub = Hub(store, StillClock())
        async with hub.at_work():
            await hub.journeys.handle(enters("lobby"))
            await hub.until("join-the-club", State.SENT)
            await hub.journeys.handle(enters("lobby", at=T0 + MINUTE))
            await asyncio.sleep(0.02)

    [mail] = hub.smtp.accepted
    assert mail.title == "Breakfast is on us, Ana"
    assert "https://hub.example/u/t" in mail.body
    assert hub.apns.asked == []


async def test_consent_withdrawn_after_the_decision_stops_the_message(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await know_ana(store, member=True)
        hub = Hub(store, StillClock())
        await hub.journeys.handle(enters("lobby"))
        withdrawn = Consent(purpose="marketing", channel="push", granted=False, source="app", wording="No more.")
        await GuestStore(store).record_consent(GuestId("ana"), withdrawn, T0)
        async with hub.at_work():
            await hub.until("room-rates", State.SUPPRESSED)
        states = await hub.states()

    assert states == {"room-rates": (State.SUPPRESSED, "no_consent")}
    assert hub.apns.asked == []


async def test_a_guest_erased_after_the_decision_gets_nothing(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await know_ana(store, member=True)
        hub = Hub(store, StillClock())
        await hub.journeys.handle(enters("lobby"))
        await GuestStore(store).erase_guest(GuestId("ana"), T0)
        async with hub.at_work():
            await asyncio.sleep(0.02)
        states = await hub.states()

    assert states == {"room-rates": (State.CANCELLED, "erased")}
    assert hub.apns.asked == []


async def test_a_journey_stopped_before_its_message_left_sends_nothing(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await know_ana(store, member=True)
        clock = StillClock(T0.replace(hour=23))  # at night messages are held
        hub = Hub(store, clock)
        await hub.journeys.handle(enters("lobby", at=clock.now()))
        await hub.journeys.handle(happens("checked_out", at=clock.now() + MINUTE))
        clock.pass_(10 * HOUR)
        async with hub.at_work():
            await asyncio.sleep(0.02)

    assert hub.apns.asked == []


async def test_a_hub_that_died_while_sending_never_sends_again(tmp_path: Path) -> None:
    clock = StillClock()
    async with a_store(tmp_path) as store:
        await know_ana(store, member=True)
        dying = Hub(store, clock, boot="b1")
        dying.apns.open.clear()
        await dying.journeys.handle(enters("lobby"))
        task = asyncio.create_task(dying.dispatcher.run())
        await until(lambda: len(dying.apns.asked) == 1)
        for each in asyncio.all_tasks() - {asyncio.current_task()}:
            if "Store." not in repr(each.get_coro()):  # the disk ends what it has begun
                each.cancel()  # a kill waits for nobody
        await asyncio.gather(task, return_exceptions=True)
    async with a_store(tmp_path) as store:
        hub = Hub(store, clock, boot="b2")
        async with hub.at_work():
            await hub.until("room-rates", State.UNKNOWN)
            again = await hub.journeys.handle(enters("lobby", at=T0 + MINUTE))
            await asyncio.sleep(0.02)

    assert hub.apns.asked == []
    assert again is not None
    assert again.planned == ()  # doubt counts as sent

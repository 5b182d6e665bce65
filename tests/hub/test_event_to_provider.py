"""From an event to the provider's answer: the journeys, the outbox and the store, as the hub puts them together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from itertools import count
from pathlib import Path

import pytest

from hub.control.delivery import DeliveryCommands, DeliveryDeps
from hub.errors import BadRequest, Permanent, Trouble
from hub.identity.guest import Consent, GuestId
from hub.journeys.engine import Journeys
from hub.journeys.rulebooks import Rulebooks
from hub.outbox.dispatch import Dispatcher
from hub.outbox.message import State
from hub.outbox.shown import MessageRow
from hub.store.box import BoxStore
from hub.store.deliveries import DeliveryStore
from hub.store.guests import GuestStore
from hub.store.ledger import LedgerStore
from hub.store.messages import MessageStore
from hub.store.sqlite import Store
from rules.definition import read_journey
from rules.rulebook import Rulebook
from tests.fakes.arrivals import enters, happens, know_ana
from tests.fakes.hub_clock import T0, StillClock
from tests.fakes.office import SlowChannel
from tests.fakes.rulebook import the_hotel, welcome_text
from tests.fakes.store import a_store

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Hub:
    """One start of the hub over a store that outlives it."""

    def __init__(self, store: Store, clock: StillClock, *, boot: str = "b1", book: Rulebook | None = None) -> None:
        tokens = count()
        self.store = store
        self.clock = clock
        self.apns, self.smtp = SlowChannel(), SlowChannel()
        rulebooks = Rulebooks({"marlton": book or the_hotel()})
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
        self.commands = DeliveryCommands(
            DeliveryDeps(
                clock=clock,
                deliveries=DeliveryStore(store, timezone_of=lambda _: UTC),
                rulebook_of=rulebooks.of,
                pause=_not_asked,
                poke=self.dispatcher.poke,
                backup=_not_asked,
            )
        )

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.dispatcher.run())
        try:
            yield
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    async def rows(self) -> Sequence[MessageRow]:
        return (await self.messages.page(venue=None, state=None, guest=None, limit=50, cursor=None)).items

    async def states(self) -> dict[str, tuple[State, str | None]]:
        return {row.message: (row.state, row.reason) for row in await self.rows()}

    async def retry(self, message: str) -> None:
        """`innkeeper outbox retry`."""
        await self.commands.retry({"id": message})

    async def until(self, message: str, state: State) -> None:
        async with asyncio.timeout(30):
            while (await self.states()).get(message, (None,))[0] is not state:  # noqa: ASYNC110  a row, not an event
                await asyncio.sleep(0.002)


async def _not_asked(_: object) -> None:
    raise AssertionError


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


async def test_a_dead_letter_goes_only_when_she_has_not_been_messaged_since(tmp_path: Path) -> None:
    # Membership is still worth offering days later; the rates of an evening are not.
    longer = welcome_text().replace("by: email\n", "by: email\n    keep: 3d\n", 1)
    hotel = the_hotel()
    book = Rulebook(venue=hotel.venue, journeys=(read_journey(longer, hotel.venue, file="welcome.yaml"),))
    clock = StillClock()
    async with a_store(tmp_path) as store:
        await know_ana(store, member=False)
        hub = Hub(store, clock, book=book)
        hub.smtp.answers.append(Permanent(Trouble.CONTENT, "552 it is too large"))
        async with hub.at_work():
            await hub.journeys.handle(enters("lobby"))
            await hub.until("join-the-club", State.DEAD)
            [dead] = await hub.rows()
            clock.pass_(HOUR)
            await hub.journeys.handle(enters("lobby", at=clock.now()))  # what failed had given its place back
            await until(lambda: len(hub.smtp.accepted) == 1)
            clock.pass_(23 * HOUR)
            with pytest.raises(BadRequest, match="messaged in the last 24h, until 10:00"):
                await hub.retry(dead.id)
            refused = await hub.rows()
            clock.pass_(HOUR)
            await hub.retry(dead.id)
            await until(lambda: len(hub.smtp.accepted) == 2)
            clock.pass_(23 * HOUR)
            again = await hub.journeys.handle(enters("lobby", at=clock.now()))  # it took its place again as it went

    other, last = hub.smtp.accepted
    assert dead in refused
    assert (last.id, last.id == other.id) == (dead.id, False)
    assert again is not None
    assert again.planned == ()

"""What a receipt changes: the message's state, and whether its address is written to again."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

import pytest

from hub.errors import NotFound
from hub.identity.guest import GuestId, Profile
from hub.outbox.message import Accepted, State, Target
from hub.outbox.receipt import Receipt, Told, event_of
from hub.store.addresses import targets
from hub.store.box import BoxStore
from hub.store.guests import GuestStore
from hub.store.posting import put_message
from hub.store.receipts import ReceiptStore
from hub.store.sqlite import Store
from tests.fakes.hub_clock import T0
from tests.fakes.planned import a_planned
from tests.fakes.store import a_store

ANA = GuestId("ana")
LEASE = timedelta(seconds=30)
MAILBOX = Target(channel="email", provider="smtp", address="ana@guest.example")


async def a_mail(store: Store, state: State = State.SENT) -> None:
    await is_reached_at(store, "ana@guest.example")
    box = BoxStore(store, timezone_of=lambda _: UTC)
    await store.write(lambda c: put_message(c, a_planned(channels=("email",)), T0))
    [claimed] = await box.claim(now=T0, lease_until=T0 + LEASE, token="t1", limit=1)
    assert await box.begin_sending(claimed, now=T0, boot="b1", target=MAILBOX, title=None, body="Welcome")
    await box.accepted(claimed, now=T0, accepted=Accepted(provider_id=None))
    await store.write(lambda c: c.execute("UPDATE messages SET state = ?", (state,)))


async def is_reached_at(store: Store, email: str) -> None:
    await GuestStore(store).put_guest(ANA, Profile(email=email), T0)


async def told(store: Store, *kinds: Told, **more: object) -> State:
    for kind in kinds:
        receipt = Receipt(message="m1", told=kind, at=T0, **more)  # type: ignore[arg-type]  # a receipt's own fields
        noted = await ReceiptStore(store).take(receipt, T0)
    return noted.state


async def may_write(store: Store) -> bool:
    return bool(await store.read(lambda c: targets(c, ANA, "email", message="m1")))


@pytest.mark.parametrize(
    ("before", "kinds", "after"),
    [
        (State.SENT, [Told.DELIVERED], State.DELIVERED),
        (State.UNKNOWN, [Told.DELIVERED], State.DELIVERED),
        (State.SENT, [Told.OPENED, Told.DELIVERED], State.OPENED),
        (State.SENT, [Told.CLICKED, Told.CLICKED], State.OPENED),
        (State.SENT, [Told.DELIVERED, Told.OPENED, Told.COMPLAINED], State.COMPLAINED),
        (State.SENT, [Told.BOUNCED, Told.OPENED], State.BOUNCED),
        (State.SUPPRESSED, [Told.OPENED], State.SUPPRESSED),
    ],
)
async def test_the_state_follows_what_is_told_and_never_goes_back(
    tmp_path: Path, before: State, kinds: list[Told], after: State
) -> None:
    async with a_store(tmp_path) as store:
        await a_mail(store, before)

        assert await told(store, *kinds) is after


@pytest.mark.parametrize(
    ("kind", "for_good", "writes_again"),
    [
        (Told.BOUNCED, True, False),
        (Told.BOUNCED, False, True),
        (Told.COMPLAINED, False, False),
        (Told.OPENED, True, True),
    ],
)
async def test_a_mailbox_that_is_gone_or_complains_is_never_written_to_again(
    tmp_path: Path, kind: Told, *, for_good: bool, writes_again: bool
) -> None:
    async with a_store(tmp_path) as store:
        await a_mail(store)
        await told(store, kind, for_good=for_good)

        assert await may_write(store) is writes_again


async def test_a_bounce_of_an_older_address_leaves_the_new_one(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_mail(store)
        await told(store, Told.BOUNCED, address="Ana.Old@guest.example")
        still = await may_write(store)
        await GuestStore(store).put_guest(ANA, Profile(email="ana.old@guest.example"), T0)

        assert still
        assert not await may_write(store)


@pytest.mark.parametrize("kind", [Told.BOUNCED, Told.COMPLAINED])
async def test_what_came_back_from_the_old_address_leaves_the_new_one_and_names_nobody(
    tmp_path: Path, kind: Told
) -> None:
    async with a_store(tmp_path) as store:
        await a_mail(store)
        await is_reached_at(store, "ana.right@guest.example")
        await told(store, kind)
        still = await may_write(store)
        await is_reached_at(store, "Ana@guest.example")

        assert still
        assert not await may_write(store)


@pytest.mark.parametrize(("kind", "writes_again"), [(Told.BOUNCED, True), (Told.COMPLAINED, False)])
async def test_where_nobody_knows_what_it_went_to_a_bounce_condemns_nothing_and_a_complaint_the_address_that_she_has(
    tmp_path: Path, kind: Told, *, writes_again: bool
) -> None:
    async with a_store(tmp_path) as store:
        await a_mail(store)
        await store.write(lambda c: c.execute("UPDATE attempts SET address_hash = NULL"))  # of before it was kept
        await told(store, kind)

        assert await may_write(store) is writes_again


async def test_a_message_that_may_have_gone_to_two_addresses_condemns_neither(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_mail(store)
        await store.write(
            lambda c: c.execute(
                "INSERT INTO attempts (message, n, channel, provider, started_us, outcome, address_hash)"
                " VALUES ('m1', 0, 'email', 'smtp', 0, 'doubt', 'another')"
            )
        )
        await told(store, Told.BOUNCED)

        assert await may_write(store)


async def test_a_try_that_was_refused_is_not_what_came_back(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_mail(store)
        await store.write(
            lambda c: c.execute(
                "INSERT INTO attempts (message, n, channel, provider, started_us, outcome, address_hash)"
                " VALUES ('m1', 0, 'email', 'smtp', 0, 'unavailable', 'another')"
            )
        )
        await told(store, Told.BOUNCED)

        assert not await may_write(store)


async def test_a_message_that_nobody_knows_is_not_found(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        with pytest.raises(NotFound):
            await told(store, Told.OPENED)


async def test_a_receipt_told_twice_is_one_event(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await a_mail(store)
        receipt = Receipt(message="m1", told=Told.OPENED, at=T0)
        events = {event_of(receipt, await ReceiptStore(store).take(receipt, T0), received=T0).id for _ in "ab"}

    assert events == {"receipt:m1:opened"}

"""A code is there once its message begins to leave, and is used once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from hub.errors import Conflict, NotFound
from hub.identity.guest import GuestId
from hub.outbox.message import Accepted, State, Target
from hub.store.box import BoxStore
from hub.store.coupons import CouponStore
from hub.store.guests import GuestStore
from hub.store.posting import put_message
from hub.store.sqlite import Store
from tests.fakes.arrivals import know_ana
from tests.fakes.hub_clock import T0
from tests.fakes.planned import a_planned
from tests.fakes.store import a_store

MINUTE = timedelta(minutes=1)
TARGET = Target(channel="push", provider="apns", address="aa11", device="phone")
CODE = "AB12CD34"


class Till:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.box = BoxStore(store, timezone_of=lambda _: UTC)
        self.coupons = CouponStore(store)

    async def sends(self, body: str, *, end: State | None = State.SENT, name: str = "m1") -> None:
        planned = a_planned(name, view={"coupon": CODE}, expires_at=T0 + 60 * MINUTE)
        await self.store.write(lambda c: put_message(c, planned, T0))
        [claimed] = await self.box.claim(now=T0, lease_until=T0 + MINUTE, token="t", limit=1)
        await self.box.begin_sending(claimed, now=T0, boot="b", target=TARGET, title=None, body=body)
        if end is State.SENT:
            await self.box.accepted(claimed, now=T0, accepted=Accepted(provider_id="p"))
        elif end is not None:
            await self.box.finish(claimed, now=T0, state=end, reason="content")


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    async with a_store(tmp_path) as store:
        await know_ana(store, member=True)
        yield Till(store)


@pytest.mark.parametrize("end", [State.SENT, State.UNKNOWN, None])
async def test_a_code_that_was_or_may_have_been_read_is_good_once(till: Till, end: State | None) -> None:
    await till.sends(f"20% off: {CODE}", end=end)

    before = await till.coupons.one(CODE, venue=None)
    used = await till.coupons.redeem(CODE, venue="marlton", by="till 1", now=T0 + MINUTE)

    assert (before.redeemed, before.guest, before.journey) == (None, "ana", "welcome")
    assert (used.redeemed, used.redeemed_by) == (T0 + MINUTE, "till 1")
    with pytest.raises(Conflict):
        await till.coupons.redeem(CODE, venue="marlton", by="till 2", now=T0 + 2 * MINUTE)
    assert (await till.coupons.one(CODE, venue=None)).redeemed_by == "till 1"


async def test_of_two_tills_at_once_one_gets_it(till: Till) -> None:
    await till.sends(f"20% off: {CODE}")

    answers = await asyncio.gather(
        *(till.coupons.redeem(CODE, venue=None, by=f"till {n}", now=T0) for n in range(20)), return_exceptions=True
    )

    assert sum(isinstance(answer, Conflict) for answer in answers) == 19


async def test_a_message_that_shows_no_code_gives_none(till: Till) -> None:
    await till.sends("Welcome back.")

    with pytest.raises(NotFound):
        await till.coupons.one(CODE, venue=None)


@pytest.mark.parametrize("venue", ["sands", "marlton"])
async def test_a_code_of_a_message_that_certainly_never_left_or_of_another_venue_is_not_there(
    till: Till, venue: str
) -> None:
    await till.sends(f"20% off: {CODE}", end=State.SENT if venue == "sands" else State.DEAD)

    with pytest.raises(NotFound):
        await till.coupons.redeem(CODE, venue=venue, by="till", now=T0)


async def test_what_an_erased_guest_holds_is_still_good_and_names_nobody(till: Till) -> None:
    await till.sends(f"20% off: {CODE}")
    await GuestStore(till.store).erase_guest(GuestId("ana"), T0)

    assert (await till.coupons.redeem(CODE, venue=None, by="till", now=T0)).guest is None

"""A code is there once its message begins to leave, and is used once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from hub.errors import Conflict, NotFound, Trouble
from hub.identity.guest import GuestId
from hub.outbox.message import Accepted, Claimed, State, Target
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
TARGET = Target(channel="push", provider="apns", address="aa11", device="phone", kind="apns")
CODE = "AB12CD34"


class Till:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.box = BoxStore(store, timezone_of=lambda _: UTC)
        self.coupons = CouponStore(store)

    async def sends(self, body: str, *, end: State | None = State.SENT, name: str = "m1") -> Claimed:
        planned = a_planned(name, view={"coupon": CODE}, expires_at=T0 + 60 * MINUTE)._replace(run="run-1", step=name)
        await self.store.write(lambda c: put_message(c, planned, T0))
        [claimed] = await self.box.claim(now=T0, lease_until=T0 + MINUTE, token="t", limit=1)
        await self.box.begin_sending(claimed, now=T0, boot="b", target=TARGET, title=None, body=body)
        if end is State.SENT:
            await self.box.accepted(claimed, now=T0, accepted=Accepted(provider_id="p"))
        elif end is not None:
            reason = Trouble.DOUBT if end is State.UNKNOWN else Trouble.CONTENT
            await self.box.finish(claimed, now=T0, state=end, reason=reason)
        return claimed


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


@pytest.mark.parametrize("shown", ["ab12cd34", "Ab12cd34", "AB12-CD34", "AB12 CD34"])
async def test_a_code_that_a_filter_wrote_otherwise_is_good(till: Till, shown: str) -> None:
    await till.sends(f"20% off: {shown}")

    assert (await till.coupons.redeem(CODE, venue=None, by="till", now=T0)).redeemed == T0


@pytest.mark.parametrize("erased", [False, True])
@pytest.mark.parametrize("first", [State.DEAD, None])
async def test_a_code_is_good_when_the_first_message_that_shows_it_dies_and_a_later_one_leaves(
    till: Till, first: State | None, *, erased: bool
) -> None:
    dying = await till.sends(f"20% off: {CODE}", end=first, name="m1")
    await till.sends(f"Your 20% off: {CODE}", name="m2")
    if first is None:  # it was still under way when the next one left
        await till.box.finish(dying, now=T0, state=State.DEAD, reason="content")
    if erased:
        await GuestStore(till.store).erase_guest(GuestId("ana"), T0)

    used = await till.coupons.redeem(CODE, venue=None, by="till 1", now=T0)

    assert (used.guest, used.redeemed_by) == (None if erased else "ana", "till 1")
    with pytest.raises(Conflict):
        await till.coupons.redeem(CODE, venue=None, by="till 2", now=T0)


@pytest.mark.parametrize("erased", [False, True])
async def test_a_message_that_left_without_the_code_gives_nobody_that_of_one_that_died(
    till: Till, *, erased: bool
) -> None:
    await till.sends(f"20% off: {CODE}", end=State.DEAD, name="m1")
    await till.sends("See you soon.", name="m2")
    if erased:
        await GuestStore(till.store).erase_guest(GuestId("ana"), T0)

    with pytest.raises(NotFound):
        await till.coupons.redeem(CODE, venue=None, by="till", now=T0)


async def test_a_code_of_a_message_that_failed_for_certain_and_ran_out_of_time_is_not_there(till: Till) -> None:
    claimed = await till.sends(f"20% off: {CODE}", end=None)
    await till.box.again(claimed, now=T0, due=T0 + MINUTE, trouble="unavailable", detail="503", channel_at=0)
    await till.box.claim(now=T0 + 90 * MINUTE, lease_until=T0 + 91 * MINUTE, token="u", limit=1)  # EXPIRED

    with pytest.raises(NotFound):
        await till.coupons.redeem(CODE, venue=None, by="till", now=T0)


async def test_a_code_of_a_message_that_was_in_doubt_is_good_though_it_died_when_it_was_tried_again(till: Till) -> None:
    claimed = await till.sends(f"20% off: {CODE}", end=State.UNKNOWN)
    await till.store.write(
        lambda c: c.execute("UPDATE messages SET state = 'DEAD' WHERE id = ?", (claimed.planned.id,))
    )

    assert (await till.coupons.redeem(CODE, venue=None, by="till", now=T0)).redeemed == T0


async def test_what_an_erased_guest_holds_is_still_good_and_names_nobody(till: Till) -> None:
    await till.sends(f"20% off: {CODE}")
    await GuestStore(till.store).erase_guest(GuestId("ana"), T0)

    assert (await till.coupons.redeem(CODE, venue=None, by="till", now=T0)).guest is None

"""P15: on a full disk nothing is doubled, a withdrawal still works, and all goes on soon after there is space."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hub.clock import SystemClock
from hub.errors import StoreFailed
from hub.identity.guest import Consent, Device, DeviceKind, GuestId, Profile
from hub.outbox import dispatch
from hub.outbox.dispatch import Dispatcher
from hub.outbox.message import State
from hub.store.box import BoxStore
from hub.store.guests import GuestStore
from hub.store.posting import put_message
from hub.store.restraints import safeguards
from hub.store.sqlite import Store, open_store
from tests.fakes.channel import FakeChannel
from tests.fakes.planned import a_planned
from tests.fakes.rulebook import a_rulebook
from tests.soak.mounts import fill, small_disk

ANA, BEN = GuestId("ana"), GuestId("ben")
DISK_MIB = 16
MESSAGES = 40


def a_dispatcher(store: Store, channel: FakeChannel) -> Dispatcher:
    tokens = count()
    return Dispatcher(
        box=BoxStore(store, timezone_of=lambda _: UTC),
        channels={"apns": channel},
        rulebook_of=lambda _: a_rulebook(),
        clock=SystemClock(),
        chance=lambda: 0.5,
        boot="b1",
        new_token=lambda: f"t{next(tokens)}",
        unsubscribe_url=lambda _: None,
    )


def consent(*, granted: bool) -> Consent:
    return Consent(purpose="marketing", channel="push", granted=granted, source="app", wording="May we?")


async def know(guests: GuestStore, guest: GuestId) -> None:
    now = datetime.now(UTC)
    await guests.put_guest(guest, Profile(first_name="Ana", holdout="never"), now)
    phone = Device(id=f"phone-{guest}", kind=DeviceKind.APNS, address=guest.encode().hex(), app=None, environment=None)
    await guests.put_device(guest, phone, now)
    await guests.record_consent(guest, consent(granted=True), now)


async def plan(store: Store, *names: str, guest: str) -> None:
    now = datetime.now(UTC)
    for name in names:
        planned = a_planned(name, guest=guest, channels=("push",), at=now, expires_at=now + timedelta(minutes=15))
        await store.write(lambda c, planned=planned: put_message(c, planned, now))


async def states(store: Store) -> dict[str, Any]:
    return await store.read(
        lambda c: {name: State(state) for name, state in c.execute("SELECT id, state FROM messages").fetchall()}
    )


async def test_p15_a_full_disk_doubles_nothing_lets_her_withdraw_and_is_over_soon_after_there_is_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "STORE_PAUSE", timedelta(seconds=1))
    with small_disk(tmp_path / "disk", mib=DISK_MIB) as disk:
        guards = safeguards(disk, b"k" * 16)
        channel = FakeChannel()
        assert guards.reserve.lay_out()
        async with open_store(disk / "innkeeper.db") as store:
            guests = GuestStore(store, None, guards)
            for guest in (ANA, BEN):
                await know(guests, guest)
            await plan(store, *(f"m{n}" for n in range(MESSAGES)), guest="ana")
            await store.checkpoint()
            filler = await asyncio.to_thread(fill, disk)
            sending = asyncio.create_task(a_dispatcher(store, channel).run())
            refused = await until_refused(guests)
            await asyncio.sleep(2.5)
            while_full = len(channel.accepted)
            await guests.record_consent(BEN, consent(granted=False), datetime.now(UTC))
            await guests.erase_guest(BEN, datetime.now(UTC))
            alive = not sending.done()

            filler.unlink()
            began = time.monotonic()
            async with asyncio.timeout(30):
                while set((await states(store)).values()) - {State.SENT, State.UNKNOWN}:  # noqa: ASYNC110  rows
                    await asyncio.sleep(0.1)
            took = time.monotonic() - began
            await plan(store, "last", guest="ana")
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            there_again = guards.reserve.lay_out()
            stood = await states(store)

    assert "full" in refused
    assert alive
    assert took < 30
    assert len(set(channel.accepted_ids)) == len(channel.accepted)
    assert while_full <= len(channel.accepted)
    assert {name for name, state in stood.items() if state is State.SENT} <= set(channel.accepted_ids)
    assert there_again


async def until_refused(guests: GuestStore) -> str:
    """Write until the disk says no; what it says."""
    for n in range(100_000):
        try:
            await guests.put_guest(GuestId(f"g{n}"), Profile(first_name="x" * 4000), datetime.now(UTC))
        except StoreFailed as exc:
            return str(exc)
    return "it never was"

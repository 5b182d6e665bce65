"""P17, P5: somebody else holds the database's lock for half a minute: late is what comes, lost or stale is nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from hub.outbox.message import Accepted, Notification, State
from hub.store.guests import GuestStore
from hub.store.posting import put_message
from hub.store.sqlite import open_store
from rules.rulebook import Rulebook
from tests.fakes.channel import FakeChannel
from tests.fakes.planned import a_planned
from tests.fakes.rulebook import a_rulebook
from tests.soak.test_full_disk import ANA, BEN, a_dispatcher, consent, know, states

HELD_S: Final = 31.0
SHORT, LONG = timedelta(seconds=10), timedelta(minutes=15)  # of what is worth sending
EACH: Final = 30


class Timed(FakeChannel):
    """It notes how long before its end each message was handed over, and takes a moment for each."""

    def __init__(self) -> None:
        super().__init__()
        self.left: list[timedelta] = []

    async def send(self, notification: Notification) -> Accepted:
        self.left.append(notification.expires_at - datetime.now(UTC))
        await asyncio.sleep(0.05)
        return await super().send(notification)


@pytest.mark.soak
@pytest.mark.timeout(180)
async def test_p17_a_lock_of_half_a_minute_delays_and_loses_nothing_and_what_expired_meanwhile_stays(
    tmp_path: Path,
) -> None:
    channel = Timed()
    async with open_store(tmp_path / "innkeeper.db") as store:
        guests = GuestStore(store)
        for guest in (ANA, BEN):
            await know(guests, guest)
        now = datetime.now(UTC)
        for n in range(2 * EACH):
            keep = SHORT if n % 2 else LONG
            planned = a_planned(f"m{n}", guest="ana", channels=("push",), at=now, expires_at=now + keep)
            await store.write(lambda c, planned=planned: put_message(c, planned, now))
        locked: list[sqlite3.Connection] = []

        def rulebook_of(_: str) -> Rulebook:  # asked for when a message is asked about: just before SENDING is written
            if not locked:
                locked.append(sqlite3.connect(tmp_path / "innkeeper.db", isolation_level=None))
                locked[0].execute("BEGIN IMMEDIATE")
            return a_rulebook()

        sending = asyncio.create_task(replace(a_dispatcher(store, channel), rulebook_of=rulebook_of).run())
        while not locked:  # noqa: ASYNC110  a thing of the dispatcher's
            await asyncio.sleep(0.001)
        withdrawing = asyncio.create_task(guests.record_consent(BEN, consent(granted=False), datetime.now(UTC)))
        await asyncio.sleep(HELD_S)
        waited = not withdrawing.done()
        locked[0].execute("COMMIT")
        locked[0].close()
        await withdrawing
        async with asyncio.timeout(60):
            while set((await states(store)).values()) & {State.READY, State.CLAIMED, State.SENDING, State.SCHEDULED}:  # noqa: ASYNC110  rows
                await asyncio.sleep(0.1)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        stood = await states(store)
        withdrawn = [one.granted for one in (await guests.guest(BEN)).consents]

    assert waited
    assert withdrawn == [False]
    assert min(channel.left) > timedelta(0)
    assert len(set(channel.accepted_ids)) == len(channel.accepted)
    assert {name for name, state in stood.items() if state is State.SENT} <= set(channel.accepted_ids)
    assert set(channel.accepted_ids) <= {name for name, state in stood.items() if state in (State.SENT, State.UNKNOWN)}
    assert {stood[f"m{n}"] for n in range(0, 2 * EACH, 2)} <= {State.SENT, State.UNKNOWN}
    assert State.EXPIRED in {stood[f"m{n}"] for n in range(1, 2 * EACH, 2)}

"""What every Box does: the one in memory, and SQLite's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Protocol

import pytest

from hub.errors import NotFound, Trouble
from hub.identity.guest import GuestId
from hub.outbox.message import Accepted, Claimed, State, Target
from hub.outbox.port import Box
from hub.outbox.state import Why
from hub.store.box import BoxStore
from hub.store.posting import put_message
from hub.store.profiles import touch
from hub.store.sqlite import Store
from hub.store.times import to_us
from rules.facts import Facts, Planned
from tests.fakes.box import FakeBox
from tests.fakes.hub_clock import T0
from tests.fakes.planned import a_planned
from tests.fakes.store import STORES

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LEASE = 30 * SECOND
OLD_PHONE = Target(channel="push", provider="apns", address="aa11", device="old", kind="apns")
NEW_PHONE = Target(channel="push", provider="fcm", address="tok:22", device="new", kind="fcm_token")
MAILBOX = Target(channel="email", provider="smtp", address="ana@guest.example")
SMS = Target(channel="sms", provider="webhook.sms", address="+351 900")  # everybody's here


class Kit(Protocol):
    """A Box, and what a test must do to it from outside."""

    box: Box

    async def put(self, planned: Planned, *, now: datetime = T0) -> None: ...
    async def guest(self, guest: str, *devices: tuple[Target, datetime], email: str | None = None) -> None:
        """Put her in the place of whoever is called so; by itself there is an Ana with a NEW_PHONE."""
        ...

    async def touch(self, guest: str) -> None: ...
    async def erase(self, guest: str) -> None: ...
    async def cancel(self, message: str) -> None: ...
    async def stands(self, message: str) -> tuple[State, str | None]: ...
    async def outcomes(self, message: str) -> list[str | None]: ...


class FakeKit:
    def __init__(self) -> None:
        self._fake = FakeBox()
        self.box: Box = self._fake

    async def put(self, planned: Planned, *, now: datetime = T0) -> None:
        self._fake.put(planned, now=now)

    async def guest(self, guest: str, *devices: tuple[Target, datetime], email: str | None = None) -> None:
        self._fake.known[guest] = Facts(guest=guest, profile={}, version=1)
        self._fake.addresses[guest] = [(SMS, T0), *devices]
        if email is not None:
            self._fake.addresses[guest].append((Target(channel="email", provider="smtp", address=email), T0))

    async def touch(self, guest: str) -> None:
        self._fake.known[guest] = self._fake.known[guest]._replace(version=self._fake.known[guest].version + 1)

    async def erase(self, guest: str) -> None:
        del self._fake.known[guest]

    async def cancel(self, message: str) -> None:
        self._fake.messages[message].to(State.CANCELLED, Why.STOPPED)

    async def stands(self, message: str) -> tuple[State, str | None]:
        return self._fake.messages[message].state, self._fake.messages[message].reason

    async def outcomes(self, message: str) -> list[str | None]:
        return [attempt.outcome for attempt in self._fake.messages[message].attempts]


@dataclass
class StoreKit:
    store: Store

    def __post_init__(self) -> None:
        self.box: Box = BoxStore(self.store, timezone_of=lambda _: UTC, webhooks=("sms",))

    async def put(self, planned: Planned, *, now: datetime = T0) -> None:
        await self.store.write(lambda c: put_message(c, planned, now))

    async def guest(self, guest: str, *devices: tuple[Target, datetime], email: str | None = None) -> None:
        def job(connection: Connection) -> None:
            connection.execute("DELETE FROM devices WHERE guest = ?", (guest,))
            connection.execute(
                "INSERT OR REPLACE INTO guests (guest, email, attributes_json, created_us, updated_us)"
                " VALUES (?, ?, ?, 0, 0)",
                (guest, email, json.dumps({"sms": SMS.address})),
            )
            for target, registered in devices:
                connection.execute(
                    "INSERT INTO devices (guest, id, kind, address, registered_us) VALUES (?, ?, ?, ?, ?)",
                    (guest, target.device, target.kind, target.address, to_us(registered)),
                )

        await self.store.write(job)

    async def touch(self, guest: str) -> None:
        await self.store.write(lambda c: touch(c, GuestId(guest), 0))

    async def erase(self, guest: str) -> None:
        await self.store.write(lambda c: c.execute("DELETE FROM guests WHERE guest = ?", (guest,)))

    async def cancel(self, message: str) -> None:
        sql = "UPDATE messages SET state = 'CANCELLED', reason = 'stopped' WHERE id = ?"
        await self.store.write(lambda c: c.execute(sql, (message,)))

    async def stands(self, message: str) -> tuple[State, str | None]:
        row = await self._rows("SELECT state, reason FROM messages WHERE id = ?", message)
        return State(row[0][0]), row[0][1]

    async def outcomes(self, message: str) -> list[str | None]:
        return [outcome for (outcome,) in await self._rows("SELECT outcome FROM attempts WHERE message = ?", message)]

    async def _rows(self, sql: str, message: str) -> list[Any]:
        return await self.store.read(lambda c: [tuple(row) for row in c.execute(sql, (message,))])


@pytest.fixture(params=["memory", *STORES])
async def kit(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kit]:
    async with AsyncExitStack() as stack:
        kit: Kit = FakeKit()
        if request.param != "memory":
            kit = StoreKit(await stack.enter_async_context(STORES[request.param](tmp_path)))
        await kit.guest("ana", (NEW_PHONE, T0 - MINUTE))
        yield kit


async def claim(kit: Kit, at: datetime = T0, *, lease: str = "t1", limit: int = 10) -> list[Claimed]:
    return list(await kit.box.claim(now=at, lease_until=at + LEASE, token=lease, limit=limit))


async def begin(kit: Kit, claimed: Claimed, at: datetime = T0, *, target: Target = NEW_PHONE, boot: str = "b1") -> bool:
    return await kit.box.begin_sending(claimed, now=at, boot=boot, target=target, title=None, body="Welcome")


async def a_sending(kit: Kit, at: datetime = T0) -> Claimed:
    await kit.put(a_planned())
    [claimed] = await claim(kit, at)
    assert await begin(kit, claimed, at)
    return claimed


async def test_a_claimed_message_is_the_one_that_was_decided(kit: Kit) -> None:
    planned = a_planned(view={"zone.id": "lobby", "rate": 189, "event.at": T0})
    await kit.put(planned)

    [claimed] = await claim(kit)

    assert claimed == Claimed(planned=planned, token="t1", lease_until=T0 + LEASE, attempts=0, channel_at=0)
    assert await kit.stands(planned.id) == (State.CLAIMED, None)


async def test_a_claimed_message_is_nobody_elses(kit: Kit) -> None:
    await kit.put(a_planned())
    await claim(kit)

    assert await claim(kit, T0 + LEASE - SECOND, lease="t2") == []


async def test_those_that_are_due_longest_are_claimed_first_and_no_more_than_asked(kit: Kit) -> None:
    for name, ago in (("m1", 1), ("m2", 3), ("m3", 2)):
        await kit.put(a_planned(name, at=T0 - ago * SECOND))

    assert [each.planned.id for each in await claim(kit, limit=2)] == ["m2", "m3"]
    assert [each.planned.id for each in await claim(kit, limit=2)] == ["m1"]


async def test_a_ghost_is_never_claimed(kit: Kit) -> None:
    await kit.put(a_planned(ghost=True))

    assert await claim(kit) == []
    assert await kit.stands("m1") == (State.GHOST, None)


async def test_a_held_message_waits_for_its_release(kit: Kit) -> None:
    await kit.put(a_planned(not_before=T0 + MINUTE))

    before, waits = await claim(kit), await kit.stands("m1")
    [after] = await claim(kit, T0 + MINUTE)

    assert (before, waits) == ([], (State.SCHEDULED, None))
    assert after.planned == a_planned(not_before=T0 + MINUTE)


async def test_a_message_that_is_held_again_says_until_when(kit: Kit) -> None:
    await kit.put(a_planned())
    [claimed] = await claim(kit)

    await kit.box.release(claimed, now=T0, due=T0 + MINUTE, held=True)

    [again] = await claim(kit, T0 + MINUTE, lease="t2")
    assert again.planned.not_before == T0 + MINUTE


async def test_what_has_expired_is_not_claimed(kit: Kit) -> None:
    await kit.put(a_planned(expires_at=T0 + MINUTE))

    assert await claim(kit, T0 + MINUTE) == []
    assert await kit.stands("m1") == (State.EXPIRED, "expired")


async def test_a_lease_that_ran_out_before_sending_costs_nothing(kit: Kit) -> None:
    await kit.put(a_planned())
    [first] = await claim(kit)

    [second] = await claim(kit, T0 + LEASE, lease="t2")

    assert second.attempts == 0
    assert not await begin(kit, first, T0 + LEASE)
    assert await begin(kit, second, T0 + LEASE)


async def test_sending_does_not_begin_after_the_lease(kit: Kit) -> None:
    await kit.put(a_planned())
    [claimed] = await claim(kit)

    assert not await begin(kit, claimed, T0 + LEASE)


async def test_sending_does_not_begin_after_the_message_expired(kit: Kit) -> None:
    await kit.put(a_planned(expires_at=T0 + SECOND))
    [claimed] = await claim(kit)

    assert not await begin(kit, claimed, T0 + SECOND)
    assert await claim(kit, T0 + LEASE, lease="t2") == []
    assert await kit.stands("m1") == (State.EXPIRED, "expired")


async def test_sending_begins_once(kit: Kit) -> None:
    claimed = await a_sending(kit)

    assert not await begin(kit, claimed)
    assert await kit.outcomes("m1") == [None]


async def test_a_lease_that_ran_out_while_sending_leaves_doubt_for_good(kit: Kit) -> None:
    await a_sending(kit)

    assert await claim(kit, T0 + LEASE, lease="t2") == []
    assert await claim(kit, T0 + 10 * MINUTE, lease="t3") == []
    assert await kit.stands("m1") == (State.UNKNOWN, "doubt")
    assert await kit.outcomes("m1") == ["doubt"]


async def test_an_accepted_message_is_sent(kit: Kit) -> None:
    claimed = await a_sending(kit)

    await kit.box.accepted(claimed, now=T0 + SECOND, accepted=Accepted(provider_id="p1"))

    assert await kit.stands("m1") == (State.SENT, None)
    assert await kit.outcomes("m1") == ["accepted"]


async def test_a_late_answer_settles_the_doubt(kit: Kit) -> None:
    claimed = await a_sending(kit)
    await claim(kit, T0 + LEASE, lease="t2")

    await kit.box.accepted(claimed, now=T0 + 2 * LEASE, accepted=Accepted(provider_id="p1"))

    assert await kit.stands("m1") == (State.SENT, None)
    assert await kit.outcomes("m1") == ["accepted"]


async def test_a_late_refusal_does_not_take_the_doubt_back(kit: Kit) -> None:
    claimed = await a_sending(kit)
    await claim(kit, T0 + LEASE, lease="t2")

    later = T0 + 2 * LEASE
    await kit.box.again(claimed, now=later, due=later, trouble="unavailable", detail="503", channel_at=0)
    await kit.box.finish(claimed, now=later, state=State.DEAD, reason="content")

    assert await kit.stands("m1") == (State.UNKNOWN, "doubt")


async def a_service_sms(kit: Kit) -> Claimed:
    await kit.put(a_planned(channels=("sms",))._replace(purpose="service"))
    [claimed] = await claim(kit)
    assert await begin(kit, claimed, target=SMS)
    return claimed


async def test_a_doubt_about_a_receiver_that_knows_our_ids_is_sent_again_once_with_the_same_id(kit: Kit) -> None:
    first = await a_service_sms(kit)
    await kit.box.finish(first, now=T0, state=State.UNKNOWN, reason=Why.DOUBT)
    assert await kit.stands("m1") == (State.READY, None)

    [second] = await claim(kit, T0 + 10 * SECOND, lease="t2")
    assert await begin(kit, second, T0 + 10 * SECOND, target=SMS)
    await kit.box.finish(second, now=T0 + 11 * SECOND, state=State.UNKNOWN, reason=Why.DOUBT)

    assert second.planned == first.planned
    assert (first.resent, second.resent) == (False, True)
    assert await kit.stands("m1") == (State.UNKNOWN, Why.DOUBT)
    assert await claim(kit, T0 + MINUTE, lease="t3") == []


async def test_a_lease_that_ran_out_while_such_a_receiver_was_asked_is_sent_again_too(kit: Kit) -> None:
    await a_service_sms(kit)

    await claim(kit, T0 + LEASE, lease="t2")

    assert await kit.stands("m1") == (State.READY, None)
    assert await kit.outcomes("m1") == [Trouble.DOUBT]


async def test_marketing_is_not_sent_again_on_a_doubt_whoever_carries_it(kit: Kit) -> None:
    await kit.put(a_planned(channels=("sms",)))
    [claimed] = await claim(kit)
    assert await begin(kit, claimed, target=SMS)

    await kit.box.finish(claimed, now=T0, state=State.UNKNOWN, reason=Why.DOUBT)

    assert await kit.stands("m1") == (State.UNKNOWN, Why.DOUBT)


async def test_a_doubt_with_no_time_left_stays_a_doubt(kit: Kit) -> None:
    first = await a_service_sms(kit)
    end = first.planned.expires_at - SECOND

    await kit.box.finish(first, now=end, state=State.UNKNOWN, reason=Why.DOUBT)

    assert await kit.stands("m1") == (State.UNKNOWN, Why.DOUBT)


async def test_certain_failure_brings_it_back_later_on_the_channel_that_is_asked_for(kit: Kit) -> None:
    claimed = await a_sending(kit)

    await kit.box.again(claimed, now=T0, due=T0 + MINUTE, trouble="unavailable", detail="503", channel_at=1)

    assert await claim(kit, T0 + MINUTE - SECOND) == []
    [again] = await claim(kit, T0 + MINUTE, lease="t2")
    assert (again.attempts, again.channel_at) == (1, 1)
    assert await kit.outcomes("m1") == ["unavailable"]


@pytest.mark.parametrize("state", [State.SUPPRESSED, State.EXPIRED, State.DEAD, State.CANCELLED, State.GHOST], ids=str)
async def test_a_claimed_message_can_end_without_being_sent(kit: Kit, state: State) -> None:
    await kit.put(a_planned())
    [claimed] = await claim(kit)

    await kit.box.finish(claimed, now=T0, state=state, reason="because")

    assert await kit.stands("m1") == (state, "because")
    assert not await begin(kit, claimed)


@pytest.mark.parametrize("state", [State.SUPPRESSED, State.CANCELLED, State.GHOST], ids=str)
async def test_what_is_being_sent_can_no_longer_be_said_not_to_be(kit: Kit, state: State) -> None:
    claimed = await a_sending(kit)

    await kit.box.finish(claimed, now=T0, state=state, reason="because")

    assert (await kit.stands("m1"))[0] is State.SENDING


async def test_a_final_state_stays(kit: Kit) -> None:
    claimed = await a_sending(kit)
    await kit.box.finish(claimed, now=T0, state=State.DEAD, reason="content")

    await kit.box.accepted(claimed, now=T0, accepted=Accepted(provider_id="p1"))
    await kit.box.again(claimed, now=T0, due=T0, trouble="unavailable", detail="", channel_at=0)
    await kit.box.release(claimed, now=T0)

    assert await kit.stands("m1") == (State.DEAD, "content")
    assert await kit.outcomes("m1") == ["content"]


async def test_another_workers_token_moves_nothing(kit: Kit) -> None:
    claimed = await a_sending(kit)
    stranger = replace(claimed, token="t9")

    await kit.box.accepted(stranger, now=T0, accepted=Accepted(provider_id="p1"))
    await kit.box.finish(stranger, now=T0, state=State.UNKNOWN, reason="doubt")
    await kit.box.again(stranger, now=T0, due=T0, trouble="unavailable", detail="", channel_at=0)

    assert (await kit.stands("m1"))[0] is State.SENDING


async def test_a_released_message_is_as_if_it_had_never_been_claimed(kit: Kit) -> None:
    await kit.put(a_planned())
    [claimed] = await claim(kit)

    await kit.box.release(claimed, now=T0)

    [again] = await claim(kit, lease="t2")
    assert again == replace(claimed, token="t2")
    assert not await begin(kit, claimed)


async def test_a_message_released_until_later_is_scheduled(kit: Kit) -> None:
    await kit.put(a_planned())
    [claimed] = await claim(kit)

    await kit.box.release(claimed, now=T0, due=T0 + MINUTE)

    assert await kit.stands("m1") == (State.SCHEDULED, None)
    assert await claim(kit, T0 + MINUTE - SECOND) == []
    assert len(await claim(kit, T0 + MINUTE)) == 1


async def test_what_is_being_sent_is_not_released(kit: Kit) -> None:
    claimed = await a_sending(kit)

    await kit.box.release(claimed, now=T0)
    await kit.box.release(claimed, now=T0, due=T0 + MINUTE)

    assert (await kit.stands("m1"))[0] is State.SENDING


async def test_a_message_cancelled_under_a_worker_is_not_sent(kit: Kit) -> None:
    await kit.put(a_planned())
    [claimed] = await claim(kit)
    await kit.cancel("m1")

    assert not await begin(kit, claimed)
    assert await kit.stands("m1") == (State.CANCELLED, "stopped")


async def test_at_start_what_was_claimed_is_ready_and_what_was_being_sent_is_doubt(kit: Kit) -> None:
    for name in ("m1", "m2", "m3"):
        await kit.put(a_planned(name))
    [_, second, third] = await claim(kit)
    await begin(kit, second, boot="before")
    await begin(kit, third, boot="now")

    doubtful = await kit.box.recover(now=T0 + SECOND, boot="now")

    assert doubtful == 1
    assert await kit.stands("m2") == (State.UNKNOWN, "doubt")
    assert (await kit.stands("m3"))[0] is State.SENDING
    assert [each.planned.id for each in await claim(kit, lease="t2")] == ["m1"]


async def test_a_push_goes_to_the_device_seen_last(kit: Kit) -> None:
    await kit.guest("ana", (OLD_PHONE, T0 - 2 * MINUTE), (NEW_PHONE, T0 - MINUTE), email="ana@guest.example")
    await kit.put(a_planned(channels=("push", "email")))
    [claimed] = await claim(kit)

    assert list(await kit.box.targets(claimed, "push")) == [NEW_PHONE, OLD_PHONE]
    assert list(await kit.box.targets(claimed, "email")) == [MAILBOX]
    assert list(await kit.box.targets(claimed, "fax")) == []


async def test_a_device_that_refused_this_message_for_good_is_left_out(kit: Kit) -> None:
    await kit.guest("ana", (OLD_PHONE, T0 - 2 * MINUTE), (NEW_PHONE, T0 - MINUTE))
    claimed = await a_sending(kit)
    await kit.box.again(claimed, now=T0, due=T0, trouble=Trouble.ADDRESS_WRONG, detail="BadDeviceToken", channel_at=0)

    [again] = await claim(kit, lease="t2")

    assert list(await kit.box.targets(again, "push")) == [OLD_PHONE]


async def test_a_device_that_was_only_busy_is_tried_again(kit: Kit) -> None:
    await kit.guest("ana", (OLD_PHONE, T0 - 2 * MINUTE), (NEW_PHONE, T0 - MINUTE))
    claimed = await a_sending(kit)
    await kit.box.again(claimed, now=T0, due=T0, trouble=Trouble.UNAVAILABLE, detail="503", channel_at=0)

    [again] = await claim(kit, lease="t2")

    assert list(await kit.box.targets(again, "push")) == [NEW_PHONE, OLD_PHONE]


async def test_exactly_the_dead_address_is_forgotten(kit: Kit) -> None:
    await kit.guest("ana", (OLD_PHONE, T0 - 2 * MINUTE), (NEW_PHONE, T0 - MINUTE))
    await kit.put(a_planned())
    [claimed] = await claim(kit)

    forgotten = await kit.box.forget_address(NEW_PHONE, "ana", since=T0, now=T0)

    assert forgotten
    assert list(await kit.box.targets(claimed, "push")) == [OLD_PHONE]


async def test_an_address_registered_after_the_provider_says_it_died_is_another_one(kit: Kit) -> None:
    await kit.guest("ana", (NEW_PHONE, T0))
    await kit.put(a_planned())
    [claimed] = await claim(kit)

    forgotten = await kit.box.forget_address(NEW_PHONE, "ana", since=T0 - MINUTE, now=T0 + SECOND)

    assert not forgotten
    assert list(await kit.box.targets(claimed, "push")) == [NEW_PHONE]


async def test_a_device_with_a_new_address_keeps_it(kit: Kit) -> None:
    await kit.guest("ana", (NEW_PHONE, T0 - MINUTE))

    assert not await kit.box.forget_address(replace(NEW_PHONE, address="tok:21"), "ana", since=None, now=T0)


async def test_nobody_writes_to_a_suppressed_address(kit: Kit) -> None:
    await kit.guest("ana", email="ana@guest.example")
    await kit.put(a_planned(channels=("email",)))
    [claimed] = await claim(kit)

    await kit.box.suppress_address(MAILBOX, reason=Trouble.ADDRESS_GONE, now=T0)
    await kit.box.suppress_address(MAILBOX, reason=Trouble.ADDRESS_GONE, now=T0)

    assert list(await kit.box.targets(claimed, "email")) == []


async def test_an_attempt_that_our_own_credentials_failed_counts_for_nothing(kit: Kit) -> None:
    claimed = await a_sending(kit)
    await kit.box.again(claimed, now=T0, due=T0, trouble=Trouble.CREDENTIALS, detail="403", channel_at=0)
    [second] = await claim(kit, lease="t2")
    assert await begin(kit, second)
    await kit.box.again(second, now=T0, due=T0, trouble=Trouble.UNAVAILABLE, detail="503", channel_at=0)
    [third] = await claim(kit, lease="t3")

    assert (second.attempts, third.attempts) == (0, 1)


async def test_the_second_asking_sees_the_guest_as_she_is_now(kit: Kit) -> None:
    await kit.guest("ana")
    await kit.put(a_planned())
    [claimed] = await claim(kit)

    known = await kit.box.facts(claimed, now=T0)
    await kit.erase("ana")

    assert known.guest == "ana"
    with pytest.raises(NotFound):
        await kit.box.facts(claimed, now=T0)


async def test_sending_does_not_begin_when_something_was_written_about_her_since_she_was_asked_about(kit: Kit) -> None:
    await kit.guest("ana", (NEW_PHONE, T0))
    await kit.put(a_planned())
    [claimed] = await claim(kit)
    asked = replace(claimed, asked=(await kit.box.facts(claimed, now=T0)).version)

    await kit.touch("ana")
    too_late = await begin(kit, asked)
    again = replace(claimed, asked=(await kit.box.facts(claimed, now=T0)).version)

    assert not too_late
    assert await kit.stands("m1") == (State.CLAIMED, None)
    assert await begin(kit, again)


async def test_sending_does_not_begin_to_an_address_that_is_hers_no_more(kit: Kit) -> None:
    await kit.guest("ana", (NEW_PHONE, T0), email="typo@guest.example")
    for name, channel in (("m1", "push"), ("m2", "email"), ("m3", "sms")):
        await kit.put(a_planned(name, channels=(channel,)))
    pushed, mailed, texted = await claim(kit)
    [typo] = await kit.box.targets(mailed, "email")

    await kit.guest("ana", (OLD_PHONE, T0), email="ana@guest.example")

    assert not await begin(kit, pushed, target=NEW_PHONE)
    assert not await begin(kit, mailed, target=typo)
    assert not await begin(kit, texted, target=replace(SMS, address="+351 901"))
    assert await begin(kit, pushed, target=OLD_PHONE)
    assert await begin(kit, mailed, target=MAILBOX)
    assert await begin(kit, texted, target=SMS)


async def test_sending_does_not_begin_to_an_address_that_was_suppressed_meanwhile(kit: Kit) -> None:
    await kit.guest("ana", email="ana@guest.example")
    await kit.put(a_planned(channels=("email",)))
    [claimed] = await claim(kit)

    await kit.box.suppress_address(MAILBOX, reason=Trouble.ADDRESS_GONE, now=T0)

    assert not await begin(kit, claimed, target=MAILBOX)
    assert await kit.outcomes("m1") == []


async def test_the_next_moment_to_look_is_a_due_message_a_release_or_the_end_of_a_lease(kit: Kit) -> None:
    nothing = await kit.box.next_due()
    await kit.put(a_planned("m1", not_before=T0 + MINUTE))
    scheduled = await kit.box.next_due()
    await kit.put(a_planned("m2"))
    ready = await kit.box.next_due()
    [claimed] = await claim(kit)
    leased = await kit.box.next_due()
    await begin(kit, claimed)
    sending = await kit.box.next_due()

    assert (nothing, scheduled, ready) == (None, T0 + MINUTE, T0)
    assert (leased, sending) == (T0 + LEASE, T0 + LEASE)

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from hub.errors import StoreFailed, Transient, Trouble
from hub.outbox.breaker import FAILURES
from hub.outbox.dispatch import LEASE
from hub.outbox.lane import Lane
from hub.outbox.message import Accepted, Claimed, State
from tests.fakes.box import FakeBox
from tests.fakes.hub_clock import T0
from tests.fakes.office import IPHONE, MAILBOX, MINUTE, PIXEL, SECOND, Office, a_while, at_work, until
from tests.fakes.planned import a_planned


async def test_a_decided_message_leaves_and_is_noted_as_sent() -> None:
    office = Office()
    async with at_work(office):
        office.put()
        await until(office.is_(State.SENT))

    [notification] = office.apns.accepted
    assert notification.id == "m1"
    assert notification.target == IPHONE
    assert notification.body == "Welcome back, Ana."
    assert notification.expires_at == T0 + 15 * MINUTE
    assert notification.venue_name == "The Marlton"
    assert notification.unsubscribe_url is None
    assert len(notification.collapse) == 32
    assert "ana" not in notification.collapse
    assert office.box.messages["m1"].provider_id == "p1"


async def test_an_email_has_its_way_out() -> None:
    office = Office()
    async with at_work(office):
        office.put(a_planned(channels=("email",)))
        await until(office.is_(State.SENT))

    [notification] = office.smtp.accepted
    assert notification.title == "Welcome"
    assert notification.unsubscribe_url == "https://hub.example/u/ana"
    assert "https://hub.example/u/ana" in notification.body


async def test_a_push_goes_to_the_device_seen_last() -> None:
    office = Office()
    office.box.addresses["ana"].append((PIXEL, T0 - MINUTE))
    async with at_work(office):
        office.put()
        await until(office.is_(State.SENT))

    assert [each.target for each in office.fcm.accepted] == [PIXEL]
    assert office.apns.asked == []


async def test_sending_is_on_the_disk_before_the_first_byte_leaves() -> None:
    office = Office(send_within=5 * SECOND)
    office.apns.open.clear()
    async with at_work(office):
        office.put()
        await until(lambda: len(office.apns.asked) == 1)
        before_the_answer = office.stands()
        office.apns.open.set()
        await until(office.is_(State.SENT))

    assert before_the_answer == (State.SENDING, None)


async def test_a_message_without_an_address_is_suppressed() -> None:
    office = Office()
    office.box.addresses["ana"] = []
    async with at_work(office):
        office.put()
        await until(office.is_(State.SUPPRESSED))

    assert office.stands() == (State.SUPPRESSED, "no_address")


async def test_a_venue_whose_files_are_gone_keeps_its_messages_until_they_expire() -> None:
    office = Office()
    there, office.rulebook = office.rulebook, None
    async with at_work(office):
        office.put()
        await until(office.is_(State.SCHEDULED))
        office.rulebook = there
        office.pass_(MINUTE)
        await until(office.is_(State.SENT))


# slow and broken providers


async def test_p09_a_hanging_provider_delays_no_other() -> None:
    office = Office(send_within=5 * SECOND)
    office.apns.open.clear()
    office.box.known["ben"] = office.box.known["ana"]._replace(guest="ben")
    office.box.addresses["ben"] = [(replace(MAILBOX, address="ben@guest.example"), T0)]
    async with at_work(office):
        for n in range(500):
            office.put(a_planned(f"push{n}", channels=("push",)))
        office.put(a_planned("mail", guest="ben", channels=("email",)))
        await until(office.is_(State.SENT, "mail"))
        answered = [each for each in office.box.messages.values() if each.state in (State.SENT, State.UNKNOWN)]
        office.apns.open.set()

    assert [each.planned.id for each in answered] == ["mail"]


async def test_a_message_whose_lane_is_full_is_looked_at_again_soon() -> None:
    office = Office(send_within=5 * SECOND)
    office.apns.open.clear()
    office.dispatcher.lanes["apns"] = Lane("apns", office.apns, slots=1, waiting=2)
    async with at_work(office):
        for n in range(5):
            office.put(a_planned(f"m{n}", channels=("push",)))
        await until(lambda: any(each.state is State.SCHEDULED for each in office.box.messages.values()))
        office.apns.open.set()
        for _ in range(3):
            await a_while()
            office.pass_(SECOND)
        await until(lambda: all(each.state is State.SENT for each in office.box.messages.values()))

    assert sorted(each.id for each in office.apns.accepted) == ["m0", "m1", "m2", "m3", "m4"]


async def test_a_provider_that_is_down_is_left_alone_and_tried_with_one_message_first() -> None:
    office = Office()
    office.apns.answers.extend(Transient(Trouble.UNREACHABLE, "refused") for _ in range(FAILURES))
    async with at_work(office):
        for n in range(FAILURES):
            office.put(a_planned(f"m{n}", channels=("push",)))
        await until(lambda: len(office.apns.asked) == FAILURES)
        await until(lambda: all(each.state is not State.SENDING for each in office.box.messages.values()))
        office.put(a_planned("late", channels=("push",)))
        await until(office.is_(State.SCHEDULED, "late"))
        asked_while_down = len(office.apns.asked)
        office.pass_(MINUTE)
        await until(office.is_(State.SENT, "late"))
        office.pass_(MINUTE)
        await until(lambda: all(each.state is State.SENT for each in office.box.messages.values()))

    assert asked_while_down == FAILURES


async def test_a_message_that_waited_past_half_its_lease_gets_a_fresh_one_first() -> None:
    office = Office()
    async with asyncio.TaskGroup() as tasks:
        office.put()
        [claimed] = await office.box.claim(now=T0, lease_until=T0 + LEASE, token="t", limit=1)
        await office.dispatcher.place(claimed)
        office.pass_(20 * SECOND)
        runner = tasks.create_task(office.dispatcher.lanes["apns"].run(office.dispatcher.handover.hand_over))
        await until(office.is_(State.READY))
        runner.cancel()

    assert office.apns.asked == []
    assert office.box.messages["m1"].attempts == []


# crashes


async def test_what_was_being_sent_when_the_hub_died_is_doubt_and_what_was_claimed_is_sent() -> None:
    office = Office()
    office.put(a_planned("m1"))
    office.put(a_planned("m2"))
    [first, second] = await office.box.claim(now=T0, lease_until=T0 + LEASE, token="dead", limit=2)
    await office.box.begin_sending(first, now=T0, boot="dead", target=IPHONE, title=None, body="Welcome")
    async with at_work(office):
        await until(office.is_(State.SENT, second.planned.id))

    assert office.stands(first.planned.id) == (State.UNKNOWN, "doubt")
    assert [each.id for each in office.apns.asked] == [second.planned.id]


async def test_a_hub_that_stops_waits_for_the_answer_that_is_under_way() -> None:
    office = Office(send_within=5 * SECOND)
    office.apns.open.clear()
    office.put()
    task = asyncio.create_task(office.dispatcher.run())
    await until(lambda: len(office.apns.asked) == 1)

    task.cancel()
    await a_while()
    office.apns.open.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert office.stands() == (State.SENT, None)


async def test_a_store_that_fails_stops_nothing_for_good() -> None:
    office = Office()

    class Sick(FakeBox):
        sick = True

        async def accepted(self, claimed: Claimed, *, now: datetime, accepted: Accepted) -> None:
            if self.sick:
                self.sick = False
                raise StoreFailed("disk full")
            await super().accepted(claimed, now=now, accepted=accepted)

    box = Sick()
    office.use(box)
    async with at_work(office):
        office.put(a_planned("m1"))
        await until(lambda: not box.sick)
        office.put(a_planned("m2"))
        await until(office.is_(State.SENT, "m2"))
        office.pass_(LEASE)
        await until(office.is_(State.UNKNOWN, "m1"))

    assert [each.id for each in office.apns.asked] == ["m1", "m2"]

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from hub.errors import WorkRefused
from hub.outbox.dispatch import LEASE
from hub.outbox.lane import Lane
from hub.outbox.message import Accepted, Claimed, State, Target
from rules.expression import read_expression
from rules.facts import Facts
from rules.run import Run
from rules.venue import MARKETING, Purpose
from tests.fakes.box import FakeBox
from tests.fakes.hub_clock import T0
from tests.fakes.office import HOUR, IPHONE, MAILBOX, MINUTE, SECOND, Office, a_while, at_work, until
from tests.fakes.planned import a_planned
from tests.fakes.rulebook import NIGHT, a_journey, a_rulebook, a_venue


async def test_consent_that_was_withdrawn_meanwhile_is_obeyed() -> None:
    office = Office()
    async with at_work(office):
        office.guest(consents=frozenset())
        office.put()
        await until(office.is_(State.SUPPRESSED))

    assert office.stands() == (State.SUPPRESSED, "no_consent")
    assert office.apns.asked == office.smtp.asked == []


class Late(FakeBox):
    """A box to which something happens just before it is told that a message is SENDING, once."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self._happens: Callable[[], None] | None = happens

    async def begin_sending(
        self, claimed: Claimed, *, now: datetime, boot: str, target: Target, title: str | None, body: str
    ) -> bool:
        happens, self._happens = self._happens, None
        if happens is not None:
            happens()
        return await super().begin_sending(claimed, now=now, boot=boot, target=target, title=title, body=body)


async def test_p39_consent_withdrawn_between_the_asking_and_the_disk_is_obeyed() -> None:
    office = Office()
    office.use(Late(lambda: office.guest(consents=frozenset(), version=2)))
    async with at_work(office):
        office.put()
        await until(office.is_(State.SUPPRESSED))

    assert office.stands() == (State.SUPPRESSED, "no_consent")
    assert office.apns.asked == office.smtp.asked == []


async def test_what_was_written_about_her_meanwhile_and_forbids_nothing_costs_no_attempt() -> None:
    office = Office()
    office.use(Late(lambda: office.guest(version=2)))
    async with at_work(office):
        office.put()
        await until(office.is_(State.SENT))

    assert len(office.box.messages["m1"].attempts) == len(office.apns.asked) == 1


async def test_a_message_goes_to_the_address_that_is_hers_when_its_turn_comes() -> None:
    office = Office(send_within=5 * SECOND)
    office.smtp.open.clear()
    office.dispatcher.lanes["smtp"] = Lane("smtp", office.smtp, slots=1)
    async with at_work(office):
        office.put(a_planned("m1", channels=("email",)))
        await until(lambda: len(office.smtp.asked) == 1)
        office.put(a_planned("m2", channels=("email",)))
        await until(office.is_(State.CLAIMED, "m2"))
        await a_while()  # it has its place in the lane
        mended = replace(MAILBOX, address="ana.right@guest.example")
        office.box.addresses["ana"] = [(mended, T0)]
        office.smtp.open.set()
        await until(office.is_(State.SENT, "m2"))

    assert [each.target for each in office.smtp.accepted] == [MAILBOX, mended]
    assert len(office.box.messages["m2"].attempts) == 1


async def test_a_phone_that_was_given_away_meanwhile_gets_nothing_more_of_hers() -> None:
    office = Office()
    office.use(Late(lambda: office.box.addresses.update(ana=[], ben=[(IPHONE, T0)])))
    async with at_work(office):
        office.put(a_planned(channels=("push",)))
        await until(office.is_(State.SUPPRESSED))

    assert office.stands() == (State.SUPPRESSED, "no_address")
    assert office.apns.asked == []


async def test_p05_a_message_that_expires_on_its_way_to_the_disk_does_not_leave() -> None:
    office = Office()
    office.use(Late(lambda: office.clock.pass_(15 * MINUTE)))
    async with at_work(office):
        office.put(a_planned(expires_at=T0 + 15 * MINUTE))
        await until(office.is_(State.EXPIRED))

    assert office.apns.asked == []


async def test_a_message_whose_lease_would_end_during_the_call_gets_a_fresh_one_first() -> None:
    office = Office()
    office.use(Late(lambda: office.clock.pass_(LEASE)))
    async with at_work(office):
        office.put()
        await until(office.tried(1))
        asked_early = list(office.apns.asked)
        office.pass_(SECOND)
        await until(office.is_(State.SENT))

    assert asked_early == []
    assert len(office.apns.asked) == 1


async def test_consent_for_email_is_no_consent_for_push() -> None:
    office = Office()
    async with at_work(office):
        office.guest(consents=frozenset({("marketing", "email")}))
        office.put()
        await until(office.is_(State.SENT))

    assert office.apns.asked == []
    assert [each.target for each in office.smtp.accepted] == [MAILBOX]


@pytest.mark.parametrize(
    ("refused", "sent", "end"),
    [({"push"}, [MAILBOX], (State.SENT, None)), ({"push", "email"}, [], (State.SUPPRESSED, "no_consent"))],
)
async def test_p39_a_refusal_is_obeyed_where_no_consent_is_needed(
    refused: set[str], sent: list[Target], end: tuple[State, str | None]
) -> None:
    venue = replace(a_venue(), purposes={MARKETING: Purpose(name=MARKETING, consent_needed=False)})
    office = Office(a_rulebook(venue))
    async with at_work(office):
        office.guest(consents=frozenset(), refused=frozenset((MARKETING, channel) for channel in refused))
        office.put()
        await until(office.is_(end[0]))

    assert office.apns.asked == []
    assert [each.target for each in office.smtp.accepted] == sent
    assert office.stands() == end


async def test_a_hush_that_began_meanwhile_is_obeyed() -> None:
    office = Office(a_rulebook(a_venue(hush=read_expression("guest.in_house", ["in_house"]))))
    async with at_work(office):
        office.guest(profile={"first_name": "Ana", "in_house": True})
        office.put()
        await until(office.is_(State.SUPPRESSED))

    assert office.stands() == (State.SUPPRESSED, "hush")
    assert office.box.messages["m1"].detail


async def test_a_guest_who_was_erased_gets_nothing() -> None:
    office = Office()
    async with at_work(office):
        del office.box.known["ana"]
        office.put()
        await until(office.is_(State.CANCELLED))

    assert office.stands() == (State.CANCELLED, "erased")
    assert office.apns.asked == []


async def test_quiet_hours_that_began_meanwhile_hold_the_message_until_they_end() -> None:
    office = Office(a_rulebook(a_venue(quiet=NIGHT)))
    office.clock.at = T0.replace(hour=22, minute=30)
    morning = T0.replace(hour=8) + 24 * HOUR
    async with at_work(office):
        office.put(a_planned(at=office.clock.now(), expires_at=morning + 10 * MINUTE))
        await until(office.is_(State.SCHEDULED))
        due = office.box.messages["m1"].due
        asked_at_night = list(office.apns.asked)
        office.pass_(morning - office.clock.now())
        await until(office.is_(State.SENT))

    assert due == morning
    assert asked_at_night == []


async def test_quiet_hours_that_outlast_the_message_suppress_it() -> None:
    office = Office(a_rulebook(a_venue(quiet=NIGHT)))
    office.clock.at = T0.replace(hour=22, minute=30)
    async with at_work(office):
        office.put(a_planned(at=office.clock.now(), expires_at=office.clock.now() + HOUR))
        await until(office.is_(State.SUPPRESSED))

    assert office.stands() == (State.SUPPRESSED, "quiet_hours")


async def test_a_held_message_is_released_at_its_time_and_asked_about_again() -> None:
    office = Office()
    run = Run(
        id="run-m1", journey="welcome", version="v1", venue="marlton", guest="ana", once_key="", started_at=T0,
        start_event="e1", live=False, ended_why="stop",
    )  # fmt: skip
    async with at_work(office):
        office.put(a_planned("m1", not_before=T0 + MINUTE))
        office.put(a_planned("m2", not_before=T0 + MINUTE))
        await a_while()
        asked_early = list(office.apns.asked)
        office.guest(runs=(run,))
        office.pass_(MINUTE)
        await until(office.is_(State.SENT, "m2"))
        await until(office.is_(State.CANCELLED, "m1"))

    assert asked_early == []
    assert [each.id for each in office.apns.accepted] == ["m2"]


async def test_p12_a_text_that_cannot_be_rendered_harms_only_its_own_message() -> None:
    office = Office(a_rulebook(journey=a_journey(body="Gate {{ event.gate }}")))
    async with at_work(office):
        office.put(a_planned("m1"))
        office.put(a_planned("m2", view={"event.gate": "12"}))
        await until(office.is_(State.SENT, "m2"))
        await until(office.is_(State.DEAD, "m1"))

    assert office.stands("m1") == (State.DEAD, "template")
    assert "event.gate" in office.box.messages["m1"].detail


class Poisoned(FakeBox):
    """A box that fails at one of its calls, whenever that is about m1."""

    def __init__(self, call: str, fault: Exception) -> None:
        super().__init__()
        self._call = call
        self._fault = fault
        self.times = 0

    def _bite(self, call: str, claimed: Claimed) -> None:
        if call == self._call and claimed.planned.id == "m1":
            self.times += 1
            raise self._fault

    async def targets(self, claimed: Claimed, channel: str) -> Sequence[Target]:
        self._bite("targets", claimed)
        return await super().targets(claimed, channel)

    async def facts(self, claimed: Claimed, *, now: datetime) -> Facts:
        self._bite("facts", claimed)
        return await super().facts(claimed, now=now)

    async def begin_sending(
        self, claimed: Claimed, *, now: datetime, boot: str, target: Target, title: str | None, body: str
    ) -> bool:
        self._bite("begin_sending", claimed)
        return await super().begin_sending(claimed, now=now, boot=boot, target=target, title=title, body=body)

    async def accepted(self, claimed: Claimed, *, now: datetime, accepted: Accepted) -> None:
        self._bite("accepted", claimed)
        await super().accepted(claimed, now=now, accepted=accepted)


FAULTS = [KeyError("a bug"), WorkRefused("store: string or blob too big")]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", ["targets", "facts", "begin_sending"])
async def test_p13_a_poison_message_is_dead_at_its_first_delivery_and_harms_no_other(
    call: str, fault: Exception
) -> None:
    office, box = Office(), Poisoned(call, fault)
    office.use(box)
    async with at_work(office):
        office.put(a_planned("m1"))
        office.put(a_planned("m2"))
        await until(office.is_(State.SENT, "m2"))
        await until(office.is_(State.DEAD, "m1"))

    assert office.stands("m1") == (State.DEAD, "fault")
    assert box.times == 1
    assert [each.id for each in office.apns.asked] == ["m2"]


@pytest.mark.parametrize("fault", FAULTS)
async def test_p13_a_poison_message_that_was_sent_is_doubt_and_is_sent_no_more(fault: Exception) -> None:
    office = Office()
    office.use(Poisoned("accepted", fault))
    async with at_work(office):
        office.put(a_planned("m1"))
        await until(lambda: bool(office.apns.accepted))
        await a_while()
        office.pass_(LEASE)
        await until(office.is_(State.UNKNOWN, "m1"))

    assert [each.id for each in office.apns.asked] == ["m1"]


async def test_a_shadow_hub_decides_and_records_and_sends_nothing() -> None:
    office = Office(shadow=True)
    async with at_work(office):
        office.put()
        await until(office.is_(State.GHOST))

    assert office.stands() == (State.GHOST, "shadow")
    assert office.apns.asked == []

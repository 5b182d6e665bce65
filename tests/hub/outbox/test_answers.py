"""What an answer makes of its message: tried again, in doubt, ended, or sent by the next device or channel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import Doubt, Permanent, SendFailed, Transient, Trouble
from hub.outbox.message import State
from hub.outbox.state import RESEND_AFTER
from rules.facts import Planned
from rules.venue import Purpose
from tests.fakes.full_box import FullForAMoment
from tests.fakes.hub_clock import T0
from tests.fakes.office import HOUR, MAILBOX, MINUTE, NUMBER, PIXEL, SECOND, Office, a_while, at_work, until
from tests.fakes.planned import a_planned
from tests.fakes.rulebook import a_rulebook, a_venue


async def test_a_passing_failure_is_tried_again_after_jitter() -> None:
    office = Office()
    office.apns.answers.append(Transient(Trouble.UNAVAILABLE, "503"))
    async with at_work(office):
        office.put()
        await until(office.tried(1))
        due = office.box.messages["m1"].due
        await a_while()
        asked_early = len(office.apns.asked)
        office.pass_(SECOND)
        await until(office.is_(State.SENT))

    assert due == T0 + SECOND  # half of the first span of two seconds
    assert asked_early == 1
    assert [each.id for each in office.apns.asked] == ["m1", "m1"]


async def test_p08_a_throttled_message_is_not_tried_before_its_time() -> None:
    office = Office()
    office.apns.answers.append(Transient(Trouble.THROTTLED, "429", retry_after=MINUTE))
    async with at_work(office):
        office.put()
        await until(office.tried(1))
        office.pass_(MINUTE - SECOND)
        await a_while()
        asked_early = len(office.apns.asked)
        office.pass_(SECOND)
        await until(office.is_(State.SENT))

    assert asked_early == 1


async def test_p08_nothing_is_tried_a_ninth_time() -> None:
    office = Office()
    office.chance = 0.0
    office.apns.answers.extend(Transient(Trouble.THROTTLED, "429") for _ in range(20))
    async with at_work(office):
        office.put()
        await until(office.is_(State.DEAD))

    assert office.stands() == (State.DEAD, "throttled")
    assert len(office.apns.asked) == 8


async def test_p05_a_retry_that_would_come_too_late_expires_the_message() -> None:
    office = Office()
    office.apns.answers.append(Transient(Trouble.THROTTLED, "429", retry_after=HOUR))
    async with at_work(office):
        office.put()
        await until(office.is_(State.EXPIRED))

    assert len(office.apns.asked) == 1


async def test_p05_a_message_whose_end_came_before_its_channel_could_begin_expires() -> None:
    office = Office()
    office.apns.heard = lambda: office.clock.pass_(15 * MINUTE)
    office.apns.answers.append(Transient(Trouble.UNREACHABLE, "its end came before it could leave"))
    async with at_work(office):
        office.put(a_planned(expires_at=T0 + 15 * MINUTE))
        await until(office.is_(State.EXPIRED))

    assert len(office.apns.asked) == 1


async def test_our_own_faulty_credentials_let_messages_wait_until_they_expire() -> None:
    office = Office()
    office.chance = 0.0
    office.apns.answers.extend(Transient(Trouble.CREDENTIALS, "403 InvalidProviderToken") for _ in range(40))
    async with at_work(office):
        office.put()
        for tries in range(1, 15):
            await until(office.tried(tries))
            office.pass_(MINUTE)
        await until(office.tried(15))
        waiting = office.stands()[0]
        office.pass_(MINUTE)
        await until(office.is_(State.EXPIRED))

    assert waiting is State.READY
    assert len(office.apns.asked) == 15


async def test_after_our_credentials_were_mended_a_message_has_all_its_attempts() -> None:
    office = Office()
    office.chance = 0.0
    office.apns.answers.extend(Transient(Trouble.CREDENTIALS, "403 InvalidProviderToken") for _ in range(10))
    office.apns.answers.append(Transient(Trouble.UNAVAILABLE, "503"))
    async with at_work(office):
        office.put()
        for tries in range(1, 12):
            await until(office.tried(tries))
            office.pass_(MINUTE)
        await until(office.is_(State.SENT))

    assert len(office.apns.asked) == 12


@pytest.mark.parametrize(
    "answer", [Doubt("reset after the headers"), TimeoutError(), ConnectionResetError(), ValueError("a bug")], ids=repr
)
async def test_doubt_is_never_sent_again_and_triggers_no_other_channel(answer: SendFailed | Exception) -> None:
    office = Office()
    office.apns.answers.append(answer)
    async with at_work(office):
        office.put()
        await until(office.is_(State.UNKNOWN))
        office.pass_(10 * MINUTE)
        await a_while()

    assert office.stands() == (State.UNKNOWN, "doubt")
    assert len(office.apns.asked) == 1
    assert office.smtp.asked == []


def an_office_of_services() -> Office:
    """A receiver that knows our ids comes first; Ana can be reached by email too."""
    venue = a_venue()
    service = Purpose(name="service", consent_needed=True)
    office = Office(a_rulebook(replace(venue, purposes={**venue.purposes, "service": service})))
    office.guest(consents=frozenset({("service", "sms"), ("service", "email")}), reachable=frozenset({"sms", "email"}))
    office.box.addresses["ana"] = [(NUMBER, T0 - HOUR), (MAILBOX, T0 - HOUR)]
    office.sms.answers.append(Doubt("reset after the request"))
    return office


def a_service() -> Planned:
    return a_planned(channels=("sms", "email"))._replace(purpose="service")


@pytest.mark.parametrize(
    "second",
    [
        Permanent(Trouble.CONTENT, "422"),
        Permanent(Trouble.ADDRESS_GONE, "410", address_is_dead=True),
        Permanent(Trouble.ADDRESS_WRONG, "404"),
    ],
    ids=str,
)
async def test_what_was_once_in_doubt_takes_no_other_channel_when_its_second_try_is_refused(second: Permanent) -> None:
    office = an_office_of_services()
    office.sms.answers.append(second)
    async with at_work(office):
        office.put(a_service())
        await until(office.tried(1))
        office.pass_(RESEND_AFTER)
        await until(office.is_(State.DEAD))

    assert office.stands() == (State.DEAD, second.trouble)
    assert len(office.sms.asked) == 2
    assert office.smtp.asked == []


async def test_what_was_once_in_doubt_takes_no_other_channel_when_consent_for_its_own_is_withdrawn() -> None:
    office = an_office_of_services()
    async with at_work(office):
        office.put(a_service())
        await until(office.tried(1))
        office.guest(consents=frozenset({("service", "email")}), version=2)
        office.pass_(RESEND_AFTER)
        await until(office.is_(State.SUPPRESSED))

    assert office.stands() == (State.SUPPRESSED, "no_consent")
    assert len(office.sms.asked) == 1
    assert office.smtp.asked == []


async def test_what_was_once_in_doubt_takes_no_other_channel_when_its_address_is_gone() -> None:
    office = an_office_of_services()
    async with at_work(office):
        office.put(a_service())
        await until(office.tried(1))
        office.box.addresses["ana"] = [(MAILBOX, T0)]
        office.pass_(RESEND_AFTER)
        await until(office.is_(State.DEAD))

    assert office.stands() == (State.DEAD, "no_address")
    assert office.smtp.asked == []


async def test_what_was_never_in_doubt_takes_the_next_channel() -> None:
    office = an_office_of_services()
    office.sms.answers[0] = Permanent(Trouble.CONTENT, "422")
    async with at_work(office):
        office.put(a_service())
        await until(office.is_(State.SENT))

    assert [each.target for each in office.smtp.accepted] == [MAILBOX]


GONE = Permanent(Trouble.ADDRESS_GONE, "410", address_is_dead=True)


@pytest.mark.parametrize(
    ("call", "channel", "answer", "end"),
    [
        ("again", "push", Transient(Trouble.UNAVAILABLE, "503"), State.READY),
        ("finish", "push", Permanent(Trouble.CONTENT, "413"), State.DEAD),
        ("finish", "push", Doubt("reset"), State.UNKNOWN),
        ("forget_address", "push", GONE, State.DEAD),
        ("suppress_address", "email", GONE, State.DEAD),
        ("targets", "push", GONE, State.DEAD),
    ],
)
async def test_no_answer_is_lost_to_a_disk_that_is_full_for_a_moment(
    monkeypatch: pytest.MonkeyPatch, call: str, channel: str, answer: SendFailed, end: State
) -> None:
    monkeypatch.setattr("hub.outbox.persist.PAUSE_S", 0.01)
    office = Office()
    box = FullForAMoment(call, office)
    office.use(box)
    (office.apns if channel == "push" else office.smtp).answers.append(answer)
    async with at_work(office):
        office.put(a_planned(channels=(channel,)))
        await until(office.tried(1))
        await until(office.is_(end))

    assert box.refused
    assert box.messages["m1"].attempts[0].outcome == answer.trouble
    assert len(office.box.addresses["ana"]) == (1 if call in ("forget_address", "targets") else 2)
    assert bool(box.suppressed) is (call == "suppress_address")


async def test_p09_a_call_that_hangs_is_given_up_as_doubt() -> None:
    office = Office()
    office.apns.open.clear()
    async with at_work(office):
        office.put()
        await until(office.is_(State.UNKNOWN))

    assert office.apns.accepted == []


async def test_after_certain_refusal_the_next_device_is_tried_and_then_the_next_channel() -> None:
    office = Office()
    office.box.addresses["ana"].append((PIXEL, T0 - MINUTE))
    office.fcm.answers.append(Permanent(Trouble.ADDRESS_GONE, "UNREGISTERED", address_is_dead=True))
    office.apns.answers.append(Permanent(Trouble.ADDRESS_WRONG, "BadDeviceToken"))
    async with at_work(office):
        office.put()
        await until(office.is_(State.SENT))

    outcomes = [(each.provider, each.outcome) for each in office.box.messages["m1"].attempts]
    assert outcomes == [("fcm", "address_gone"), ("apns", "address_wrong"), ("smtp", "accepted")]


async def test_a_text_that_was_refused_goes_to_no_other_device() -> None:
    office = Office()
    office.box.addresses["ana"].append((PIXEL, T0 - MINUTE))
    office.fcm.answers.append(Permanent(Trouble.CONTENT, "413"))
    async with at_work(office):
        office.put(a_planned(channels=("push",)))
        await until(office.is_(State.DEAD))

    assert office.stands() == (State.DEAD, "content")
    assert office.apns.asked == []

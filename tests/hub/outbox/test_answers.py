from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.errors import Doubt, Permanent, SendFailed, StoreFailed, Transient, Trouble
from hub.outbox.breaker import MANY_WRONG, WRONG_IN_A_ROW
from hub.outbox.message import State
from hub.outbox.state import RESEND_AFTER
from rules.facts import Planned
from rules.venue import Purpose
from tests.fakes.box import FakeBox
from tests.fakes.hub_clock import T0
from tests.fakes.office import HOUR, IPHONE, MAILBOX, MINUTE, NUMBER, PIXEL, SECOND, Office, a_while, at_work, until
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


class FullForAMoment(FakeBox):
    """The disk refuses the first call of one kind after an answer."""

    def __init__(self, call: str, office: Office) -> None:
        super().__init__()
        self.refused = 0
        kind = getattr(self, call)

        async def refusing(*args: Any, **fields: Any) -> Any:  # noqa: ANN401  passed on as they are
            if not self.refused and (office.apns.asked or office.smtp.asked):
                self.refused = 1
                raise StoreFailed("store: database or disk is full")
            return await kind(*args, **fields)

        setattr(self, call, refusing)


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


async def test_p11_exactly_the_address_that_is_gone_is_forgotten() -> None:
    office = Office()
    office.box.addresses["ana"].append((PIXEL, T0 - MINUTE))
    office.fcm.answers.append(Permanent(Trouble.ADDRESS_GONE, "UNREGISTERED", address_is_dead=True))
    async with at_work(office):
        office.put()
        await until(office.is_(State.SENT))

    assert [target for target, _ in office.box.addresses["ana"]] == [IPHONE, MAILBOX]


async def test_p11_an_address_registered_since_it_died_stays() -> None:
    office = Office()
    gone = Permanent(Trouble.ADDRESS_GONE, "410", address_is_dead=True, since=T0 - 2 * HOUR)
    office.apns.answers.append(gone)
    async with at_work(office):
        office.put(a_planned(channels=("push",)))
        await until(office.is_(State.DEAD))

    assert IPHONE in [target for target, _ in office.box.addresses["ana"]]


async def test_a_mailbox_that_bounced_is_never_written_to_again() -> None:
    office = Office()
    office.smtp.answers.append(Permanent(Trouble.ADDRESS_GONE, "550", address_is_dead=True))
    async with at_work(office):
        office.put(a_planned(channels=("email",)))
        await until(office.is_(State.DEAD))

    assert office.box.suppressed == {("email", "ana@guest.example")}


def guests(office: Office, number: int, channel: str) -> list[str]:
    """So many more, each with an address of her own."""
    address = {"push": IPHONE, "email": MAILBOX}[channel]
    names = [f"g{n}" for n in range(number)]
    for name in names:
        office.box.known[name] = office.box.known["ana"]._replace(guest=name)
        office.box.addresses[name] = [(replace(address, address=f"{name}@guest.example"), T0 - HOUR)]
    return names


async def another_is_accepted(office: Office, channel: str) -> None:
    """By the same provider: our configuration is right."""
    [name] = guests(office, 1, channel)
    office.put(a_planned("another", guest=name, channels=(channel,), expires_at=T0 + 24 * HOUR))
    await until(office.is_(State.SENT, "another"))


@pytest.mark.parametrize("channel", ["push", "email"])
async def test_p11_a_small_hotel_with_a_wrong_topic_or_relay_loses_no_address(channel: str) -> None:
    office = Office()
    lane = office.dispatcher.lanes["apns" if channel == "push" else "smtp"]
    names = guests(office, WRONG_IN_A_ROW, channel)
    (office.apns if channel == "push" else office.smtp).answers.extend(
        [Permanent(Trouble.ADDRESS_WRONG, "wrong", address_is_dead=True)] * WRONG_IN_A_ROW
    )
    async with at_work(office):
        for name in names:
            assert lane.resting_until(office.clock.now()) is None
            office.put(a_planned(name, guest=name, channels=(channel,), expires_at=T0 + 24 * HOUR))
            await until(office.is_(State.DEAD, name))
            rests = lane.resting_until(office.clock.now())
            office.pass_(10 * MINUTE)  # after the last, it is mended
        await another_is_accepted(office, channel)
        office.pass_(HOUR)
        await a_while()

    assert rests is not None
    assert office.box.suppressed == set()
    assert all(office.box.addresses[name] for name in names)


async def test_p11_an_address_called_wrong_is_kept_while_the_disk_refuses_to_forget_it_and_let_go_then() -> None:
    office = Office()
    box = FullForAMoment("forget_address", office)
    office.use(box)
    office.apns.answers.append(Permanent(Trouble.ADDRESS_WRONG, "BadDeviceToken", address_is_dead=True))
    async with at_work(office):
        office.put(a_planned(channels=("push",)))
        await until(office.is_(State.DEAD))
        await another_is_accepted(office, "push")
        office.pass_(MINUTE)
        await until(lambda: bool(box.refused))
        office.pass_(MINUTE)
        await until(lambda: len(office.box.addresses["ana"]) == 1)

    assert [target for target, _ in office.box.addresses["ana"]] == [MAILBOX]


async def test_an_address_that_is_called_wrong_is_forgotten_a_minute_later() -> None:
    office = Office()
    office.apns.answers.append(Permanent(Trouble.ADDRESS_WRONG, "BadDeviceToken", address_is_dead=True))
    async with at_work(office):
        office.put(a_planned(channels=("push",)))
        await until(office.is_(State.DEAD))
        at_once = [target for target, _ in office.box.addresses["ana"]]
        await another_is_accepted(office, "push")
        office.pass_(MINUTE)
        await until(lambda: len(office.box.addresses["ana"]) == 1)

    assert at_once == [IPHONE, MAILBOX]


async def test_p11_an_address_registered_anew_while_it_is_only_suspected_stays() -> None:
    office = Office()
    office.apns.answers.append(Permanent(Trouble.ADDRESS_WRONG, "BadDeviceToken", address_is_dead=True))
    async with at_work(office):
        office.put(a_planned(channels=("push",)))
        await until(office.is_(State.DEAD))
        office.box.addresses["ana"] = [(IPHONE, T0 + SECOND), (PIXEL, T0)]
        office.pass_(2 * MINUTE)
        await a_while()

    assert [target for target, _ in office.box.addresses["ana"]] == [IPHONE, PIXEL]


async def test_p11_a_mailbox_refused_without_a_word_about_it_is_written_to_no_more_a_minute_later() -> None:
    office = Office()
    office.smtp.answers.append(Permanent(Trouble.ADDRESS_WRONG, "550 at RCPT", address_is_dead=True))
    async with at_work(office):
        office.put(a_planned(channels=("email",)))
        await until(office.is_(State.DEAD))
        at_once = set(office.box.suppressed)
        await another_is_accepted(office, "email")
        office.pass_(MINUTE)
        await until(lambda: bool(office.box.suppressed))

    assert at_once == set()
    assert office.box.suppressed == {("email", "ana@guest.example")}


async def test_p11_when_a_relay_refuses_many_mailboxes_at_once_it_rests_and_all_may_be_written_to() -> None:
    office = Office()
    office.smtp.answers.extend([Permanent(Trouble.ADDRESS_WRONG, "550 at RCPT", address_is_dead=True)] * MANY_WRONG)
    async with at_work(office):
        for n in range(MANY_WRONG):
            office.put(a_planned(f"m{n}", channels=("email",)))
        await until(lambda: all(each.state is State.DEAD for each in office.box.messages.values()))
        office.put(a_planned("later", channels=("email",)))
        await until(office.is_(State.SCHEDULED, "later"))
        office.pass_(2 * MINUTE)
        await until(office.is_(State.SENT, "later"))

    assert office.box.suppressed == set()


async def test_p11_when_many_addresses_are_called_wrong_at_once_none_is_forgotten() -> None:
    office = Office()
    wrong = Permanent(Trouble.ADDRESS_WRONG, "DeviceTokenNotForTopic", address_is_dead=True)
    office.apns.answers.extend([wrong] * MANY_WRONG)
    async with at_work(office):
        for n in range(MANY_WRONG):
            office.put(a_planned(f"m{n}", channels=("push",)))
        await until(lambda: all(each.state is State.DEAD for each in office.box.messages.values()))
        office.put(a_planned("later", channels=("push",)))
        await until(office.is_(State.SCHEDULED, "later"))
        office.pass_(2 * MINUTE)
        await until(office.is_(State.SENT, "later"))

    assert [target for target, _ in office.box.addresses["ana"]] == [IPHONE, MAILBOX]

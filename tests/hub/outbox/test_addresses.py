"""What an answer makes of its address: forgotten, condemned, or kept, for it was our own fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import Permanent, Trouble
from hub.outbox.breaker import MANY_WRONG, WRONG_IN_A_ROW
from hub.outbox.message import State
from tests.fakes.full_box import FullForAMoment
from tests.fakes.hub_clock import T0
from tests.fakes.office import HOUR, IPHONE, MAILBOX, MINUTE, PIXEL, SECOND, Office, a_while, at_work, until
from tests.fakes.planned import a_planned


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

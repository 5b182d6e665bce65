from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.errors import Trouble
from hub.outbox.breaker import (
    FAILURES,
    LONGEST_REST,
    MANY_WRONG,
    REST,
    WRONG_IN_A_ROW,
    Breaker,
    admit,
    answered,
    many_wrong,
)

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
MS = timedelta(milliseconds=1)
MINUTE = timedelta(minutes=1)


def after(*troubles: Trouble | None, breaker: Breaker | None = None, now: datetime = NOW) -> Breaker:
    breaker = breaker or Breaker()
    for trouble in troubles:
        breaker = answered(breaker, trouble, now)
    return breaker


@pytest.mark.parametrize("trouble", [Trouble.UNAVAILABLE, Trouble.UNREACHABLE, Trouble.DOUBT])
def test_a_provider_that_fails_many_times_in_a_row_is_left_alone(trouble: Trouble) -> None:
    almost = after(*[trouble] * (FAILURES - 1))
    down = answered(almost, trouble, NOW)

    assert admit(almost, NOW)[1] is None
    assert admit(down, NOW)[1] == NOW + REST


@pytest.mark.parametrize("alive", [None, Trouble.ADDRESS_GONE, Trouble.CONTENT, Trouble.ADDRESS_WRONG])
def test_any_answer_of_a_living_provider_starts_the_count_again(alive: Trouble | None) -> None:
    breaker = after(*[Trouble.UNAVAILABLE] * (FAILURES - 1), alive, *[Trouble.UNAVAILABLE] * (FAILURES - 1))

    assert admit(breaker, NOW)[1] is None


def test_after_the_rest_one_message_goes_first_and_the_others_wait_for_its_answer() -> None:
    down = after(*[Trouble.UNAVAILABLE] * FAILURES)
    later = NOW + REST

    probing, first = admit(down, later)
    _, second = admit(probing, later)

    assert first is None
    assert second is not None
    assert second > later


def test_an_accepted_probe_closes_the_breaker_and_a_failed_one_opens_it_for_longer() -> None:
    down = after(*[Trouble.UNAVAILABLE] * FAILURES)
    probing, _ = admit(down, NOW + REST)

    closed = answered(probing, None, NOW + REST)
    longer = answered(probing, Trouble.UNREACHABLE, NOW + REST)

    assert admit(closed, NOW + REST)[1] is None
    assert admit(longer, NOW + REST)[1] == NOW + REST + 2 * REST


def test_the_rest_never_grows_past_its_longest() -> None:
    breaker, now = after(*[Trouble.UNAVAILABLE] * FAILURES), NOW
    for _ in range(20):
        assert breaker.until is not None
        assert breaker.until - now <= LONGEST_REST
        now = breaker.until
        breaker = answered(admit(breaker, now)[0], Trouble.UNAVAILABLE, now)


def test_answers_that_were_under_way_when_it_opened_change_nothing() -> None:
    down = after(*[Trouble.DOUBT] * FAILURES)

    still = after(*[Trouble.DOUBT] * FAILURES, breaker=down, now=NOW + 2 * MS)

    assert still.until == down.until


def test_one_refusal_of_our_credentials_is_enough() -> None:
    assert admit(after(Trouble.CREDENTIALS), NOW)[1] == NOW + MINUTE


def test_a_throttled_message_opens_nothing() -> None:
    assert admit(after(*[Trouble.THROTTLED] * 100), NOW)[1] is None


def test_twenty_wrong_addresses_within_a_minute_are_our_own_fault() -> None:
    few = after(*[Trouble.ADDRESS_WRONG] * (MANY_WRONG - 1))
    many = answered(few, Trouble.ADDRESS_WRONG, NOW)

    assert not many_wrong(few)
    assert many_wrong(many)
    assert admit(many, NOW)[1] == NOW + MINUTE


def test_five_wrong_in_a_hundred_are_our_own_fault_and_four_are_not() -> None:
    four = after(*[None] * 96, *[Trouble.ADDRESS_WRONG] * 4)
    five = after(*[None] * 95, *[Trouble.ADDRESS_WRONG] * 5)

    assert not many_wrong(four)
    assert many_wrong(five)


def wrong(breaker: Breaker, address: str, now: datetime) -> Breaker:
    return answered(breaker, Trouble.ADDRESS_WRONG, now, address)


def test_p11_a_few_different_addresses_called_wrong_one_after_the_other_are_our_own_fault_however_slowly() -> None:
    breaker, now = Breaker(), NOW
    for n in range(WRONG_IN_A_ROW):
        assert admit(breaker, now)[1] is None
        now += 10 * MINUTE
        breaker = wrong(breaker, f"a{n}", now)

    assert many_wrong(breaker)
    assert admit(breaker, now)[1] == now + MINUTE


def test_p11_after_that_only_an_acceptance_lets_more_than_one_a_minute_go() -> None:
    breaker = Breaker()
    for n in range(WRONG_IN_A_ROW):
        breaker = wrong(breaker, f"a{n}", NOW)
    probing, first = admit(breaker, NOW + MINUTE)

    still = wrong(probing, "a9", NOW + MINUTE)
    well = answered(probing, None, NOW + 61 * MINUTE, "a9")

    assert first is None
    assert admit(still, NOW + MINUTE)[1] == NOW + 2 * MINUTE
    assert admit(well, NOW + 61 * MINUTE)[1] is None
    assert not many_wrong(well)


def test_p11_one_unlucky_phone_opens_nothing_and_neither_do_a_few_among_others() -> None:
    one, few = Breaker(), Breaker()
    for n in range(3 * WRONG_IN_A_ROW):
        one = wrong(one, "a1", NOW + n * 10 * MINUTE)
        few = answered(wrong(few, f"a{n}", NOW + n * 10 * MINUTE), None, NOW + n * 10 * MINUTE)

    assert not many_wrong(one)
    assert not many_wrong(few)


def test_wrong_addresses_of_an_earlier_minute_are_forgotten() -> None:
    breaker = after(*[Trouble.ADDRESS_WRONG] * (MANY_WRONG - 1))

    breaker = answered(breaker, Trouble.ADDRESS_WRONG, NOW + MINUTE)

    assert not many_wrong(breaker)

"""What a rolling beacon may say and when, and what is learned of its clock from what it said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.identity.eid import DRIFT, MARGIN_S, TOLD_S, RollingBeacon

NOW = 1_800_000_000.0
KEY = bytes(range(16))
DAY_S = 86_400.0


def a_beacon(*, exponent: int = 10, count: int = 100_000, at: float = NOW) -> RollingBeacon:
    return RollingBeacon.told(key=KEY, exponent=exponent, count=count, at=at)


def test_its_key_is_in_no_text_of_it() -> None:
    assert KEY.hex() not in repr(a_beacon())
    assert str(KEY) not in repr(a_beacon())


def test_what_it_says_now_is_the_period_of_its_count_give_or_take() -> None:
    assert a_beacon(count=100_000).periods(NOW, NOW) == range(100_000 // 1024 - 1, 100_000 // 1024 + 1)
    assert a_beacon(count=1024 * 50).periods(NOW, NOW) == range(48, 51)


@given(
    exponent=st.integers(0, 15),
    count=st.integers(0, 2**32 - 1),
    days=st.floats(0, 400),
    drift=st.floats(-DRIFT, DRIFT),
    wrong_s=st.floats(-TOLD_S, TOLD_S),
    late=st.floats(0, 1),
)
def test_whatever_a_beacon_of_the_specification_says_is_expected(
    exponent: int, count: int, days: float, drift: float, wrong_s: float, late: float
) -> None:
    beacon = a_beacon(exponent=exponent, count=count)
    passed = days * DAY_S
    counted = count + wrong_s + passed * (1 + drift * 0.999)
    period = int(counted // beacon.period_s) - (1 if counted % beacon.period_s < late * beacon.period_s else 0)

    assert period in beacon.periods(NOW + passed, NOW + passed)
    assert beacon.heard(period, NOW + passed) is not None


def test_a_roll_that_is_heard_tells_its_clock_to_the_second() -> None:
    beacon = a_beacon(exponent=4, count=1000)
    rolls_at = NOW + 24  # its count is 1024 then: 64 periods of 16 s

    before = beacon.heard(63, rolls_at - 1)
    assert before is not None
    for second in range(200):  # it rolls as soon as it may: nobody hears a period late
        heard = before.heard(64 + second // 16, rolls_at + second)
        assert heard is not None
        before = heard

    low, high = before.bounds(before.at)
    assert low <= NOW - 1000 <= high
    assert high <= NOW - 1000 + 1  # it said a period within a second of its beginning
    assert low >= NOW - 1000 - 17.1  # as far as we know, it may say each a period late


def test_a_silence_parts_the_bounds_and_a_word_closes_them() -> None:
    beacon = a_beacon(exponent=4)
    year = 365 * DAY_S

    low, high = beacon.bounds(NOW + year)
    heard = beacon.heard(int((100_000 + year) // 16), NOW + year)

    assert high - low > 2 * 3600
    assert heard is not None
    assert heard.high - heard.low <= 32


def test_a_clock_that_was_set_by_a_little_is_followed_and_by_much_is_not() -> None:
    beacon = a_beacon(exponent=0, count=100_000)

    followed = beacon.heard(100_000 + int(TOLD_S + MARGIN_S - 5), NOW)
    refused = beacon.heard(100_000 + int(TOLD_S + MARGIN_S + 5), NOW)

    assert followed is not None
    assert followed.low <= NOW - 100_000 - TOLD_S - MARGIN_S + 10
    assert refused is None


def test_yesterday_s_identifier_is_nobody_s() -> None:
    beacon = a_beacon(exponent=10)

    assert beacon.heard((100_000 - 86_400) // 1024, NOW) is None


def test_an_older_word_teaches_nothing() -> None:
    beacon = a_beacon(exponent=4)

    assert beacon.heard(100_000 // 16 - 1, NOW - 8) is beacon

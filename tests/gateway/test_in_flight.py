"""What the broker has not confirmed, in virtual time."""

from __future__ import annotations

from gateway.in_flight import CONFIRM_S, InFlight
from gateway.mqtt_session import KEEPALIVE_S, TICK_S

T0 = 1000.0


def test_nothing_on_its_way_is_no_sign_of_anything() -> None:
    assert not InFlight().mute(T0 + 1e6)


def test_a_broker_is_mute_when_the_oldest_has_waited_for_too_long() -> None:
    flight = InFlight()
    flight.sent(1, T0)
    flight.sent(2, T0 + 39)

    assert (flight.mute(T0 + CONFIRM_S), flight.mute(T0 + CONFIRM_S + 0.1), len(flight)) == (False, True, 2)


def test_a_broker_that_confirms_slowly_and_in_order_is_not_mute() -> None:
    flight = InFlight()
    for second in range(600):
        flight.sent(second, T0 + second)
        if second >= 35:
            flight.confirmed(second - 35)
        assert not flight.mute(T0 + second)

    assert len(flight) == 35


def test_one_that_is_passed_over_while_later_ones_are_confirmed_is_noticed() -> None:
    flight = InFlight()
    flight.sent(1, T0)
    for packet in range(2, 100):
        flight.sent(packet, T0 + packet)
        flight.confirmed(packet)

    assert (len(flight), flight.mute(T0 + 41)) == (1, True)


def test_what_is_confirmed_twice_counts_once() -> None:
    flight = InFlight()
    flight.sent(1, T0)
    flight.sent(2, T0)

    flight.confirmed(1)
    flight.confirmed(1)

    assert len(flight) == 1


def test_a_link_that_has_died_is_noticed_as_such_first() -> None:
    assert 2 * (KEEPALIVE_S + TICK_S) < CONFIRM_S

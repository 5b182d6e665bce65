"""Who can be heard where, when gateways fall silent?"""

from __future__ import annotations

from math import inf

from hub.presence.coverage import MUTE_S, Coverage
from hub.presence.layout import ZoneLayout

BAR = ZoneLayout(zone="bar", gateways=("bar-1",))
WAIT_S = 6.2
NOW = 10_000.0


def hushed() -> Coverage:
    """One gateway that spoke for the last time seven seconds ago."""
    coverage = Coverage()
    coverage.speak("marlton", "bar-1", NOW - 7.0)
    return coverage


def mute() -> Coverage:
    coverage = hushed()
    coverage.mute("marlton", "bar-1")
    return coverage


def test_gateway_that_spoke_lately_and_does_not_now_is_hushed() -> None:
    coverage = hushed()
    coverage.speak("marlton", "pool-1", NOW - 1.0)
    coverage.speak("marlton", "spa-1", NOW - MUTE_S)
    coverage.speak("other", "bar-1", NOW - 7.0)

    assert coverage.hushed("marlton", NOW, WAIT_S) == [("bar-1", NOW - 7.0)]


def test_mute_gateway_is_gone_and_nobody_can_hear_its_zone() -> None:
    coverage = mute()

    assert coverage.gone("marlton", NOW) == {"bar-1"}
    assert coverage.gone("other", NOW) == frozenset()
    assert coverage.silent_since("marlton", BAR, NOW - 8.0, NOW) == inf
    assert coverage.hushed("marlton", NOW, WAIT_S) == []


def test_mute_gateway_that_speaks_is_heard_again() -> None:
    coverage = mute()
    coverage.speak("marlton", "bar-1", NOW)

    assert coverage.gone("marlton", NOW) == frozenset()


def test_what_a_mute_gateway_tells_late_says_nothing_of_now() -> None:
    coverage = mute()
    coverage.speak("marlton", "bar-1", NOW - 60.0)
    coverage.speak("marlton", "bar-1", -inf)

    assert coverage.gone("marlton", NOW) == {"bar-1"}


def test_mute_gateway_of_which_nobody_says_that_it_is_gone_counts_again() -> None:
    coverage = mute()

    assert coverage.gone("marlton", NOW - 7.0 + MUTE_S) == frozenset()
    assert coverage.silent_since("marlton", BAR, NOW - 8.0, NOW - 7.0 + MUTE_S) == NOW - 8.0


def test_mute_gateway_whose_last_will_comes_is_gone_for_as_long_as_any() -> None:
    coverage = mute()
    coverage.tell("marlton", "bar-1", NOW + 16.0, online=False)

    assert coverage.gone("marlton", NOW + 300.0) == {"bar-1"}


def test_clock_that_is_set_back_takes_the_silence_with_it() -> None:
    coverage = hushed()
    coverage.follow(NOW)
    coverage.follow(NOW - 3600.0)

    assert coverage.hushed("marlton", NOW - 3600.0, WAIT_S) == [("bar-1", NOW - 3607.0)]

"""When must a gateway have died, though nobody has said so?"""

from __future__ import annotations

import pytest

from hub.presence.muteness import is_mute
from hub.presence.surveyed import Mind

SPOKE_AT = 100.0
WITHIN_S = 6.2


def a_mind(at: float, dbm: float, gateway: str = "bar-1") -> Mind:
    mind = Mind(places=4)
    mind.hear(gateway, at, dbm)
    return mind


def heard_on(mind: Mind) -> Mind:
    mind.hear("pool-1", SPOKE_AT + 4.0, -90.0)
    return mind


@pytest.mark.parametrize(
    "minds",
    [
        [a_mind(100.0, -70.0), a_mind(97.0, -80.0)],
        [heard_on(a_mind(100.0, -70.0))],  # one, but others hear her still
    ],
)
def test_gateway_is_mute_that_lost_two_whom_it_heard_well_or_one_whom_others_hear(minds: list[Mind | None]) -> None:
    assert is_mute("bar-1", SPOKE_AT, WITHIN_S, minds)


@pytest.mark.parametrize(
    "minds",
    [
        [a_mind(100.0, -70.0)],  # she may have stepped into an elevator
        [a_mind(100.0, -70.0), a_mind(97.0, -88.0)],  # so faint, anybody is lost now and then
        [a_mind(100.0, -70.0), a_mind(90.0, -70.0)],  # the other one had gone before
        [a_mind(100.0, -70.0), a_mind(100.0, -70.0, "pool-1")],
        [heard_on(a_mind(100.0, -78.0))],  # a corner may do that
        [heard_on(a_mind(90.0, -70.0))],
        [a_mind(100.0, -70.0), None],  # of one whom the survey has not thought of yet
        [],
    ],
)
def test_gateway_whose_guests_may_have_gone_by_themselves_is_not(minds: list[Mind | None]) -> None:
    assert not is_mute("bar-1", SPOKE_AT, WITHIN_S, minds)

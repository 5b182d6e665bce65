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
    ("minds", "expected"),
    [
        ([a_mind(100.0, -70.0), a_mind(97.0, -80.0)], True),
        ([a_mind(100.0, -70.0)], False),  # she may have stepped into an elevator
        ([a_mind(100.0, -70.0), a_mind(97.0, -88.0)], False),  # so faint, anybody is lost now and then
        ([a_mind(100.0, -70.0), a_mind(90.0, -70.0)], False),  # the other one had gone before
        ([a_mind(100.0, -70.0), a_mind(100.0, -70.0, "pool-1")], False),
        ([heard_on(a_mind(100.0, -70.0))], True),  # one, but others hear her still
        ([heard_on(a_mind(100.0, -78.0))], False),  # a corner may do that
        ([heard_on(a_mind(90.0, -70.0))], False),
        ([a_mind(100.0, -70.0), None], False),  # a phone has no mind
        ([], False),
    ],
)
def test_gateway_is_mute_that_lost_two_whom_it_heard_well(minds: list[Mind | None], expected: bool) -> None:  # noqa: FBT001  a parameter of the table
    assert is_mute("bar-1", SPOKE_AT, WITHIN_S, minds) is expected

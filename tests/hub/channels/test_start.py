from __future__ import annotations

from datetime import timedelta

import pytest

from hub.channels.start import start_within_s
from hub.errors import Transient, Trouble
from tests.fakes.hub_clock import T0

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("left_s", "within_s"), [(900, 4), (4, 4), (1.5, 1.5), (0.001, 0.001)])
def test_p05_a_message_may_wait_as_long_as_its_channel_allows_and_never_past_its_end(
    left_s: float, within_s: float
) -> None:
    assert start_within_s(4, expires_at=T0 + left_s * SECOND, now=T0) == within_s


@pytest.mark.parametrize("late_s", [0, 1, 90_000])
def test_p05_a_message_whose_end_has_come_certainly_does_not_leave(late_s: float) -> None:
    with pytest.raises(Transient) as refused:
        start_within_s(4, expires_at=T0, now=T0 + late_s * SECOND)

    assert refused.value.trouble is Trouble.UNREACHABLE

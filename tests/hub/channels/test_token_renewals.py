"""P10: over a day, each provider's token is made anew one to three times an hour, and no push meets an old one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import pytest

from hub.channels.apns import open_apns
from hub.channels.fcm import open_fcm
from hub.outbox.message import Accepted, Notification
from tests.fakes.hub_clock import StillClock
from tests.fakes.notifications import a_notification
from tests.fakes.sim_providers import Simulated, simulated

STEP = timedelta(minutes=5)
STEPS_AN_HOUR = 12


class Renewing(Protocol):
    """A channel that shows its provider a token."""

    renewals: int

    async def send(self, notification: Notification) -> Accepted: ...


Opening = Callable[[Simulated, StillClock], AbstractAsyncContextManager[Renewing]]


@pytest.mark.parametrize(
    ("provider", "opening"),
    [
        ("apns", lambda sim, clock: open_apns(sim.apns, clock)),
        ("fcm", lambda sim, clock: open_fcm(sim.fcm, clock)),
    ],
)
async def test_p10_for_24_hours_of_pushes_the_token_is_made_anew_one_to_three_times_an_hour(
    tmp_path: Path, provider: str, opening: Opening
) -> None:
    clock = StillClock(datetime.now(UTC))
    made = [0]
    async with simulated(tmp_path, now=clock.now) as sim, opening(sim, clock) as channel:
        for step in range(24 * STEPS_AN_HOUR):
            await channel.send(a_notification(provider=provider, expires_at=clock.now() + STEP))
            if (step + 1) % STEPS_AN_HOUR == 0:
                made.append(channel.renewals)
            clock.pass_(STEP)

        accepted = len(sim.accepted())
    an_hour = [late - early for early, late in pairwise(made)]
    assert accepted == 24 * STEPS_AN_HOUR
    assert len(an_hour) == 24
    assert all(1 <= each <= 3 for each in an_hour), an_hour

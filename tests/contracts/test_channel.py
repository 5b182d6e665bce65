"""What every channel promises: the fake one, and each real one against the simulated provider that it speaks to."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from firmware_sim.providers.behaviour import Behaviour, Mode
from hub.channels.table import CHANNELS
from hub.clock import SystemClock
from hub.errors import Doubt, Permanent, Transient, Trouble
from hub.outbox.message import Notification
from hub.outbox.port import Channel
from tests.fakes.channel import FakeChannel
from tests.fakes.notifications import a_notification
from tests.fakes.sim_providers import simulated

ADDRESSES: Final = {
    "apns": "a1b2c3",
    "fcm": "f1:d2",
    "smtp": "ana@example.com",
    "webhook": "+351 900 000 001",
    "fake": "anything",
}


@dataclass(frozen=True)
class Bench:
    """One channel, and how to make its provider behave."""

    channel: Channel
    provider: str
    behave: Callable[[Mode], None]
    accepted_ids: Callable[[], Sequence[str]]

    def notification(self) -> Notification:
        provider = "apns" if self.provider == "fake" else self.provider
        return a_notification(provider=provider, address=ADDRESSES[self.provider])


@pytest.fixture(params=["fake", *CHANNELS])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    async with _opened(request.param, tmp_path) as bench:
        yield bench


@contextlib.asynccontextmanager
async def _opened(provider: str, tmp_path: Path) -> AsyncIterator[Bench]:
    if provider == "fake":
        fake = FakeChannel()
        answers = {
            Mode.THROTTLE: Transient(Trouble.THROTTLED, "later"),
            Mode.UNREGISTERED: Permanent(Trouble.ADDRESS_GONE, "gone", address_is_dead=True),
            Mode.CUT: Doubt("cut"),
        }
        yield Bench(fake, provider, lambda mode: fake.then(answers[mode]), lambda: fake.accepted_ids)
        return
    async with simulated(tmp_path) as sim, CHANNELS[provider](getattr(sim, provider), SystemClock()) as channel:
        yield Bench(
            channel,
            provider,
            lambda mode: sim.providers.behave(**{provider: Behaviour(mode=mode, times=1)}),
            sim.accepted_ids,
        )


async def test_channel_hands_over_once_and_the_provider_knows_our_id(bench: Bench) -> None:
    notification = bench.notification()

    accepted = await bench.channel.send(notification)

    assert accepted.provider_id
    assert list(bench.accepted_ids()) == [notification.id]


@pytest.mark.parametrize("provider", CHANNELS)
async def test_p05_channel_lets_nothing_leave_after_its_end(tmp_path: Path, provider: str) -> None:
    async with _opened(provider, tmp_path) as bench:
        late = replace(bench.notification(), expires_at=datetime.now(UTC) - timedelta(seconds=1))
        with pytest.raises(Transient) as refused:
            await bench.channel.send(late)

        assert refused.value.trouble is Trouble.UNREACHABLE
        assert list(bench.accepted_ids()) == []


async def test_channel_says_transient_when_the_provider_says_later_and_then_carries_the_same_message(
    bench: Bench,
) -> None:
    notification = bench.notification()
    bench.behave(Mode.THROTTLE)

    with pytest.raises(Transient):
        await bench.channel.send(notification)
    await bench.channel.send(notification)

    assert list(bench.accepted_ids()) == [notification.id]


async def test_channel_says_which_address_is_dead(bench: Bench) -> None:
    bench.behave(Mode.UNREGISTERED)

    with pytest.raises(Permanent) as refused:
        await bench.channel.send(bench.notification())

    assert refused.value.address_is_dead
    assert refused.value.trouble is Trouble.ADDRESS_GONE
    assert list(bench.accepted_ids()) == []


async def test_channel_says_doubt_when_the_connection_is_cut_after_it_was_asked_and_works_again(bench: Bench) -> None:
    bench.behave(Mode.CUT)

    with pytest.raises(Doubt):
        await bench.channel.send(bench.notification())
    after = bench.notification()
    await bench.channel.send(after)

    assert after.id in bench.accepted_ids()


async def test_no_failure_names_the_guests_address(bench: Bench) -> None:
    for mode in (Mode.THROTTLE, Mode.UNREGISTERED, Mode.CUT):
        bench.behave(mode)

        with pytest.raises((Transient, Permanent, Doubt)) as failed:
            await bench.channel.send(bench.notification())

        assert ADDRESSES[bench.provider] not in str(failed.value)

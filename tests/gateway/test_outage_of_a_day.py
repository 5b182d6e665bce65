"""P24: a day without broker or hub loses nothing within the spool; what does not fit is counted, one by one. P26: what
is told afterwards leaves the present alone.

The gateway's own parts in virtual time, on a real disk; 20 tags, an advert a second each, and nothing is thinned.
"""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Final, Self

import pytest

from gateway.clock import Clock
from gateway.held import Origin
from gateway.keeper import Keeper, open_keeper
from gateway.pipeline import About, Pipeline, dumps
from tests.fakes.hub_away import Hub
from tests.fakes.radio import an_advert
from wire.mqtt import codec, topics
from wire.mqtt.messages import DesiredConfig
from wire.pseudonym import pseudonym
from wire.tag import parse_tag

KEY: Final = bytes(range(32))
TAGS: Final = [f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:1:{number}" for number in range(20)]
COMERS: Final = [tag.replace(":1:", ":2:") for tag in TAGS]
MIB: Final = 1 << 20
CARRY_S: Final = 30.0  # between two visits to the disk; the daemon goes every 5 s, which costs a test its fsyncs
HOUR_S: Final = 3600


class Outage:
    """A gateway whose hub is away, in virtual time."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self.now = 1000.0
        self.hub = Hub()
        self.heard = self.largest = 0
        self._clock = Clock(lambda: self.now, lambda: 1.7e9 + self.now, lambda: True)
        self._dice = Random(24)  # noqa: S311  a seed
        self._spool = open_keeper(
            *(folder / "disk", folder / "run"), max_bytes=max_bytes, boot="b", new_epoch=lambda: "e", clock=self._clock
        )
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.keeper: Keeper = await self._stack.enter_async_context(self._spool)
        origin, about = Origin(venue="v", gateway="g", boot="b"), About(version="1", bleak="1", source="fake")
        self.pipeline = Pipeline(origin, about, uplink=self.hub, spool=self.keeper.spool, clock=self._clock)
        names = {pseudonym(KEY, parse_tag(tag)): 0 for tag in [*TAGS, *COMERS]}
        wishes = DesiredConfig(version=1, key=KEY, tags=names, delta_db=0.0)  # every window of every tag is told
        self.pipeline.receive(topics.config("v", "g"), codec.encode_config(wishes, dumps=dumps))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def passes(self, seconds: int) -> None:
        """Each tag is heard once a second, as loud as fading has it."""
        levels = range(-85, -44)
        adverts = [
            [an_advert(tag, level, f"C0:00:00:00:00:{at:02X}") for level in levels] for at, tag in enumerate(TAGS)
        ]
        for _ in range(seconds):
            for advert in adverts:
                level = round(self._dice.gauss(0, 5)) + len(levels) // 2
                self.pipeline.hear(advert[min(max(level, 0), len(levels) - 1)], self.now)
            self.heard += len(TAGS)
            await self.goes_on(1.0)

    async def walks_in(self, tag: str) -> float:
        """Seconds until a guest who is heard now is told of; the backlog goes on to drain."""
        began = self.now
        self.pipeline.hear(an_advert(tag, -60, "C0:00:00:00:01:00"), began)
        while pseudonym(KEY, parse_tag(tag)) not in self.hub.tags:
            await self.goes_on(0.01, carry_s=1.0)
        return self.now - began

    async def drains(self, within_s: float) -> None:
        """The hub is back, and nobody is heard any more."""
        self.hub.there = True
        self.pipeline.connected()
        end = self.now + within_s
        while len(self.keeper.spool):
            assert self.now < end
            await self.goes_on(0.25, carry_s=1.0)

    async def goes_on(self, seconds: float, *, carry_s: float = CARRY_S) -> None:
        self.now += seconds
        self.pipeline.turn(self.now)
        self.hub.confirm(self.pipeline)
        if self.now % carry_s < seconds:
            await self.keeper.carry()
            self.largest = max(self.largest, self.keeper.spool.file_bytes)


async def _loses_nothing(folder: Path, hours: int) -> Outage:
    async with Outage(folder, max_bytes=64 * MIB) as outage:
        await outage.passes(hours * HOUR_S)
        await outage.goes_on(2.0)  # the last window is told
        held, in_memory = len(outage.keeper.spool), outage.keeper.spool.unsaved
        await outage.drains(within_s=hours * HOUR_S)

        assert held >= hours * HOUR_S * 0.9
        assert in_memory < 60  # a power cut would cost some seconds, not the day
        assert outage.keeper.spool.lost == 0
        assert outage.largest <= 64 * MIB
        assert outage.hub.lost == 0
        assert sorted(outage.hub.seqs) == list(range(1, len(outage.hub.seqs) + 1))
        assert outage.hub.readings == outage.heard
        return outage


async def test_p24_an_hour_without_a_hub_loses_nothing(tmp_path: Path) -> None:
    await _loses_nothing(tmp_path, hours=1)


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_p24_a_day_without_a_hub_loses_nothing(tmp_path: Path) -> None:
    outage = await _loses_nothing(tmp_path, hours=24)

    sys.stdout.write(
        f"\nP24: {outage.heard:,} adverts in 24 h without a hub, {len(outage.hub.seqs):,} batches, "
        f"{outage.largest / MIB:.1f} of 64 MiB; all stored, 0 lost\n"
    )


async def test_p24_what_the_spool_cannot_hold_goes_oldest_first_and_is_counted_one_by_one(tmp_path: Path) -> None:
    async with Outage(tmp_path, max_bytes=MIB) as outage:
        await outage.passes(HOUR_S)
        lost = outage.keeper.spool.lost
        await outage.drains(within_s=HOUR_S)

        seqs = sorted(outage.hub.seqs)
        assert outage.largest <= MIB
        assert lost > 0
        assert seqs == list(range(lost + 1, lost + 1 + len(seqs)))  # the oldest are gone, and no others
        assert outage.pipeline.state().lost_batches == outage.hub.lost == lost


async def test_p26_a_guest_who_walks_in_during_the_catch_up_is_told_of_as_soon_as_ever(tmp_path: Path) -> None:
    async with Outage(tmp_path, max_bytes=64 * MIB) as outage:
        await outage.passes(HOUR_S // 4)
        outage.hub.there = True
        outage.pipeline.connected()
        await outage.goes_on(0.25, carry_s=1.0)
        beside = [await outage.walks_in(tag) for tag in COMERS[::2]]
        held = len(outage.keeper.spool)
        await outage.drains(within_s=HOUR_S)
        alone = [await outage.walks_in(tag) for tag in COMERS[1::2]]

        assert held > 100  # it was in the midst of it
        assert max(beside) <= 0.1
        assert sorted(beside)[-2] <= 2 * sorted(alone)[-2]

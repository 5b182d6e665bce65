"""Who is enrolled is told to the gateways of the venues that are in force, whatever is reloaded meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hub.app.enrolling import Enrolling
from hub.app.standing import Standing
from hub.ingest.receive import Ingest
from tests.fakes.guests import FakeGuests
from tests.fakes.hub_clock import StillClock
from tests.fakes.rulebook import the_hotel


class SlowDownlink:
    """A way to the gateways that takes its time. Notes the venues."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.asked_one = asyncio.Event()
        self.go = asyncio.Event()

    async def want(self, venue: str, _gateways: Sequence[str], _config: object) -> None:
        self.asked.append(venue)
        self.asked_one.set()
        await self.go.wait()


async def test_a_venue_that_a_reload_takes_away_meanwhile_is_told_nothing(tmp_path: Path) -> None:
    hotel = the_hotel()
    books = {name: replace(hotel, venue=replace(hotel.venue, id=name)) for name in ("astoria", "marlton")}
    standing = Standing(tmp_path, books)
    downlink: Any = SlowDownlink()
    enrolling = Enrolling(
        standing=standing,
        guests=FakeGuests(),
        ingest=Ingest(),
        downlink=downlink,
        clock=StillClock(),
        enrolled=lambda _: None,
    )

    telling = asyncio.create_task(enrolling.changed())
    await downlink.asked_one.wait()
    standing.take_books({"astoria": books["astoria"]})
    downlink.go.set()
    await telling

    assert downlink.asked == ["astoria"]
